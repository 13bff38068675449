package cycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/unmapped"
)

// writeTimeout bounds the writing of a cycle's beginning and of its end, which goes on after the cycle was cancelled.
const writeTimeout = 30 * time.Second

// run is one running cycle.
type run struct {
	*Engine
	writer *store.Writer
	handle *Handle
	log    *slog.Logger

	began   time.Time                       // with a monotonic reading: what durations go by
	started time.Time                       // the same as a stamp
	request uint64                          // comes before all of the cycle's own
	before  map[odds.Bookmaker]fetch.Totals // requests that were made before the cycle

	// Of discovery.
	found    map[odds.Bookmaker]bookmaker.Discovery
	failed   map[odds.Bookmaker]bool // whose discovery ended with an error
	reviewer review.Reviewer         // also knows whose discovery is complete
	targets  []*review.Target

	// Of fetching.
	unmapped unmapped.Count
	missedMu sync.Mutex       // guards missed
	missed   []*review.Target // what the first pass went without
	lastPass bool             // set while no worker runs

	// Of storing.
	batches int            // numbers given to batches
	absent  int            // events whose absence was stored
	acks    sync.WaitGroup // goroutines that wait for replicas; each is bounded by visibleTimeout

	stats    *stats
	lastMove atomic.Int64 // nanoseconds from began to the last sign of progress
}

// newRun makes a cycle that begins now.
func (e *Engine) newRun(w *store.Writer, h *Handle) *run {
	r := &run{
		Engine: e, writer: w, handle: h, log: e.log.With("cycle_id", h.CycleID),
		began: time.Now(), started: e.cfg.Clock.Now(), request: fetch.NextRequest(), before: e.Instruments.calls(),
		found: make(map[odds.Bookmaker]bookmaker.Discovery), failed: make(map[odds.Bookmaker]bool), stats: newStats(),
		reviewer: review.Reviewer{Committed: w, Complete: make(map[odds.Bookmaker]bool), Suspects: &e.suspects},
	}
	r.moved()
	return r
}

// run runs the cycle of a handle, and lets its waiters go on.
func (e *Engine) run(ctx context.Context, w *store.Writer, h *Handle) {
	r := e.newRun(w, h)
	h.started.Store(&r.started)
	ctx, span := r.span(ctx)
	cycle, err := r.cycle(ctx)
	r.acks.Wait()
	endSpan(span, err)
	if err != nil {
		r.log.Error("cycle not ended", "error", err)
		err = errors.Join(lease.ErrNotWriter, err)
	} else {
		summary := r.summary(cycle)
		r.logSummary(summary)
		e.Instruments.Observer.CycleEnded(summary)
		r.notify(Step{Ended: &cycle})
	}
	e.finish(h, cycle, err)
}

// cycle begins, executes and ends the cycle. It returns an error only when its beginning or its end could not be
// written, although that was tried for as long as the lease was held or the time for it lasted.
func (r *run) cycle(ctx context.Context) (store.Cycle, error) {
	err := r.persist(ctx, func(ctx context.Context) error { return r.writer.BeginCycle(ctx, r.handle.CycleID, r.started) })
	if err != nil {
		return store.Cycle{}, fmt.Errorf("beginning cycle %s: %w", r.handle.CycleID, err)
	}
	r.Instruments.Observer.CycleBegan(r.started)
	r.notify(Step{Started: &struct{}{}})
	failure := r.guarded(ctx)
	var ended store.Cycle
	err = r.persist(context.WithoutCancel(ctx), func(ctx context.Context) error {
		var err error
		ended, err = r.writer.EndCycle(ctx, r.result(failure))
		return err
	})
	if err != nil {
		return store.Cycle{}, fmt.Errorf("ending cycle %s: %w", r.handle.CycleID, err)
	}
	return ended, nil
}

// persist writes a cycle's beginning or end, again and again while the database does not take it.
func (r *run) persist(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		err := write(ctx)
		if err == nil || errors.Is(err, lease.ErrNotWriter) || errors.Is(err, store.ErrCycle) || ctx.Err() != nil {
			return err
		}
		r.log.Warn("cycle not written, trying again", "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// execute is everything between the beginning and the end.
func (r *run) execute(ctx context.Context) error {
	r.suspects.BeginCycle()
	if err := r.discover(ctx); err != nil {
		return err
	}
	r.notify(Step{Discovered: r.discovered()})
	if err := r.fetchAndStore(ctx); err != nil {
		return err
	}
	if len(r.targets) > 0 {
		r.Unmapped.Replace(r.handle.CycleID, &r.unmapped)
	}
	return r.storeAbsent(ctx)
}

// discovered sums discovery up.
func (r *run) discovered() *Discovered {
	d := &Discovered{Events: len(r.targets), Took: time.Since(r.began), Bookmakers: r.stats.bookmakers(r.bookmakers())}
	for _, t := range r.targets {
		d.Details += len(t.Listings)
	}
	return d
}

// notify passes a step on to those who watch.
func (r *run) notify(s Step) {
	s.CycleID, s.At = r.handle.CycleID, r.cfg.Clock.Now()
	r.Progress.publish(s)
}
