package lease_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// brief is the length of a lease whose renewals, three in it, a test waits for.
const brief = 1500 * time.Millisecond

// The database says otherwise than the writer believes, and the writer writes nothing: a renewal notices.
func TestRenewalProvesState(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sql     string
		renamed bool // the history lost something
	}{
		"a running cycle is gone":            {"DELETE FROM cycles WHERE status = 'RUNNING'", false},
		"the newest revision is gone":        {"DELETE FROM snapshots WHERE bookmaker_event_id = '8'; UPDATE feed_state SET revision = revision - 1", true},
		"everything is gone":                 {"DELETE FROM snapshots; DELETE FROM events; UPDATE feed_state SET revision = 0", true},
		"somebody else wrote":                {"UPDATE feed_state SET revision = revision + 1", false},
		"the epoch is another":               {"UPDATE feed_state SET epoch = gen_random_uuid()", true},
		"the lease is another's":             {"UPDATE feed_state SET holder = 'b', term = term + 1", false},
		"the taking of the lease is gone":    {"UPDATE feed_state SET holder = NULL, term = term - 1, lease_until = NULL", false},
		"another has it under the same term": {"UPDATE feed_state SET holder = 'b'", false},
		"a renewal is gone":                  {"UPDATE feed_state SET lease_until = lease_until - interval '1 s'", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := storetest.New(t, store.Config{LeaseFor: brief})
			b.MustApply(t, storetest.Two(2))
			b.MustBegin(t)
			epoch := b.Epoch()
			storetest.Exec(t, b.Pool, test.sql)
			if name == "a renewal is gone" { // the next one mends it
				select {
				case <-b.Lost():
					t.Errorf("the writer gave up: %v", b.Err())
				case <-time.After(brief):
				}
				return
			}
			select {
			case <-b.Lost():
			case <-time.After(2 * brief):
				t.Fatal("the writer did not notice within two leases")
			}
			if b.Held() || !errors.Is(b.Err(), lease.ErrNotWriter) {
				t.Errorf("held: %v, error: %v", b.Held(), b.Err())
			}
			if err := b.Release(t.Context()); err != nil {
				t.Errorf("Release: %v", err)
			}
			b.MustAcquire(t)
			if renamed := b.Epoch() != epoch; renamed != test.renamed {
				t.Errorf("epoch was %s, is %s", epoch, b.Epoch())
			}
			b.MustApply(t, storetest.Two(3))
			b.MustCycle(t, store.Succeeded)
			b.CheckRestore(t)
		})
	}
}

// The row of the feed's state is gone: the term ends, and nobody acquires a database that is not whole.
func TestFeedStateGone(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{LeaseFor: brief})
	b.MustApply(t, storetest.Two(2))
	storetest.Exec(t, b.Pool, "DELETE FROM feed_state")
	storetest.Wait(t, "the writer to notice", b.Lost())
	_ = b.Release(t.Context())
	if _, err := b.Store.Acquire(t.Context()); !errors.Is(err, pool.ErrSchema) {
		t.Errorf("Acquire: %v", err)
	}
}

// A write finds that the database is otherwise: the term ends at once, and the next one goes on from what is there.
func TestWriteProvesState(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-3 * time.Hour)
	apply := func(batch store.Batch) func(*testing.T, *storetest.Testbed, string) error {
		return func(t *testing.T, b *storetest.Testbed, _ string) error {
			t.Helper()
			_, err := b.Apply(t.Context(), batch)
			return err
		}
	}
	end := func(t *testing.T, b *storetest.Testbed, cycle string) error {
		t.Helper()
		_, err := b.EndCycle(t.Context(), store.Cycle{ID: cycle, Status: store.Succeeded})
		return err
	}
	evicting := storetest.Two(2)
	evicting.Events[0].Kickoff = past
	moved := storetest.Two(2)
	moved.Events[0].Competitors = []odds.CompetitorEvent{{Bookmaker: odds.SportyBet, EventID: "9"}}
	elsewhere := storetest.Two(2)
	elsewhere.Events[0].Tournament = "League"
	tests := map[string]struct {
		first   store.Batch
		sql     string
		write   func(*testing.T, *storetest.Testbed, string) error
		renamed bool
	}{
		"a batch, its revision is taken":      {storetest.Two(2), "UPDATE feed_state SET revision = revision + 1", apply(storetest.Two(3)), false},
		"a batch, the newest one is gone":     {storetest.Two(2), "DELETE FROM snapshots WHERE bookmaker_event_id = '8'; UPDATE feed_state SET revision = revision - 1", apply(storetest.Two(3)), true},
		"a batch, the epoch is another":       {storetest.Two(2), "UPDATE feed_state SET epoch = gen_random_uuid()", apply(storetest.Two(3)), true},
		"a confirmation of what is gone":      {storetest.Two(2), "DELETE FROM snapshots WHERE bookmaker_event_id = '8'", apply(storetest.Two(2)), true},
		"a competitor's id moves, it is gone": {storetest.Two(2), "DELETE FROM competitor_events", apply(moved), true},
		"a competitor's id moves, it is there": {
			storetest.Two(2), "INSERT INTO events SELECT '200', 4, '70', name, home_team, away_team, kickoff, tournament_id FROM events; " +
				"INSERT INTO competitor_events VALUES (2, '9', '200'); UPDATE feed_state SET revision = 4", apply(moved), false,
		},
		"a tournament is gone": {
			storetest.Two(2), "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM events; ALTER TABLE events ENABLE TRIGGER ALL; " +
				"DELETE FROM competitor_events; DELETE FROM snapshots; DELETE FROM tournaments", apply(store.Batch{
				Events: []odds.Event{storetest.Event("101", time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), "17")},
			}), true,
		},
		"a cycle end, its begin is gone":        {storetest.Two(2), "DELETE FROM cycles WHERE status = 'RUNNING'", end, false},
		"a cycle end, the newest batch is gone": {storetest.Two(2), "DELETE FROM snapshots WHERE bookmaker_event_id = '8'; UPDATE feed_state SET revision = revision - 1", end, true},
		"an eviction, the event is gone":        {evicting, "DELETE FROM events", end, true},
		"an eviction, a snapshot is gone":       {evicting, "DELETE FROM snapshots WHERE bookmaker_event_id = '8'", end, true},
		"the next cycle, the one before is gone": {storetest.Two(2), "DELETE FROM cycles", func(t *testing.T, b *storetest.Testbed, _ string) error {
			t.Helper()
			return b.BeginCycle(t.Context(), uuid.Must(uuid.NewV7()).String(), time.Now())
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := storetest.New(t, store.Config{LeaseFor: time.Minute}) // no renewal comes first
			b.MustApply(t, test.first)
			cycle := b.MustBegin(t)
			epoch, head := b.Epoch(), b.Log().View().Head
			storetest.Exec(t, b.Pool, test.sql)
			if err := test.write(t, b, cycle); !errors.Is(err, lease.ErrNotWriter) {
				t.Errorf("the write that the database denies: %v", err)
			}
			if b.Held() || b.Log().View().Head != head {
				t.Errorf("held: %v, log at %d, was at %d", b.Held(), b.Log().View().Head, head)
			}
			if err := b.Release(t.Context()); err != nil {
				t.Errorf("Release: %v", err)
			}
			b.MustAcquire(t) // at once: the lease was given back
			if renamed := b.Epoch() != epoch; renamed != test.renamed {
				t.Errorf("epoch was %s, is %s", epoch, b.Epoch())
			}
			b.MustApply(t, storetest.Two(4))
			b.MustCycle(t, store.Succeeded)
			b.CheckRestore(t)
		})
	}
}

// A standby that was promoted did not have the term of the writer: the number comes again, and both scrapers are named
// alike.
func TestTermNumberRepeats(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, storetest.Migrated)
	cfg := store.Config{LeaseFor: time.Minute, Holder: "scraper"}
	a := storetest.On(t, pool, cfg)
	a.MustApply(t, storetest.One(2))
	storetest.Exec(t, pool, "UPDATE feed_state SET holder = NULL, term = term - 1, lease_until = NULL")
	b := storetest.On(t, pool, cfg)
	if a.Term() != b.Term() {
		t.Fatalf("terms %d and %d differ, so the test shows nothing", a.Term(), b.Term())
	}
	if _, err := a.Apply(t.Context(), storetest.One(3)); !errors.Is(err, lease.ErrNotWriter) {
		t.Errorf("Apply of the writer that the database forgot: %v", err)
	}
	if err := a.Release(t.Context()); err != nil {
		t.Errorf("Release: %v", err)
	}
	if r := b.MustApply(t, storetest.One(4)); r.Revision != 3 {
		t.Errorf("the other writer's batch: %+v", r)
	}
	// Of one process, they do not repeat.
	storetest.Exec(t, pool, "UPDATE feed_state SET holder = NULL, term = 0, lease_until = NULL")
	w, err := a.Store.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Release(context.Background())
	if w.Term() <= a.Term() {
		t.Errorf("term %d after term %d", w.Term(), a.Term())
	}
}
