package reload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/auth/reload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open opens a value of two files, whose contents it joins; "bad" in them cannot be used.
func open(dir string, log *slog.Logger) (*reload.Value[string], error) {
	o := reload.Options{Name: "test", Files: []string{filepath.Join(dir, "a"), "", filepath.Join(dir, "b")}, Logger: log}
	return reload.Open(o, func(contents [][]byte) (string, error) {
		if contents[1] != nil {
			return "", errors.New("no file has a content")
		}
		text := string(bytes.Join(contents, nil))
		if strings.Contains(text, "bad") {
			return "", errors.New("it is bad")
		}
		return text, nil
	})
}

// TestNewContentIsUsedAndBrokenContentIsNot changes files under a value that is looked at every five seconds.
func TestNewContentIsUsedAndBrokenContentIsNot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "1")
	write(t, b, "2")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		v, err := open(dir, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- v.Run(ctx) }() // ends by stop
		step := func(what, want string, failures, uses int) {
			t.Helper()
			time.Sleep(reload.DefaultEvery) //nolint:forbidigo // the bubble's time
			synctest.Wait()
			if got := v.Get(); got != want {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
			counted := fmt.Sprintf(`
				# HELP oddscache_reloads_total Changes of files with certificates or tokens, by whether the new content is used. After a failed one the old content stays in use.
				# TYPE oddscache_reloads_total counter
				oddscache_reloads_total{files="test",result="failed"} %d
				oddscache_reloads_total{files="test",result="used"} %d
			`, failures, uses)
			if err := testutil.CollectAndCompare(v, strings.NewReader(counted)); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		step("nothing changed", "12", 0, 0)
		write(t, a, "3")
		step("new content", "32", 0, 1)
		write(t, b, "bad")
		step("broken content", "32", 1, 1)
		step("the same broken content", "32", 1, 1)
		if err := os.Remove(b); err != nil {
			t.Fatal(err)
		}
		step("no file", "32", 2, 1)
		write(t, b, "4")
		step("repaired", "34", 2, 2)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if failures := strings.Count(log.String(), "the old content stays in use"); failures != 2 {
			t.Errorf("%d failures are logged, want 2:\n%s", failures, log.String())
		}
	})
}

func TestOpenFailsWithoutAValue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	if _, err := open(dir, log); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without files: %v", err)
	}
	write(t, filepath.Join(dir, "a"), "bad")
	write(t, filepath.Join(dir, "b"), "")
	if _, err := open(dir, log); err == nil || !strings.Contains(err.Error(), "it is bad") {
		t.Errorf("with a bad one: %v", err)
	}
}
