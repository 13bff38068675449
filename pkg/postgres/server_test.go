package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
)

// envOrphan makes the test binary a process that starts a server, says where it is and waits to be killed.
const envOrphan = "POSTGRES_TEST_ORPHAN"

func TestMain(m *testing.M) {
	if os.Getenv(envOrphan) != "" {
		s, err := postgres.Start(context.Background(), postgres.Options{})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, s.URL("postgres"))
		<-s.Done()
		os.Exit(1)
	}
	pgtest.Main(m)
}

// query runs one statement on a connection of its own and returns the single value that it gives.
func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("querying %q: %v", sql, err)
	}
	value, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("querying %q: %v", sql, err)
	}
	return value
}

// ended fails the test unless the server's process is gone.
func ended(t *testing.T, s *postgres.Server) {
	t.Helper()
	select {
	case <-s.Done():
	default:
		t.Error("the server process still runs")
	}
}

func TestServerListensOnItsSocketAlone(t *testing.T) {
	t.Parallel()
	s := pgtest.Server(t, postgres.Options{})
	for setting, want := range map[string]string{
		"listen_addresses": "", "synchronous_commit": "on", "fsync": "off", "full_page_writes": "on",
	} {
		if got := query[string](t, s.URL("postgres"), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}

	dir := query[string](t, s.URL("postgres"), "SHOW unix_socket_directories")
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's directory has mode %v: others could connect without a password", info.Mode())
	}
	if os.Geteuid() == 0 && info.Sys().(*syscall.Stat_t).Uid == 0 {
		t.Error("started by root, the server runs as root")
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	ended(t, s)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a throw-away server left %s behind (%v)", dir, err)
	}
	if err := s.Restart(t.Context()); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("restarting after Stop gave %v, want ErrStopped", err)
	}
}

func TestSettingsOverrideTheDefaults(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts servers of its own")
	}
	s := pgtest.Server(t, postgres.Options{Settings: map[string]string{"synchronous_commit": "off", "work_mem": "5MB"}})
	for setting, want := range map[string]string{"synchronous_commit": "off", "work_mem": "5MB"} {
		if got := query[string](t, s.URL("postgres"), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

// TestKillKeepsWhatWasCommitted cuts a server down while one connection commits row after row and another holds an
// open transaction.
func TestKillKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts servers of its own")
	}
	s := pgtest.Server(t, postgres.Options{})
	url := s.URL("postgres")
	query[int](t, url, "WITH made AS (SELECT 1) SELECT * FROM made")

	ctx := t.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(ctx, "CREATE TABLE revisions (revision int PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	open, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close(context.Background())
	if _, err := open.Exec(ctx, "BEGIN; INSERT INTO revisions VALUES (-1)"); err != nil {
		t.Fatal(err)
	}

	committed := make(chan int, 1)
	enough := make(chan struct{})
	go func() { // ends when the server is killed
		last := 0
		for {
			if _, err := conn.Exec(ctx, "INSERT INTO revisions VALUES ($1)", last+1); err != nil {
				committed <- last
				return
			}
			if last++; last == 200 {
				close(enough)
			}
		}
	}()
	<-enough
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	ended(t, s)
	last := <-committed

	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if s.URL("postgres") != url {
		t.Error("the restarted server has another URL")
	}
	// The commit that was under way when the server died may or may not have made it.
	if got := query[int](t, url, "SELECT count(*)::int FROM revisions WHERE revision > 0"); got != last && got != last+1 {
		t.Errorf("got %d rows back, want the %d that were confirmed or one more", got, last)
	}
	if got := query[int](t, url, "SELECT count(*)::int FROM revisions WHERE revision < 0"); got != 0 {
		t.Error("the open transaction's row came back")
	}
	if err := s.Restart(ctx); !errors.Is(err, postgres.ErrRunning) {
		t.Errorf("restarting a running server gave %v, want ErrRunning", err)
	}
}

func TestKillAndHaltAgainAndAgain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts servers of its own")
	}
	s := pgtest.Server(t, postgres.Options{})
	for round := range 6 {
		end := s.Kill
		if round%2 == 1 {
			end = s.Halt
		}
		for range 2 { // the second finds nothing to do
			if err := end(); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		ended(t, s)
		if err := s.Restart(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		query[int](t, s.URL("postgres"), "SELECT 1")
	}
}

func TestKeptDirectoryKeepsItsData(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts servers of its own")
	}
	dir := keptDir(t)
	first := pgtest.Server(t, postgres.Options{Dir: dir})
	if got := query[string](t, first.URL("postgres"), "SHOW fsync"); got != "on" {
		t.Errorf("fsync is %q on data that is to be kept", got)
	}
	id := query[string](t, first.URL("postgres"), "SELECT system_identifier::text FROM pg_control_system()")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if second, err := postgres.Start(ctx, postgres.Options{Dir: dir}); err == nil {
		_ = second.Stop()
		t.Fatal("two servers run on one data directory")
	} else if !strings.Contains(err.Error(), "postmaster.pid") {
		t.Errorf("the error does not carry the server's own words: %v", err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}

	again := pgtest.Server(t, postgres.Options{Dir: dir})
	if got := query[string](t, again.URL("postgres"), "SELECT system_identifier::text FROM pg_control_system()"); got != id {
		t.Error("the second start made a new data directory")
	}
}

// missing skips a test without Postgres, where nobody said that there must be one.
func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("REQUIRE_POSTGRES") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}
