// Package leader makes this scraper the writer whenever it can be.
//
// A term begins when the lease is acquired, which also rebuilds the log from the database. The feed then serves that
// log, cycles run, and both end together: when the lease is lost, or when the scraper stops. The lease is given back
// last, so that nobody else writes while a cycle of this term is still being ended. Between terms the feed stands by and
// rejects replicas, which then try the next of their scrapers.
package leader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/feed"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

const (
	// retryPause follows a term that could not begin, or that ended with an error.
	retryPause = time.Second
	// releaseTimeout bounds giving the lease back. A lease that is not given back runs out by itself.
	releaseTimeout = 5 * time.Second
)

// Feed serves the log of a term to replicas. A feed.Server is one.
type Feed interface {
	// Lead makes src what new streams are served from.
	Lead(src feed.Source)
	// StandBy rejects new streams. Those of a term end by themselves when its lease is lost or given back.
	StandBy()
}

// Engine runs the cycles of a term. A cycle.Engine is one.
type Engine interface {
	// Lead runs cycles with w until ctx ends or the lease is lost, and returns ctx's error or lease.ErrNotWriter. No
	// cycle of the term runs when it returns.
	Lead(ctx context.Context, w *store.Writer) error
}

// Config is what a leader needs. All fields are required, and the leader closes none of them.
type Config struct {
	Store  *store.Store
	Feed   Feed
	Engine Engine
	// SetReady is called with true when the feed of a term is served, and with false when it is not any more.
	SetReady func(ready bool)
	Logger   *slog.Logger
}

// Leader takes terms. Use New.
type Leader struct {
	cfg Config
	log *slog.Logger
}

// New makes a leader. It starts nothing.
func New(cfg Config) *Leader { return &Leader{cfg: cfg, log: cfg.Logger} }

// Run takes one term after another until ctx ends. Everything that a term has started has ended when it returns.
func (l *Leader) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.term(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("term ended", "error", err)
			select {
			case <-time.After(retryPause):
			case <-ctx.Done():
			}
		}
	}
}

// term waits for the lease, serves the feed from its log and runs cycles until the lease is lost or ctx ends.
func (l *Leader) term(ctx context.Context) error {
	w, err := l.cfg.Store.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquiring the lease: %w", err)
	}
	view := w.Log().View()
	l.log.Info("writing", "epoch", w.Epoch(), "revision", view.Head, "entries", view.Entries)
	//failpoint:lead.before_serving
	l.cfg.Feed.Lead(source{w})
	//failpoint:lead.serving
	l.cfg.SetReady(true)
	err = l.cfg.Engine.Lead(ctx, w)
	if lost := w.Err(); lost != nil && errors.Is(err, lease.ErrNotWriter) {
		err = lost // which says why
	}
	l.cfg.SetReady(false)
	l.cfg.Feed.StandBy()
	return errors.Join(err, release(ctx, w))
}

// release gives the lease back, also after ctx has ended. A lease that is lost already is no error.
func release(ctx context.Context, w *store.Writer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := w.Release(ctx); err != nil && !errors.Is(err, lease.ErrNotWriter) {
		return fmt.Errorf("giving the lease back: %w", err)
	}
	return nil
}
