// Package storetest gives tests of the store and of the packages below it a writer on a database of their own, and what
// they write and look at.
package storetest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Migrated prepares the template that the tests' databases are cloned from.
func Migrated(ctx context.Context, url string) error {
	return store.Migrate(ctx, url, store.MigrateOptions{}, slog.New(slog.DiscardHandler))
}

// Testbed is a store and its writer on a database of the test's own.
type Testbed struct {
	*store.Writer // the present one; see MustAcquire
	Store         *store.Store
	Pool          *pgxpool.Pool // to the same database
}

// New makes a testbed on an empty, migrated database.
func New(t *testing.T, cfg store.Config) *Testbed {
	t.Helper()
	return On(t, pgtest.New(t, Migrated), cfg)
}

// On makes a testbed on the database of a pool. Its writer is released when the test ends.
func On(t *testing.T, pool *pgxpool.Pool, cfg store.Config) *Testbed {
	t.Helper()
	b := &Testbed{Pool: pool, Store: store.New(pool, cfg, Logger(t))}
	b.MustAcquire(t)
	t.Cleanup(func() { _ = b.Release(context.WithoutCancel(t.Context())) })
	return b
}

// Logger writes into the test's output.
func Logger(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// MustAcquire gives the testbed a new writer, which knows only what Postgres holds.
func (b *Testbed) MustAcquire(t TB) {
	t.Helper()
	w, err := b.Store.Acquire(t.Context())
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	b.Writer = w
}

// MustApply writes a batch.
func (b *Testbed) MustApply(t TB, batch store.Batch) store.BatchResult {
	t.Helper()
	r, err := b.Apply(t.Context(), batch)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return r
}

// MustBegin begins a cycle and returns its id.
func (b *Testbed) MustBegin(t TB) string {
	t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	if err := b.BeginCycle(t.Context(), id, time.Now()); err != nil {
		t.Fatalf("BeginCycle: %v", err)
	}
	return id
}

// MustCycle runs a cycle that does nothing but end.
func (b *Testbed) MustCycle(t TB, status store.CycleStatus) store.Cycle {
	t.Helper()
	id := b.MustBegin(t)
	c, err := b.EndCycle(t.Context(), store.Cycle{ID: id, Status: status})
	if err != nil {
		t.Fatalf("EndCycle: %v", err)
	}
	return c
}

// TB is what helpers need of a test, and of a property's single check.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}
