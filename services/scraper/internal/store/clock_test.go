package store_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// shiftedClock makes the database's clock one that can be set: clock_timestamp() of a schema that is searched first.
const shiftedClock = `
CREATE SCHEMA shifted;
CREATE TABLE shifted.clock (shift interval NOT NULL);
INSERT INTO shifted.clock VALUES ('0');
CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
	'SELECT pg_catalog.clock_timestamp() + shift FROM shifted.clock'`

// clocks is a database and a scraper whose clocks can be set.
type clocks struct {
	*storetest.Testbed
	clock   *clock.Clock
	own     atomic.Int64 // nanoseconds; upkeep reads it too
	request uint64
}

func newClocks(t *testing.T) *clocks {
	t.Helper()
	plain := pgtest.New(t, storetest.Migrated)
	if _, err := plain.Exec(t.Context(), shiftedClock); err != nil {
		t.Fatal(err)
	}
	cfg := plain.Config()
	cfg.ConnConfig.RuntimeParams["search_path"] = "shifted, pg_catalog, public"
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	c := &clocks{Testbed: &storetest.Testbed{Pool: pool}}
	c.restart(t)
	t.Cleanup(func() { _ = c.Release(context.WithoutCancel(t.Context())) })
	return c
}

// restart gives the scraper a new process, which remembers nothing.
func (c *clocks) restart(t storetest.TB) {
	t.Helper()
	if c.Writer != nil {
		if err := c.Release(t.Context()); err != nil {
			t.Fatalf("Release: %v", err)
		}
	}
	c.clock = clock.New(func() time.Time { return time.Now().Add(time.Duration(c.own.Load())) })
	c.Store = store.New(c.Pool, store.Config{Clock: c.clock}, slog.New(slog.DiscardHandler))
	c.MustAcquire(t)
}

// set sets the clocks of scraper and database.
func (c *clocks) set(t storetest.TB, own, database time.Duration) {
	t.Helper()
	c.own.Store(int64(own))
	if _, err := c.Pool.Exec(t.Context(), "UPDATE shifted.clock SET shift = $1", database); err != nil {
		t.Fatalf("setting the database's clock: %v", err)
	}
}

// begin begins a cycle.
func (c *clocks) begin(t storetest.TB) (id string) {
	t.Helper()
	id = uuid.Must(uuid.NewV7()).String()
	if err := c.BeginCycle(t.Context(), id, c.clock.Now()); err != nil {
		t.Fatalf("BeginCycle: %v", err)
	}
	return id
}

// dates lets three bookmakers answer.
func (c *clocks) dates() {
	for _, b := range registry.Names() {
		c.clock.ObserveBookmaker(string(b), time.Now(), time.Now().Truncate(time.Second))
	}
}

// capture captures an event at BetPawa, stamped by the compared clocks as package fetch does.
func (c *clocks) capture(srID string, price float64) odds.Snapshot {
	s := storetest.Capture(odds.BetPawa, "p"+srID, srID, map[string]float64{"a": price})
	c.request++
	s.Request, s.CapturedAt = c.request, c.clock.Now()
	s.RequestedAt = s.CapturedAt.Add(-time.Second)
	return s
}

// refresh stores a price of every event as prepared captures, and requires that all are stored.
func (c *clocks) refresh(t storetest.TB, events []odds.Event, prices map[string]float64) {
	t.Helper()
	batch := store.Batch{Events: events}
	for srID, price := range prices {
		batch.Prepared = append(batch.Prepared, store.Prepare(c.capture(srID, price)))
	}
	if r := c.MustApply(t, batch); len(r.Rejected) > 0 {
		t.Fatalf("refused %v", r.Rejected)
	}
	for srID, price := range prices {
		if got := c.Snapshot(t, odds.BetPawa, "p"+srID).GetMarkets()[0].GetOutcomes()[0].GetOdds(); got != price {
			t.Fatalf("event %s: price %v, want %v", srID, got, price)
		}
	}
}

func (c *clocks) end(t storetest.TB, id string) store.Cycle {
	t.Helper()
	ended, err := c.EndCycle(t.Context(), store.Cycle{ID: id, Status: store.Succeeded, Took: time.Millisecond})
	if err != nil {
		t.Fatalf("EndCycle: %v", err)
	}
	kept, err := c.Store.GetCycle(t.Context(), id)
	if err != nil {
		t.Fatalf("GetCycle: %v", err)
	}
	if kept.Status != ended.Status || kept.Reason != ended.Reason || len(kept.Clocks) != len(ended.Clocks) || !kept.StartedAt.Equal(ended.StartedAt) {
		t.Fatalf("the cycle ended as %+v and is kept as %+v", ended, kept)
	}
	return ended
}

// nothingAhead requires that nothing in the log is stamped with a time of the future.
func (c *clocks) nothingAhead(t storetest.TB) {
	t.Helper()
	limit := time.Now().Add(clock.Tolerance)
	check := func(what string, at time.Time) {
		t.Helper()
		if at.After(limit) {
			t.Fatalf("%s is %v in the future", what, time.Until(at))
		}
	}
	entries, _ := c.Log().View().After(0, 1<<40)
	for _, e := range entries {
		switch e.Key.Kind {
		case feedlog.KindSnapshot:
			var s oddscachev1.CachedSnapshot
			if err := proto.Unmarshal(e.Body, &s); err != nil {
				t.Fatalf("decoding: %v", err)
			}
			check(e.Key.ID+" captured_at", s.GetCapturedAt().AsTime())
			check(e.Key.ID+" last_confirmed_at", s.GetLastConfirmedAt().AsTime())
			for _, m := range s.GetMarkets() {
				if m.UnavailableAt != nil {
					check(e.Key.ID+" unavailable_at", m.GetUnavailableAt().AsTime())
				}
			}
		case feedlog.KindConfirmation:
			at, err := feedlog.ConfirmedAt(e.Body)
			if err != nil {
				t.Fatalf("decoding: %v", err)
			}
			check(e.Key.ID+" confirmed at", at)
		case feedlog.KindEvent, feedlog.KindCycleEnd: // what earlier cycles said stays
		}
	}
	check("the newest cycle's end", c.Log().View().LastCycle.CycleEnd.FinishedAt)
}

// TestFutureIsCorrected has a scraper of before write by a clock that is ahead, and a right one go on.
func TestFutureIsCorrected(t *testing.T) {
	t.Parallel()
	const shift = 20 * time.Hour
	b := storetest.New(t, store.Config{Now: func() time.Time { return time.Now().Add(shift) }})
	now := time.Now()
	ahead := now.Add(shift)
	by := func(s odds.Snapshot, at time.Time) odds.Snapshot {
		s.RequestedAt, s.CapturedAt = at, at
		return s
	}
	events := []odds.Event{storetest.Event("1", now.Add(40*time.Hour), "p1"), storetest.Event("2", now.Add(time.Hour), "p2"), storetest.Event("3", now.Add(40*time.Hour), "p3")}
	two := map[string]float64{"a": 2, "b": 3}
	b.MustApply(t, store.Batch{Events: events, Snapshots: []odds.Snapshot{
		by(storetest.Capture(odds.BetPawa, "p1", "1", two), ahead), by(storetest.Capture(odds.BetPawa, "p3", "3", two), now.Add(-time.Hour)),
	}})
	b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{
		by(storetest.Capture(odds.BetPawa, "p1", "1", map[string]float64{"a": 2}), ahead), // "b" becomes unavailable
		by(storetest.Capture(odds.BetPawa, "p3", "3", two), ahead),                        // confirmed
	}})
	if c := b.MustCycle(t, store.Succeeded); c.EvictedEvents != 1 {
		t.Fatalf("the clock ahead evicts %d events", c.EvictedEvents)
	}
	if err := b.Release(t.Context()); err != nil {
		t.Fatal(err)
	}

	c := &clocks{Testbed: &storetest.Testbed{Pool: b.Pool}}
	c.restart(t)
	t.Cleanup(func() { _ = c.Release(context.WithoutCancel(t.Context())) })
	id := c.begin(t)
	c.dates()
	history := b.Rows(t, "market_odds_history")
	confirmed, _ := c.Committed(odds.BetPawa, "p3")
	r := c.MustApply(t, store.Batch{Events: events, Prepared: []store.Prepared{
		store.Prepare(storetest.Capture(odds.BetPawa, "p1", "1", map[string]float64{"a": 2})), store.Prepare(storetest.Capture(odds.BetPawa, "p3", "3", two)),
	}})
	if len(r.Rejected) > 0 || r.Changed[odds.BetPawa] != 2 || r.MarketsChanged != 0 {
		t.Errorf("the same prices, by a right clock: %+v", r)
	}
	if got := b.Rows(t, "market_odds_history"); got != history {
		t.Errorf("%d rows of history for prices that did not change", got-history)
	}
	one, _ := c.Committed(odds.BetPawa, "p1")
	if s := c.Snapshot(t, odds.BetPawa, "p1"); len(s.GetMarkets()) != 2 || s.GetMarkets()[1].GetUnavailableAt().AsTime().After(one.CapturedAt) || one.Available != 1 {
		t.Errorf("the content that was ahead: %+v", s)
	}
	three, _ := c.Committed(odds.BetPawa, "p3")
	if three.Revision <= confirmed.Revision || three.LastConfirmedAt.Before(now.Add(-time.Minute)) { // new content, lest a revision grows older
		t.Errorf("the confirmation that was ahead: %+v", three)
	}
	if ended := c.end(t, id); ended.Status != store.Succeeded || ended.EvictedEvents != 0 {
		t.Errorf("the cycle by a right clock: %+v", ended)
	}
	c.nothingAhead(t)
	for _, e := range events {
		if _, ok := c.Event(e.SrID); !ok {
			t.Errorf("event %s is gone", e.SrID)
		}
	}
	var cutoff time.Time
	if err := b.Pool.QueryRow(t.Context(), "SELECT evict_kickoff_before FROM feed_state").Scan(&cutoff); err != nil || cutoff.After(now) {
		t.Errorf("the cutoff is %v, error %v", cutoff, err)
	}
	c.CheckRestore(t)
}

// TestStampsFollowTheClocks captures by a clock that turns out to be wrong before the batch is stored.
func TestStampsFollowTheClocks(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{3 * time.Hour, -30 * time.Hour} {
		c := newClocks(t)
		c.set(t, step, step)
		c.restart(t) // the new process has not agreed on a better time before
		id := c.begin(t)
		prepared := store.Prepare(c.capture("1", 2))
		c.set(t, 0, 0)
		c.dates()
		r := c.MustApply(t, store.Batch{Events: []odds.Event{storetest.Event("1", storetest.Soon(), "p1")}, Prepared: []store.Prepared{prepared}})
		s, _ := c.Committed(odds.BetPawa, "p1")
		if len(r.Rejected) > 0 || time.Since(s.CapturedAt).Abs() > time.Minute || s.RequestedAt.After(s.CapturedAt) {
			t.Errorf("taken when the clock was off by %v: %+v, %+v", step, s, r.Rejected)
		}
		if c.end(t, id).Status != store.Partial {
			t.Error("the cycle does not say so")
		}
	}
}
