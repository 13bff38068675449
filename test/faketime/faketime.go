// Package faketime gives processes a clock that can be set while they run: libfaketime, a library of Debian's package
// of that name, which answers the C library's questions for the time.
//
// It is for Postgres. Go programs do not ask the C library; the scraper takes its clock as a setting.
package faketime

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Clock is the clock of the processes that run with its environment.
type Clock struct {
	library string
	file    string // holds the offset; it is read at every look at the clock
}

// New makes a clock that is right. The test is skipped where the library is missing; `make faketime` installs it.
func New(t testing.TB) *Clock {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(found) == 0 {
		t.Skip("SKIPPED, it needs libfaketime: make faketime installs it")
	}
	// Postgres runs as another user when root starts it, which must get at the file.
	dir, err := os.MkdirTemp("", "oddscache-clock-")
	if err != nil {
		t.Fatalf("making a folder for the clock: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // see above
		t.Fatalf("opening the clock's folder: %v", err)
	}
	c := &Clock{library: found[0], file: filepath.Join(dir, "offset")}
	c.Set(t, 0)
	return c
}

// Env is the environment of processes that go by the clock.
func (c *Clock) Env() []string {
	return []string{
		"LD_PRELOAD=" + c.library, "FAKETIME_TIMESTAMP_FILE=" + c.file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1",
	}
}

// Set sets the clock so much ahead of the real time. It holds from the next look at it.
func (c *Clock) Set(t testing.TB, ahead time.Duration) {
	t.Helper()
	fresh := c.file + ".new"
	offset := fmt.Appendf(nil, "%+d\n", int64(ahead/time.Second))
	if err := os.WriteFile(fresh, offset, 0o644); err != nil { //nolint:gosec // another user reads it
		t.Fatalf("setting the clock: %v", err)
	}
	if err := os.Rename(fresh, c.file); err != nil {
		t.Fatalf("setting the clock: %v", err)
	}
}
