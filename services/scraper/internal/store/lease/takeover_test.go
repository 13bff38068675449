package lease_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// acquireInBackground acquires in the background.
func acquireInBackground(t *testing.T, s *store.Store) <-chan *store.Writer {
	t.Helper()
	acquired := make(chan *store.Writer, 1)
	go func() { // ends with the test's context at the latest
		w, err := s.Acquire(t.Context())
		if err != nil && t.Context().Err() == nil {
			t.Errorf("Acquire: %v", err)
		}
		acquired <- w
	}()
	t.Cleanup(func() {
		select {
		case w := <-acquired:
			if w != nil {
				_ = w.Release(context.Background())
			}
		default:
		}
	})
	return acquired
}

func TestTakeoverAfterRelease(t *testing.T) {
	t.Parallel()
	a := storetest.New(t, store.Config{Holder: "a"})
	a.MustApply(t, storetest.One(2))
	acquired := acquireInBackground(t, store.New(a.Pool, store.Config{Holder: "b"}, storetest.Logger(t)))
	select {
	case <-acquired:
		t.Fatal("two writers hold the lease")
	case <-time.After(700 * time.Millisecond): // longer than the pause between two attempts
	}
	before := a.Log().View()
	if err := a.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
	b := storetest.Wait(t, "the lease", acquired)
	defer b.Release(context.Background())

	if a.Held() || !b.Held() || !errors.Is(a.Err(), lease.ErrNotWriter) || b.Err() != nil {
		t.Errorf("after the release a holds: %v (%v), b holds: %v (%v)", a.Held(), a.Err(), b.Held(), b.Err())
	}
	if a.Epoch() != b.Epoch() {
		t.Errorf("a takeover changed the epoch from %s to %s", a.Epoch(), b.Epoch())
	}
	if diff := cmp.Diff(storetest.Shape(before), storetest.Shape(b.Log().View())); diff != "" {
		t.Errorf("b's log differs from a's:\n%s", diff)
	}
	if _, err := a.Apply(t.Context(), storetest.One(3)); !errors.Is(err, lease.ErrNotWriter) {
		t.Errorf("Apply of a writer that was released: %v", err)
	}
}

func TestTakeoverAfterCrash(t *testing.T) {
	t.Parallel()
	base := pgtest.New(t, storetest.Migrated)
	w := newWire()
	cfg := store.Config{LeaseFor: 600 * time.Millisecond}
	a := storetest.On(t, w.pool(t, base), cfg)
	a.MustApply(t, storetest.One(2))
	id := uuid.Must(uuid.NewV7()).String()
	if err := a.BeginCycle(t.Context(), id, time.Now()); err != nil {
		t.Fatal(err)
	}
	w.stall()
	b := storetest.Wait(t, "the lease to expire", acquireInBackground(t, store.New(base, cfg, storetest.Logger(t))))
	defer b.Release(context.Background())
	if a.Held() {
		t.Error("both believe that they hold the lease")
	}
	c, err := store.New(base, cfg, storetest.Logger(t)).GetCycle(t.Context(), id)
	if err != nil || c.Status != store.Failed || c.Revision != b.Log().View().Head || c.Reason == "" {
		t.Errorf("the cycle that was left running: %+v, %v", c, err)
	}
	if last := b.Log().View().LastCycle; last == nil || last.CycleEnd.CycleID != id {
		t.Errorf("the log's last cycle end is %v, want that of %s", last, id)
	}

	if _, err := b.Apply(t.Context(), storetest.One(3)); err != nil {
		t.Fatalf("b's Apply: %v", err)
	}
	head := a.Log().View().Head
	w.thaw()
	if _, err := a.Apply(t.Context(), storetest.One(4)); !errors.Is(err, lease.ErrNotWriter) {
		t.Errorf("Apply of a stalled writer that woke up: %v", err)
	}
	storetest.Wait(t, "the stalled writer to notice", a.Lost())
	if got := a.Log().View().Head; got != head {
		t.Errorf("the stalled writer published up to %d after it woke up at %d", got, head)
	}
	if _, err := b.Verify(t.Context()); err != nil {
		t.Errorf("the new writer: %v", err)
	}
}

// A process stops between its last statement and COMMIT, holding the locks of everything it wrote.
func TestStallBeforeCommit(t *testing.T) {
	t.Parallel()
	base := pgtest.New(t, storetest.Migrated)
	w := newWire()
	cfg := store.Config{LeaseFor: 600 * time.Millisecond}
	a := storetest.On(t, w.pool(t, base), cfg)
	a.MustApply(t, storetest.One(2))

	w.next(freeze)
	result := make(chan error, 1)
	go func() {
		_, err := a.Apply(context.Background(), storetest.One(3))
		result <- err
	}()
	b := storetest.Wait(t, "the lease", acquireInBackground(t, store.New(base, cfg, storetest.Logger(t))))
	defer b.Release(context.Background())
	w.spent(t)
	if a.Held() {
		t.Error("both believe that they hold the lease")
	}
	if _, err := b.Apply(t.Context(), storetest.One(4)); err != nil {
		t.Errorf("the new writer's Apply beside the stalled transaction: %v", err)
	}
	w.thaw()
	if err := storetest.Wait(t, "the stalled Apply", result); !errors.Is(err, lease.ErrNotWriter) {
		t.Errorf("the stalled Apply: %v", err)
	}
	if head := a.Log().View().Head; head != 2 {
		t.Errorf("the stalled writer's log is at %d, want 2", head)
	}
	if got := b.Log().View().Head; got != 3 {
		t.Errorf("the new writer's log is at %d, want 3", got)
	}
	if _, err := b.Verify(t.Context()); err != nil {
		t.Errorf("the new writer: %v", err)
	}
}

func TestCommitUnknown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault commitFault
	}{{"COMMIT is lost", drop}, {"its answer is lost", mute}, {"it arrives late", delay}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			b := storetest.On(t, w.pool(t, pgtest.New(t, storetest.Migrated)), store.Config{})
			b.MustApply(t, storetest.One(2))

			w.next(test.fault)
			r := b.MustApply(t, storetest.One(3))
			w.spent(t)
			if r.Revision != 3 || r.Changed[odds.BetPawa] != 1 {
				t.Errorf("the batch whose COMMIT got no answer: %+v", r)
			}
			w.next(test.fault)
			id := uuid.Must(uuid.NewV7()).String()
			if err := b.BeginCycle(t.Context(), id, time.Now()); err != nil {
				t.Errorf("BeginCycle: %v", err)
			}
			w.spent(t)
			w.next(test.fault)
			c, err := b.EndCycle(t.Context(), store.Cycle{ID: id, Status: store.Succeeded})
			w.spent(t)
			if err != nil || c.Revision != 4 {
				t.Errorf("EndCycle: %+v, %v", c, err)
			}
			if got := b.Rows(t, "market_odds_history"); got != 2 {
				t.Errorf("history has %d rows, want 2", got)
			}
			if head, err := b.Verify(t.Context()); head != 4 || err != nil {
				t.Errorf("Verify: %d, %v", head, err)
			}
			b.CheckRestore(t)
		})
	}
}

func TestCancelledApplyChangesNothing(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	b.MustApply(t, storetest.One(2))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Apply(ctx, storetest.One(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply with a cancelled context: %v", err)
	}
	if head, err := b.Verify(t.Context()); head != 2 || err != nil {
		t.Errorf("Verify: %d, %v; want 2", head, err)
	}
	if r := b.MustApply(t, storetest.One(3)); r.Revision != 3 {
		t.Errorf("the same batch again: %+v", r)
	}
}

// Another took the lease although this process's clock says that it still holds it, as after a paused machine: the
// term alone keeps it from writing, since the revision is what it expects.
func TestFencedByTerm(t *testing.T) {
	t.Parallel()
	writes := map[string]func(b *storetest.Testbed, cycle string) error{
		"Apply": func(b *storetest.Testbed, _ string) error {
			_, err := b.Apply(context.Background(), storetest.One(3))
			return err
		},
		"BeginCycle": func(b *storetest.Testbed, _ string) error {
			return b.BeginCycle(context.Background(), uuid.NewString(), time.Now())
		},
		"EndCycle": func(b *storetest.Testbed, cycle string) error {
			_, err := b.EndCycle(context.Background(), store.Cycle{ID: cycle, Status: store.Succeeded})
			return err
		},
		"Verify": func(b *storetest.Testbed, _ string) error {
			_, err := b.Verify(context.Background())
			return err
		},
		"MintEpoch": func(b *storetest.Testbed, _ string) error {
			_, err := b.MintEpoch(context.Background(), 1000)
			return err
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := storetest.New(t, store.Config{LeaseFor: time.Minute})
			b.MustApply(t, storetest.One(2))
			cycle := uuid.Must(uuid.NewV7()).String()
			if err := b.BeginCycle(t.Context(), cycle, time.Now()); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Pool.Exec(t.Context(), "UPDATE feed_state SET term = term + 1"); err != nil {
				t.Fatal(err)
			}
			if !b.Held() {
				t.Fatal("the writer noticed by itself, so the test shows nothing")
			}
			var state string
			tables := `SELECT concat(f, (SELECT array_agg(c) FROM cycles c), (SELECT array_agg(s) FROM snapshots s)) FROM feed_state f`
			if err := b.Pool.QueryRow(t.Context(), tables).Scan(&state); err != nil {
				t.Fatal(err)
			}
			head := b.Log().View().Head
			if err := write(b, cycle); !errors.Is(err, lease.ErrNotWriter) {
				t.Errorf("%s of a writer whose term has passed: %v", name, err)
			}
			var after string
			if err := b.Pool.QueryRow(t.Context(), tables).Scan(&after); err != nil || after != state {
				t.Errorf("the tables changed (%v) from\n%s to\n%s", err, state, after)
			}
			if b.Held() || b.Log().View().Head != head {
				t.Errorf("held: %v, head %d, was %d", b.Held(), b.Log().View().Head, head)
			}
		})
	}
}
