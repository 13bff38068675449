package lease_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// stepping makes a pool on base's database whose clock_timestamp() can be set: a function of that name stands before
// Postgres' own. step sets by how much it differs.
func stepping(t *testing.T, base *pgxpool.Pool) (pool *pgxpool.Pool, step func(time.Duration)) {
	t.Helper()
	storetest.Exec(t, base, `CREATE SCHEMA stepped;
		CREATE TABLE stepped.clock (ahead interval NOT NULL); INSERT INTO stepped.clock VALUES ('0');
		CREATE FUNCTION stepped.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
			'SELECT pg_catalog.clock_timestamp() + ahead FROM stepped.clock'`)
	config := base.Config()
	config.ConnConfig.RuntimeParams["search_path"] = "stepped, pg_catalog, public"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, func(ahead time.Duration) {
		t.Helper()
		if _, err := base.Exec(t.Context(), "UPDATE stepped.clock SET ahead = $1", ahead); err != nil {
			t.Fatal(err)
		}
	}
}

// The holder died, and the database's clock was set back: its lease ends when its length has passed, not hours later.
func TestLeaseOfDeadHolderAfterClockStep(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-3 * time.Hour, -time.Second, time.Second, 3 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			pool, step := stepping(t, pgtest.New(t, storetest.Migrated))
			w := newWire()
			cfg := store.Config{LeaseFor: brief}
			a := storetest.On(t, w.pool(t, pool), cfg)
			a.MustApply(t, storetest.One(2))
			w.stall()
			defer w.thaw()
			step(ahead)
			began := time.Now()
			b := storetest.Wait(t, "the lease of the dead", acquireInBackground(t, store.New(pool, cfg, storetest.Logger(t))))
			defer b.Release(context.Background())
			if took := time.Since(began); took > brief+4*time.Second { // a lease, and what a busy machine adds
				t.Errorf("taking over took %v with a lease of %v", took, brief)
			}
		})
	}
}

// An older version does not say how long its lease is.
func TestLeaseOfOlderVersion(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, storetest.Migrated)
	cfg := store.Config{LeaseFor: brief}
	b := storetest.On(t, pool, cfg)
	b.MustApply(t, storetest.One(2))
	// As it takes and renews the lease.
	storetest.Exec(t, pool, "UPDATE feed_state SET holder = 'old', term = term + 1, lease_seconds = NULL, lease_until = clock_timestamp() + interval '3 h'")
	began := time.Now()
	next := storetest.Wait(t, "the lease of the older version", acquireInBackground(t, store.New(pool, cfg, storetest.Logger(t))))
	defer next.Release(context.Background())
	if took := time.Since(began); took < brief || took > brief+4*time.Second {
		t.Errorf("taking over took %v with a lease of %v", took, brief)
	}
	storetest.Exec(t, pool, `UPDATE feed_state SET lease_until = clock_timestamp() + interval '15 s' WHERE holder IS NOT NULL`) // its renewal
}

// The database's clock is set while the holder lives: nobody who has seen it alive takes its lease.
func TestLeaseOfLivingHolderAfterClockStep(t *testing.T) {
	t.Parallel()
	pool, step := stepping(t, pgtest.New(t, storetest.Migrated))
	cfg := store.Config{LeaseFor: brief}
	a := storetest.On(t, pool, cfg)
	acquired := acquireInBackground(t, store.New(pool, cfg, storetest.Logger(t)))
	for _, ahead := range []time.Duration{-3 * time.Hour, 0, 3 * time.Hour, -time.Minute, 0} {
		select {
		case <-acquired:
			t.Fatal("the lease of a living holder was taken")
		case <-a.Lost():
			t.Fatalf("a living holder lost its lease: %v", a.Err())
		case <-time.After(brief): // three renewals, and as many looks at them
		}
		step(ahead)
	}
	a.MustApply(t, storetest.One(3))
	if err := a.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := storetest.Wait(t, "the lease that was given back", acquired)
	_ = b.Release(context.Background())
}

// Taking the lease waits for a lock, longer than the lease is: the lease counts from when it was granted.
func TestTakeoverThatWaited(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, storetest.Migrated)
	cfg := store.Config{LeaseFor: 400 * time.Millisecond} // an attempt takes a second at the most
	storetest.On(t, pool, cfg).MustApply(t, storetest.One(2))
	other, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback(context.Background()) }()
	if _, err := other.Exec(t.Context(), "UPDATE feed_state SET holder = 'gone', lease_until = clock_timestamp() - interval '1 h'"); err != nil {
		t.Fatal(err)
	}
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if other, err = pool.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "SELECT FROM feed_state FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	var lines logged
	acquired := acquireInBackground(t, store.New(pool, cfg, lines.logger()))
	<-time.After(700 * time.Millisecond) // the wait that is tested
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := storetest.Wait(t, "the lease", acquired)
	defer b.Release(context.Background())
	if strings.Contains(lines.String(), "%!") || strings.Contains(lines.String(), "waiting for the lease") {
		t.Errorf("the lease that was granted was not used:\n%s", lines.String())
	}
	if _, err := b.Apply(t.Context(), storetest.One(3)); err != nil {
		t.Error(err)
	}
}

// A process stands still for longer than its lease: it says so, and gives back what is still its own.
func TestStoodStill(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, storetest.Migrated)
	w := newWire()
	a := storetest.On(t, w.pool(t, pool), store.Config{LeaseFor: 600 * time.Millisecond})
	w.stall()
	<-time.After(time.Second) // as a process that is stopped: its statement stays where it is
	if a.Held() {
		t.Error("the lease is held beyond its end")
	}
	w.thaw()
	storetest.Wait(t, "the lease to run out", a.Lost())
	if err := a.Err(); !errors.Is(err, lease.ErrNotWriter) || strings.Contains(err.Error(), "%!") {
		t.Errorf("the lease is lost: %v", err)
	}
	if err := a.Release(t.Context()); err != nil {
		t.Errorf("Release: %v", err)
	}
	var holder *string
	if err := pool.QueryRow(t.Context(), "SELECT holder FROM feed_state").Scan(&holder); err != nil || holder != nil {
		t.Errorf("the lease that is not used is still held by %v, %v", holder, err)
	}
}

// What was taken is given back when the takeover fails afterwards.
func TestFailedTakeoverGivesBack(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, storetest.Migrated)
	storetest.Exec(t, pool, "DROP TABLE events CASCADE")
	if _, err := store.New(pool, store.Config{LeaseFor: time.Minute}, storetest.Logger(t)).Acquire(t.Context()); err == nil {
		t.Fatal("acquired a database without events")
	}
	var holder *string
	if err := pool.QueryRow(t.Context(), "SELECT holder FROM feed_state").Scan(&holder); err != nil || holder != nil {
		t.Errorf("the lease is still held by %v, %v", holder, err)
	}
}
