package failover

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

	"github.com/oddscache/oddscache/test/faketime"
)

// Addresses by which the two scrapers reach the servers, so that the packets of one can be dropped.
var hosts = [2]string{"127.0.1.1", "127.0.2.1"} //nolint:gochecknoglobals // a constant

// death is a way for a writer or its database to be gone.
type death struct {
	name    string
	network bool // whether packets are dropped
	clock   bool // whether Postgres' clock is set
	long    bool // only in long runs
	do      func(ctx context.Context, t *testing.T, s *testbed, writer int) (undo func())
}

func deaths(clock *faketime.Clock) []death {
	byHost := func(host string) []string { return []string{"ip daddr " + host, "ip saddr " + host} }
	return []death{
		{name: "the writer is killed (`kill -9`)", do: func(_ context.Context, _ *testing.T, s *testbed, w int) func() {
			s.scrapers[w].Kill()
			return func() {}
		}},
		{name: "the writer stands still (SIGSTOP)", do: func(_ context.Context, _ *testing.T, s *testbed, w int) func() {
			s.scrapers[w].Signal(syscall.SIGSTOP)
			return func() { s.scrapers[w].Signal(syscall.SIGCONT) }
		}},
		{name: "packets between the writer and Postgres are dropped", network: true, do: func(_ context.Context, t *testing.T, _ *testbed, w int) func() {
			t.Helper()
			drop(t, byHost(hosts[w])...)
			return func() { heal(t) }
		}},
		{name: "the writer's host vanishes, its connections stay", network: true, long: true, do: func(_ context.Context, t *testing.T, s *testbed, w int) func() {
			t.Helper()
			drop(t, byHost(hosts[w])...)
			s.scrapers[w].Kill()
			return func() { heal(t) }
		}},
		{name: "Postgres' host vanishes, its standby is promoted", network: true, long: true, do: func(ctx context.Context, t *testing.T, s *testbed, _ int) func() {
			t.Helper()
			port := s.servers.ports[s.servers.primary]
			drop(t, "tcp dport "+port, "tcp sport "+port)
			old := s.servers.each[s.servers.primary]
			if err := s.servers.promote(ctx); err != nil {
				t.Error(err)
			}
			return func() {
				if err := old.Stop(); err != nil { // it is fenced before it can be reached again
					t.Error(err)
				}
				heal(t)
				if err := s.servers.follow(ctx, false); err != nil {
					t.Error(err)
				}
			}
		}},
		{name: "Postgres is killed and started again, the writer is killed", long: true, do: func(ctx context.Context, t *testing.T, s *testbed, w int) func() {
			t.Helper()
			s.scrapers[w].Kill()
			primary := s.servers.each[s.servers.primary]
			if err := errors.Join(primary.Kill(), primary.Restart(ctx)); err != nil {
				t.Error(err)
			}
			return func() {}
		}},
		{name: "the writer is killed, somebody locks the lease's row for longer than the lease", long: true, do: func(ctx context.Context, t *testing.T, s *testbed, w int) func() {
			t.Helper()
			s.scrapers[w].Kill()
			unlock := lock(ctx, t, s, "SELECT FROM feed_state FOR UPDATE")
			time.AfterFunc(lease()+4*time.Second, unlock)
			return func() {}
		}},
		{name: "the writer is killed, Postgres' clock is set back by 3 h", clock: true, long: true, do: func(_ context.Context, t *testing.T, s *testbed, w int) func() {
			t.Helper()
			s.scrapers[w].Kill()
			clock.Set(t, -3*time.Hour)
			return func() { clock.Set(t, 0) }
		}},
		{name: "the writer is killed, somebody holds ANALYZE's lock on the history and no partition is ahead", long: true, do: func(ctx context.Context, t *testing.T, s *testbed, w int) func() {
			t.Helper()
			s.scrapers[w].Kill()
			if err := s.servers.execute(ctx, s.servers.primary, `DO $$ DECLARE p text; BEGIN
				FOR p IN SELECT relname FROM pg_class WHERE relname ~ '^market_odds_history_[0-9]{8}$'
					AND to_date(right(relname, 8), 'YYYYMMDD') > current_date
				LOOP EXECUTE format('DROP TABLE %I', p); END LOOP; END $$`); err != nil {
				t.Error(err)
			}
			return lock(ctx, t, s, "LOCK TABLE market_odds_history IN SHARE UPDATE EXCLUSIVE MODE")
		}},
	}
}

// lock holds a lock until the function that it returns is called.
func lock(ctx context.Context, t *testing.T, s *testbed, sql string) (unlock func()) {
	t.Helper()
	conn, err := pgx.Connect(ctx, s.servers.direct(s.servers.primary))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"BEGIN", sql} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	return func() { _ = conn.Close(context.WithoutCancel(ctx)) }
}

// long reports whether a run has time for everything, with a lease as long as in production.
func long() bool { return os.Getenv("TAKEOVERS") != "" }

func lease() time.Duration {
	if long() {
		return 15 * time.Second
	}
	return 3 * time.Second
}

// above is how much longer than the lease a takeover may last.
const above = 10 * time.Second

// Whatever dies, another goes on within the lease and ten seconds.
func TestTakeover(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	if testing.Short() {
		t.Skip("kills processes for a minute: not in short runs")
	}
	if ownNetwork(t) {
		return
	}
	ctx := t.Context()
	var clock *faketime.Clock
	var env []string
	if long() {
		clock = faketime.New(t)
		env = clock.Env()
	}
	c := newServers(ctx, t, "127.0.0.1,"+hosts[0]+","+hosts[1], env...)
	interval := 3 * time.Second
	if long() {
		interval = time.Second
	}
	s := newTestbed(ctx, t, c, settings{lease: lease(), interval: interval, hosts: hosts})
	if err := c.follow(ctx, false); err != nil {
		t.Fatal(err)
	}
	table := &strings.Builder{}
	fmt.Fprintf(table, "| what happens | the next cycle begins after | bound |\n|---|---|---|\n")
	for _, d := range deaths(clock) {
		if d.long && !long() || d.network && os.Getenv(inNetwork) == "" {
			continue
		}
		if !t.Run(d.name, func(t *testing.T) {
			took := s.takeover(ctx, t, d)
			fmt.Fprintf(table, "| %s | %.1f s | %.0f s |\n", d.name, took.Seconds(), (lease() + above).Seconds())
		}) {
			break
		}
	}
	t.Logf("with a lease of %v:\n%s", lease(), table)
	if path := os.Getenv("TAKEOVERS"); path != "" && !t.Failed() {
		if err := writeTable(path, table.String()); err != nil {
			t.Error(err)
		}
	}
}

// takeover lets one thing die, measures until cycles go on, and heals it.
func (s *testbed) takeover(ctx context.Context, t *testing.T, d death) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if _, _, _, err := s.settle(ctx); err != nil {
		t.Fatalf("before: %v", err)
	}
	writer, err := s.writer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	undo := d.do(ctx, t, s, writer)
	after := time.Now() // a cycle that began earlier may be the old writer's
	err = s.servers.await(ctx, "a cycle", s.servers.primary, "SELECT EXISTS (SELECT FROM cycles WHERE started_at > $1)", after)
	took := time.Since(began)
	if err != nil {
		t.Error(err)
	}
	if took > lease()+above {
		t.Errorf("a cycle began after %v, want %v at the most", took, lease()+above)
	}
	undo()
	if !s.scrapers[writer].Alive() {
		if err := s.scrapers[writer].Start(""); err != nil {
			t.Fatal(err)
		}
	}
	cycle, caches, compared, err := s.settle(ctx)
	if err != nil {
		t.Fatalf("after: %v", err)
	}
	if _, err := s.validate(); err != nil {
		t.Error(err)
	}
	t.Logf("a cycle began after %v; after healing one ended within %v, caches equal after %v: %d rows", took.Round(10*time.Millisecond),
		cycle.Round(10*time.Millisecond), caches.Round(10*time.Millisecond), compared)
	return took
}

// Where a document has the table.
const tableBegins, tableEnds = "<!-- takeovers -->\n", "<!-- end of takeovers -->\n"

// writeTable puts the table into its document.
func writeTable(path, table string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the table", path)
	}
	if err := os.WriteFile(path, []byte(before+tableBegins+table+tableEnds+after), 0o644); err != nil { //nolint:gosec // a document
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}
