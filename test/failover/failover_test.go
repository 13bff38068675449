package failover

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/repeat"
)

// point is where the writer is when the standby stops to follow, and what the primary has done of it before it dies.
type point struct {
	name string
	at   string // a point of test/faults, and at which visit
	gone func(before, now state) bool
}

func points() []point {
	begun := func(_, now state) bool { return now.running > 0 }
	wrote := func(before, now state) bool { return now.revision > before.revision }
	ended := func(before, now state) bool { return now.revision > before.revision && now.running == 0 }
	leased := func(before, now state) bool { return now.lease != before.lease }
	return []point{
		{"the begin of a cycle", "cycle.beginning@2", begun},
		{"a batch", "store.before_fence@3", wrote},
		{"the end of a cycle", "cycle.before_evict@2", ended},
		{"a renewal", "lease.before_renew@2", leased},
		{"the taking of the lease", "lease.before_take@1", leased},
		{"a batch that is being committed", "store.before_commit@4", wrote},
		{"what follows a batch", "store.after_publish@2", wrote},
		{"the end of a cycle, its rows deleted", "cycle.deleted@2", ended},
		{"the reading of the tables", "restore.before_read@1", leased},
		{"the first cycle of a term", "lead.serving@1", begun},
	}
}

// rounds is how many failovers a run does: FAILOVER_ROUNDS, else what an ordinary test run has time for.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FAILOVER_ROUNDS")
	if text == "" {
		return 2
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("FAILOVER_ROUNDS is %q (must be a number)", text)
	}
	return n
}

// within is how long cycles may take to go on after a failover.
const within = 30 * time.Second

func TestFailover(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	if testing.Short() {
		t.Skip("kills processes for a minute: not in short runs")
	}
	ctx := t.Context()
	const host = "127.0.0.1"
	c := newServers(ctx, t, host)
	s := newTestbed(ctx, t, c, settings{lease: 3 * time.Second, interval: 2 * time.Second, hosts: [2]string{host, host}})
	all := points()
	for n := range rounds(t) {
		p, synchronous := all[n%len(all)], n/len(all)%2 != n%2
		if !t.Run(fmt.Sprintf("%d %s, synchronous %v", n, p.name, synchronous), func(t *testing.T) { s.round(ctx, t, p, synchronous) }) {
			repeat.Command(t, fmt.Sprint("FAILOVER_ROUNDS=", n+1))
			return
		}
	}
}

// round fails over once and says what came of it.
func (s *testbed) round(ctx context.Context, t *testing.T, p point, synchronous bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := s.servers.follow(ctx, synchronous); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := s.settle(ctx); err != nil {
		t.Fatalf("before the failover: %v", err)
	}
	epoch := s.epoch(ctx, t)
	reached, lost := s.lose(ctx, t, p, synchronous)
	killed := time.Now()
	if err := s.servers.failOver(ctx); err != nil {
		t.Fatal(err)
	}
	promoted := time.Since(killed)
	cycle, caches, compared, err := s.settle(ctx)
	cycle, caches = cycle+promoted, caches+promoted
	switch {
	case err != nil:
		t.Fatalf("after the failover: %v", err)
	case cycle > within:
		t.Errorf("no cycle ended well for %v", cycle)
	case !reached:
		t.Errorf("the point %s was not reached", p.at)
	}
	samples, err := s.validate()
	if err != nil {
		t.Error(err)
	}
	if now := s.epoch(ctx, t); now == epoch {
		t.Errorf("the epoch is still %s", epoch)
	}
	for i := range s.scrapers {
		if !s.scrapers[i].Alive() || !s.caches[i].Alive() {
			t.Errorf("scraper %d lives: %v, cache %d lives: %v", i, s.scrapers[i].Alive(), i, s.caches[i].Alive())
		}
	}
	t.Logf("lost %s; promoted after %v, a cycle ended after %v, caches equal after %v: %d rows, %d answers", lost,
		promoted.Round(10*time.Millisecond), cycle.Round(10*time.Millisecond), caches.Round(10*time.Millisecond), compared, samples)
}

// lose brings the writer to the point, stops replication there, and waits until the primary has gone on: with
// asynchronous replication until it has what the standby lacks, with synchronous until it waits for the standby.
func (s *testbed) lose(ctx context.Context, t *testing.T, p point, synchronous bool) (reached bool, lost string) {
	t.Helper()
	name, visit := p.at[:len(p.at)-2], p.at[len(p.at)-2:]
	next, old, err := s.swap(ctx, name+"=stall:2s"+visit)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(within); !reached && time.Now().Before(deadline); cluster.Pause(ctx, 5*time.Millisecond) {
		reached = s.scrapers[next].Acted(name)
	}
	if err := s.servers.cut(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { // not earlier: while the other stands still it would take the lease
		if err := s.scrapers[old].Start(""); err != nil {
			t.Error(err)
		}
	}()
	if synchronous {
		if err := s.servers.await(ctx, "a commit that waits", s.servers.primary, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil {
			t.Error(err)
		}
		return reached, "nothing"
	}
	before, err := s.servers.state(ctx, s.servers.standby())
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; cluster.Pause(ctx, 2*time.Millisecond) {
		now, err := s.servers.state(ctx, s.servers.primary)
		switch {
		case err != nil:
			t.Fatal(err)
		case p.gone(before, now):
			return reached, fmt.Sprintf("revisions %d to %d, lease %q to %q, %d running cycles to %d", before.revision, now.revision,
				before.lease, now.lease, before.running, now.running)
		case time.Now().After(deadline):
			t.Errorf("the primary has not gone on from %+v to what is to be lost: %+v", before, now)
			return reached, "nothing"
		}
	}
}

// epoch is what the caches say.
func (s *testbed) epoch(ctx context.Context, t *testing.T) string {
	t.Helper()
	stats, err := s.Cache.GetStats(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stats.GetFreshness().GetEpoch()
}
