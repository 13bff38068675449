package lease_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

func TestEpoch(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	b.MustApply(t, storetest.One(2))
	was := b.Epoch()
	if _, err := b.MintEpoch(t.Context(), 2); !errors.Is(err, store.ErrNotAhead) || b.Epoch() != was {
		t.Errorf("minting for a revision of the history: %v, epoch %s, was %s", err, b.Epoch(), was)
	}
	minted, err := b.MintEpoch(t.Context(), 3)
	if err != nil || minted == was || b.Epoch() != minted {
		t.Errorf("minting for a lost revision: %s, %v, epoch %s, was %s", minted, err, b.Epoch(), was)
	}
	b.CheckRestore(t)
	if b.Epoch() != minted {
		t.Errorf("epoch %s after a restore, want %s", b.Epoch(), minted)
	}
	if other := storetest.New(t, store.Config{}); other.Epoch() == was {
		t.Errorf("another database of the same template has the same epoch %s", was)
	}
}

// Postgres lost commits, as a restore from a backup does: the writer must not go on as if nothing was.
func TestHistoryRewound(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	b.MustApply(t, storetest.One(2))
	if _, err := b.Pool.Exec(t.Context(), "UPDATE feed_state SET revision = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Apply(t.Context(), storetest.One(3)); !errors.Is(err, lease.ErrNotWriter) {
		t.Errorf("Apply on a history that went back: %v", err)
	}
	storetest.Wait(t, "the writer to be lost", b.Lost())
}

func TestAcquireOnForeignDatabase(t *testing.T) {
	t.Parallel()
	s := store.New(pgtest.New(t, nil), store.Config{}, storetest.Logger(t))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Acquire(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("Acquire on an empty database: %v", err)
	}
}
