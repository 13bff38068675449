package upkeep_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// The soak: three days of a cycle every quarter of an hour, history kept for one.
const (
	soakCycles    = 3 * 24 * 4
	soakEvery     = 15 * time.Minute
	soakEvents    = 60
	soakMarkets   = 60
	soakMoved     = 0.05 // of the markets, each cycle
	soakReplaced  = 2    // events that kick off and make room for others, each cycle
	soakRetention = 24 * time.Hour
)

// soak is a small world that goes on.
type soak struct {
	*storetest.Testbed
	now    time.Time
	rng    *rand.Rand
	prices map[string]map[string]float64 // by event
	events []string                      // upcoming, oldest first
	next   int
	clock  storetest.Clock // the scraper's, at now
	upkeep *upkeep.Keeper  // beside the writer's own
}

// footprint is what grows if something is forgotten.
type footprint struct {
	sizes upkeep.Sizes
	heap  uint64
	log   int64 // bytes of the log's entries
}

//nolint:paralleltest // it looks at the memory of the process
func TestDaysOfCyclesLevelOff(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, it simulates days (-short)")
	}
	// Autovacuum looks as often in a simulated hour as it would in a real one.
	server := pgtest.Server(t, postgres.Options{Settings: map[string]string{"autovacuum_naptime": "1s"}})
	if err := storetest.Migrated(t.Context(), server.URL("postgres")); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := &soak{
		now: time.Date(2031, 3, 4, 22, 0, 0, 0, time.UTC), rng: rand.New(rand.NewPCG(1, 2)), prices: make(map[string]map[string]float64),
	}
	s.Testbed = &storetest.Testbed{Pool: pool, Store: store.New(pool, store.Config{
		HistoryRetention: soakRetention, Now: s.clock.Now,
	}, slog.New(slog.DiscardHandler))}
	s.clock.Set(s.now)
	storetest.SetHistoryClock(t, pool, s.now)
	s.upkeep = upkeep.New(upkeep.Config{Retention: soakRetention, Ahead: 3, Now: s.clock.Now}, pool, new(upkeep.Counters), slog.New(slog.DiscardHandler))
	s.MustAcquire(t)
	t.Cleanup(func() { _ = s.Release(context.WithoutCancel(t.Context())) })

	var middle footprint
	seen := make(map[string]bool) // partitions
	for i := range soakCycles {
		s.cycle(t)
		if i%6 == 0 { // autovacuum does it many times in a real hour, but not in a simulated one of a busy machine
			if _, err := pool.Exec(t.Context(), "VACUUM"); err != nil {
				t.Fatal(err)
			}
		}
		if i%24 == 0 || i == soakCycles/2 {
			f := s.footprint(t, seen)
			if i == soakCycles/2 {
				middle = f
			}
		}
	}
	end := s.footprint(t, seen)
	t.Logf("in the middle %v\nat the end %v", middle, end)
	if len(seen) < 6 || len(end.sizes.Days) > 6 {
		t.Errorf("%d partitions were made in all, %d are left: %v", len(seen), len(end.sizes.Days), end.sizes.Days)
	}
	for i, table := range end.sizes.Tables {
		before := middle.sizes.Tables[i]
		if table.Table == "cycles" { // kept for 30 days
			continue
		}
		// A day of history more or less is a partition; pages and indexes grow by steps.
		if float64(table.Bytes) > 1.6*float64(before.Bytes)+200_000 {
			t.Errorf("table %s grew from %d to %d bytes", table.Table, before.Bytes, table.Bytes)
		}
		if table.Table != "market_odds_history" && table.DeadRows > 3*table.Rows+1000 {
			t.Errorf("table %s has %d dead rows beside %d", table.Table, table.DeadRows, table.Rows)
		}
	}
	if float64(end.heap) > 1.3*float64(middle.heap)+2e6 {
		t.Errorf("the heap grew from %d to %d bytes", middle.heap, end.heap)
	}
	if float64(end.log) > 1.2*float64(middle.log) {
		t.Errorf("the log grew from %d to %d bytes", middle.log, end.log)
	}
	s.CheckRestore(t)
}

// cycle moves some prices, lets some events kick off and others appear, and stores what all bookmakers offer.
func (s *soak) cycle(t *testing.T) {
	t.Helper()
	s.now = s.now.Add(soakEvery)
	s.clock.Set(s.now)
	storetest.SetHistoryClock(t, s.Pool, s.now)
	id := uuid.Must(uuid.NewV7()).String()
	if err := s.BeginCycle(t.Context(), id, s.now); err != nil {
		t.Fatal(err)
	}
	batch := store.Batch{CycleID: id}
	listed := func(srID string, kickoff time.Time) {
		batch.Events = append(batch.Events, storetest.Event(srID, kickoff, "p"+srID, "sr:match:"+srID, "n"+srID))
	}
	for range min(soakReplaced, len(s.events)) {
		listed(s.events[0], s.now.Add(-3*time.Hour))
		delete(s.prices, s.events[0])
		s.events = s.events[1:]
	}
	for len(s.events) < soakEvents {
		s.next++
		s.events = append(s.events, fmt.Sprint(1000+s.next))
	}
	for _, srID := range s.events {
		if s.prices[srID] == nil {
			s.prices[srID] = storetest.Numbered(soakMarkets, 1.5)
		}
		for market := range s.prices[srID] {
			if s.rng.Float64() < soakMoved {
				s.prices[srID][market] = float64(101+s.rng.IntN(900)) / 100
			}
		}
		listed(srID, s.now.Add(100*24*time.Hour))
		for i, own := range []string{"p" + srID, "sr:match:" + srID, "n" + srID} {
			c := storetest.Capture(registry.Names()[i], own, srID, s.prices[srID])
			c.RequestedAt, c.CapturedAt = s.now.Add(-time.Second), s.now
			batch.Snapshots = append(batch.Snapshots, c)
		}
	}
	if r := s.MustApply(t, batch); len(r.Rejected) > 0 {
		t.Fatalf("refused %v", r.Rejected)
	}
	c, err := s.EndCycle(t.Context(), store.Cycle{ID: id, Status: store.Succeeded})
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(soakReplaced); s.next > soakEvents && c.EvictedEvents != want {
		t.Fatalf("%d events evicted, want %d", c.EvictedEvents, want)
	}
	if err := s.upkeep.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// footprint measures, and notes the partitions that there are.
func (s *soak) footprint(t *testing.T, seen map[string]bool) footprint {
	t.Helper()
	sizes, err := s.Store.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range sizes.Days {
		seen[d.Day.Format(time.DateOnly)] = true
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	return footprint{sizes: sizes, heap: memory.HeapAlloc, log: s.Log().View().Bytes}
}

// String is the footprint in a few lines.
func (f footprint) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "heap %.1f MB, log %.1f MB, %d days of history", float64(f.heap)/1e6, float64(f.log)/1e6, len(f.sizes.Days))
	for _, table := range f.sizes.Tables {
		fmt.Fprintf(&b, "\n  %-22s %9d bytes, %7d rows, %6d dead", table.Table, table.Bytes, table.Rows, table.DeadRows)
	}
	return b.String()
}
