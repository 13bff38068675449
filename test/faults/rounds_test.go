package faults

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/repeat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rounds is how many faults a run does: FAULT_ROUNDS, else what an ordinary test run has time for.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FAULT_ROUNDS")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("FAULT_ROUNDS is %q (must be a number)", text)
	}
	return n
}

// only is the number of the round to run alone, which FAULT_ROUND names; 0 without it, where all begin.
func only(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FAULT_ROUND")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("FAULT_ROUND is %q (must be a round's number)", text)
	}
	return n
}

// long is how long a process is stopped in long runs.
const long = 30 * time.Second

func TestCachesEqualPostgresAfterEveryFault(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	if testing.Short() {
		t.Skip("kills processes for minutes: not in short runs")
	}
	if _, err := postgres.Find(t.Context()); err != nil {
		if os.Getenv("REQUIRE_POSTGRES") != "" {
			t.Fatal(err)
		}
		t.Skipf("no Postgres: %v", err)
	}
	n := rounds(t)
	stopped := long
	if n < 50 {
		stopped = 4 * time.Second
	}
	dir := t.TempDir()
	if keep := os.Getenv("FAULT_LOGS"); keep != "" {
		dir = keep
	}
	s, err := newTestbed(t.Context(), dir)
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := Faults(stopped)
	sum := stats{began: time.Now()}
	first := only(t)
	for round := first; round < max(n, first+1); round++ {
		// A stride that shares no factor with the number of faults makes short runs see all kinds, and long ones each.
		sum.round(t, s, all[round*37%len(all)], uint64(round))
		if t.Failed() {
			repeat.Command(t, "FAULT_ROUND="+strconv.Itoa(round), "FAULT_ROUNDS="+strconv.Itoa(n))
			break
		}
		if os.Getenv("FAULT_ROUND") != "" {
			break
		}
	}
	sum.report(t, s, len(all))
}

// stats adds rounds up.
type stats struct {
	began             time.Time
	done, rows        int
	messages, samples int
	missed            []string // faults whose point was not reached
	names             map[string]int
	slowest           time.Duration
}

func (sum *stats) round(t *testing.T, s *testbed, f Fault, n uint64) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	loading, unload := context.WithCancel(ctx)
	loaded := make(chan struct{})
	go func() { defer close(loaded); s.load(loading, n) }() // ends by unload
	cluster.Pause(ctx, 300*time.Millisecond)
	reached, err := f.do(ctx, s)
	if err == nil {
		err = s.heal(ctx)
	}
	cluster.Pause(ctx, 200*time.Millisecond)
	unload()
	<-loaded
	if err != nil {
		t.Errorf("round %d, %s: %v", n, f.Name, err)
		return
	}
	rows, err := s.settle(ctx)
	if err != nil {
		t.Errorf("round %d, %s: %v", n, f.Name, err)
		return
	}
	for _, c := range s.Caches {
		compared, err := rows.Compare(ctx, c.Client)
		if err != nil {
			t.Errorf("round %d, %s: %s: %v", n, f.Name, c.Name, err)
		}
		sum.rows += compared
	}
	messages, samples, err := s.validate()
	if err != nil {
		t.Errorf("round %d, %s: %v", n, f.Name, err)
	}
	if !reached {
		sum.missed = append(sum.missed, f.Name)
	}
	if sum.names == nil {
		sum.names = make(map[string]int)
	}
	sum.names[f.Name]++
	sum.done, sum.messages, sum.samples = sum.done+1, sum.messages+messages, sum.samples+samples
	sum.slowest = max(sum.slowest, time.Since(began))
	t.Logf("round %d: %s (reached %v) in %v; %d events at revision %d", n, f.Name, reached, time.Since(began).Round(10*time.Millisecond), rows.Events(), rows.Revision)
}

func (sum *stats) report(t *testing.T, s *testbed, faults int) {
	t.Helper()
	resumes, fulls, cacheStarts, starts := 0, 0, 0, 0
	for i, p := range s.services() {
		r, f := p.syncs()
		resumes, fulls, starts = resumes+r, fulls+f, starts+p.Starts()
		if i >= 2 {
			cacheStarts += p.Starts()
		}
	}
	t.Logf("%d rounds in %v (slowest %v), %d of %d kinds of faults", sum.done, time.Since(sum.began).Round(time.Second), sum.slowest.Round(time.Second), len(sum.names), faults)
	t.Logf("%d processes started, %d of them caches; %d resumes, %d full syncs, %d rows compared, %d messages and %d answers validated",
		starts, cacheStarts, resumes, fulls, sum.rows, sum.messages, sum.samples)
	slices.Sort(sum.missed)
	t.Logf("not reached in time: %d (%s)", len(sum.missed), strings.Join(sum.missed, "; "))
	t.Logf("losses: %v", map[bool]string{false: "0", true: "see above"}[t.Failed()])
	if len(sum.missed)*5 > sum.done {
		t.Errorf("%d of %d rounds did not reach their point", len(sum.missed), sum.done)
	}
}
