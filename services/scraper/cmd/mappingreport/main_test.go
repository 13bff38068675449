package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
)

// TestMappingReport writes the report of the recorded events as text, to be read with -v, and as a page.
func TestMappingReport(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "report.md")
	var text bytes.Buffer
	if err := run([]string{"-recorded", recordedtest.Root(t), "-markdown", page}, &text); err != nil {
		t.Error(err)
	}
	t.Log("\n" + text.String())
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Mapping report", "## " + recordedtest.Prematch, "sportybet: by family", "bet9ja: by family",
		"bet9ja: markets without a partner", "| match-result | 4 | 12 | 12 | 12 | 0 | 0 | 0 | 0 |",
	} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestRun_Rejected(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"-recorded", t.TempDir()},
		{"-recorded", filepath.Join(t.TempDir(), "nowhere")},
	} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
