package leader

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// migrated prepares the template that the tests' databases are cloned from.
func migrated(ctx context.Context, url string) error {
	return store.Migrate(ctx, url, store.MigrateOptions{}, slog.New(slog.DiscardHandler))
}

// openStore opens a store over a database of the test's own.
func openStore(t *testing.T) *store.Store {
	t.Helper()
	return store.New(pgtest.New(t, migrated), store.Config{}, slog.New(slog.NewTextHandler(t.Output(), nil)))
}

// calls records, in order, what a leader does with its parts.
type calls struct {
	mu   sync.Mutex
	list []string

	lead func(ctx context.Context, w *store.Writer) error // the engine's
}

func (c *calls) add(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, call)
}

func (c *calls) SetReady(ready bool) {
	if ready {
		c.add("ready")
	} else {
		c.add("not ready")
	}
}

// feedCalls records what a leader does with the feed.
type feedCalls struct{ *calls }

func (f feedCalls) Lead(feed.Source) { f.add("feed leads") }
func (f feedCalls) StandBy()         { f.add("feed stands by") }

// engineCalls records what a leader does with the engine.
type engineCalls struct{ *calls }

func (e engineCalls) Lead(ctx context.Context, w *store.Writer) error {
	e.add("cycles run")
	return e.lead(ctx, w)
}

func newLeader(t *testing.T, st *store.Store, c *calls) *Leader {
	t.Helper()
	return New(Config{
		Store: st, Feed: feedCalls{c}, Engine: engineCalls{c}, SetReady: c.SetReady,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
}

// term is what a leader does in every term.
var term = []string{"feed leads", "ready", "cycles run", "not ready", "feed stands by"}

// TestTermEndsWithItsContext also checks that the lease was given back: nobody waits for it to run out.
func TestTermEndsWithItsContext(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := &calls{lead: func(ctx context.Context, w *store.Writer) error {
		if !w.Held() {
			t.Error("cycles run without the lease")
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	newLeader(t, st, c).Run(ctx)
	if !slices.Equal(c.list, term) {
		t.Errorf("the term was %q, want %q", c.list, term)
	}
	began := time.Now()
	w, err := st.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > w.LeaseLeft() {
		t.Errorf("the next term had to wait for %v", took)
	}
	if err := w.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLostTermIsFollowedByAnother loses the first lease while cycles run.
func TestLostTermIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var terms []int64
	c := &calls{lead: func(ctx context.Context, w *store.Writer) error {
		if terms = append(terms, w.Term()); len(terms) == 2 {
			cancel()
			return ctx.Err()
		}
		return errors.Join(lease.ErrNotWriter, w.Release(ctx))
	}}
	newLeader(t, openStore(t), c).Run(ctx)
	if want := slices.Repeat(term, 2); !slices.Equal(c.list, want) {
		t.Errorf("the terms were %q, want %q", c.list, want)
	}
	if len(terms) != 2 || terms[1] <= terms[0] {
		t.Errorf("the terms are numbered %v", terms)
	}
}

func TestDiverged(t *testing.T) {
	t.Parallel()
	w, err := openStore(t).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head, epoch := w.Log().View().Head, w.Epoch()
	if err := (source{w}).Diverged(t.Context(), head); !errors.Is(err, errBehind) || w.Epoch() != epoch {
		t.Errorf("a revision that is committed: %v", err)
	}
	if err := (source{w}).Diverged(t.Context(), head+1); err != nil || w.Epoch() == epoch {
		t.Errorf("a revision that was lost: %v, epoch %s became %s", err, epoch, w.Epoch())
	}
	if err := w.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := (source{w}).Diverged(t.Context(), head+1); !errors.Is(err, lease.ErrNotWriter) {
		t.Errorf("not the writer any more: %v", err)
	}
}
