package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
)

// keptDir returns a directory for data that the server's user can get to, as t.TempDir is not when root runs the test.
func keptDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "kept-pg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "postgres")
}

func TestStartRejectsAnUnreachableDirectory(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root hands the server to another user")
	}
	dir := keptDir(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Start(t.Context(), postgres.Options{Dir: filepath.Join(dir, "deeper")})
	switch {
	case err == nil:
		_ = s.Stop()
		t.Fatal("started below a directory that is closed to its user")
	case errors.Is(err, postgres.ErrNotFound):
		missing(t, err)
	case !strings.Contains(err.Error(), dir):
		t.Errorf("the error does not name %s: %v", dir, err)
	}
}

func TestStartErrorsCarryTheServersLog(t *testing.T) {
	t.Parallel()
	s, err := postgres.Start(t.Context(), postgres.Options{Settings: map[string]string{"no_such_setting": "1"}})
	switch {
	case err == nil:
		_ = s.Stop()
		t.Fatal("started with a setting that does not exist")
	case errors.Is(err, postgres.ErrNotFound):
		missing(t, err)
	case !strings.Contains(err.Error(), "no_such_setting"):
		t.Errorf("the error does not say what is wrong: %v", err)
	}
}

func TestStartHonoursItsContext(t *testing.T) {
	t.Parallel()
	if _, err := postgres.Find(t.Context()); err != nil {
		missing(t, err)
	}
	why := fmt.Errorf("no time")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if s, err := postgres.Start(ctx, postgres.Options{}); err == nil {
		_ = s.Stop()
		t.Fatal("started although its context had ended")
	}
}

// TestServerDiesWithItsProcess kills the process that started a server: the server follows by itself, and the next
// start removes the directory that was left.
func TestServerDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts servers of its own")
	}
	if _, err := postgres.Find(t.Context()); err != nil || runtime.GOOS != "linux" {
		t.Skipf("it needs Linux and Postgres: %v", err)
	}
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), envOrphan+"=1")
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(line)
	socketDir := query[string](t, url, "SHOW unix_socket_directories")
	pid := query[int](t, url, "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int")

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(stat), ") Z ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server outlives the process that started it")
		}
	}
	pgtest.Server(t, postgres.Options{})
	if _, err := os.Stat(socketDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the killed process's directory %s is still there", socketDir)
	}
}
