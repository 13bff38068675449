// Package recordedtest finds the recorded answers that tests read. They belong to the bookmakers and are not part of the
// project: the environment variable RECORDED names a folder that holds one folder an event.
//
// It is for tests only, and not for anything that runs.
package recordedtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// The recorded events, by folder.
const (
	Prematch   = "football-68995116"      // one match at all three, BetPawa in version 3
	Version4   = "football-67691078"      // BetPawa alone, in version 4
	InPlay     = "football-67645534-live" // nearly everything closed
	Basketball = "basketball"
	Tennis     = "tennis"
)

// Root is the folder of recorded events. Without one the test is skipped, or fails if REQUIRE_RECORDED is 1.
func Root(tb testing.TB) string {
	tb.Helper()
	root := os.Getenv("RECORDED")
	switch {
	case root != "":
	case os.Getenv("REQUIRE_RECORDED") == "1":
		tb.Fatal("REQUIRE_RECORDED is 1, but RECORDED names no folder of recorded answers")
	default:
		tb.Skip("RECORDED names no folder of recorded answers")
	}
	return root
}

// Body reads a recorded answer. The bytes are the caller's.
func Body(tb testing.TB, folder, file string) []byte {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join(Root(tb), folder, file))
	if err != nil {
		tb.Fatalf("reading a recorded answer: %v", err)
	}
	return body
}

// All reads every recorded answer whose file name begins with prefix, for the seeds of fuzz targets. Unlike Root it
// is content with none.
func All(tb testing.TB, prefix string) [][]byte {
	tb.Helper()
	root := os.Getenv("RECORDED")
	if root == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(root, "*", prefix+"*.json"))
	if err != nil {
		tb.Fatalf("listing recorded answers: %v", err)
	}
	var bodies [][]byte
	for _, file := range files {
		body, err := os.ReadFile(file) //nolint:gosec // whoever runs the test names the folder
		if err != nil {
			tb.Fatalf("reading a recorded answer: %v", err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// Unread writes a snapshot's unread markets as "id line", with * for a line that could not be read.
func Unread(s odds.Snapshot) string {
	var all []string
	for _, u := range s.Unread {
		line := u.Line.String()
		if u.AnyLine {
			line = "*"
		}
		all = append(all, u.ID+" "+line)
	}
	return strings.Join(all, "; ")
}
