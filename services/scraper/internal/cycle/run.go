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
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/unmapped"
)

// ending bounds the writing of a cycle's beginning and of its end, which goes on after the cycle was cancelled.
const ending = 30 * time.Second

// Causes of a cycle's cancellation.
var (
	errStalled  = errors.New("cycle stalled")
	errDeadline = errors.New("cycle took longer than its deadline")
	// errNobody says that no bookmaker answered discovery.
	errNobody = errors.New("no bookmaker answered discovery")
)

// run is one running cycle.
type run struct {
	*Engine
	writer *store.Writer
	// snapshots is what the writer has committed.
	snapshots committedSnapshots
	ticket    *Ticket
	log       *slog.Logger
	began     time.Time // with a monotonic reading: what durations go by
	started   time.Time // the same as a stamp
	request   uint64    // comes before all of the cycle's own
	tally     *tally
	whole     answered
	failed    map[odds.Bookmaker]bool // whose discovery ended with an error
	found     map[odds.Bookmaker]bookmaker.Discovery
	targets   []*target

	unmapped unmapped.Count

	leftMu  sync.Mutex                      // guards left
	left    []*target                       // what the first pass went without
	last    bool                            // the last pass runs; set while no worker does
	moved   atomic.Int64                    // nanoseconds from began to the last sign of life
	acks    sync.WaitGroup                  // goroutines that wait for replicas; each is bounded by the replicas' liveness
	batches int                             // numbers given to batches
	marked  int                             // events whose absence was stored
	before  map[odds.Bookmaker]fetch.Totals // what had been asked when the cycle began
}

// run runs a ticket's cycle and answers it.
func (e *Engine) run(ctx context.Context, w *store.Writer, t *Ticket) {
	r := &run{
		Engine: e, writer: w, snapshots: w, ticket: t, log: e.log.With("cycle_id", t.CycleID),
		began: time.Now(), started: e.cfg.Clock.Now(), request: fetch.NextRequest(),
		tally: newTally(), whole: make(answered), failed: make(map[odds.Bookmaker]bool), found: make(map[odds.Bookmaker]bookmaker.Discovery),
	}
	t.started.Store(&r.started)
	r.before = e.Instruments.calls()
	r.alive()
	ctx, span := r.span(ctx)
	cycle, err := r.cycle(ctx)
	r.acks.Wait()
	endSpan(span, err)
	if err != nil {
		r.log.Error("cycle not ended", "error", err)
		err = errors.Join(lease.ErrNotWriter, err)
	} else {
		summary := r.summary(cycle)
		r.say(summary)
		e.Instruments.Observer.CycleEnded(summary)
		e.Progress.tell(Step{CycleID: t.CycleID, At: e.cfg.Clock.Now(), Ended: &cycle})
	}
	e.finish(t, cycle, err)
}

// cycle begins, executes and ends the cycle. It returns an error only when its beginning or its end could not be
// written, although that was tried for as long as the lease was held or the time for it lasted.
func (r *run) cycle(ctx context.Context) (store.Cycle, error) {
	err := r.persist(ctx, func(ctx context.Context) error { return r.writer.BeginCycle(ctx, r.ticket.CycleID, r.started) })
	if err != nil {
		return store.Cycle{}, fmt.Errorf("beginning cycle %s: %w", r.ticket.CycleID, err)
	}
	r.Instruments.Observer.CycleBegan(r.started)
	r.tell(Step{Started: &struct{}{}})
	failure := r.guarded(ctx)
	var ended store.Cycle
	err = r.persist(context.WithoutCancel(ctx), func(ctx context.Context) error {
		var err error
		ended, err = r.writer.EndCycle(ctx, r.result(failure))
		return err
	})
	if err != nil {
		return store.Cycle{}, fmt.Errorf("ending cycle %s: %w", r.ticket.CycleID, err)
	}
	return ended, nil
}

// persist writes the frame of a cycle, again and again while the database does not take it.
func (r *run) persist(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, ending)
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

// guarded executes the cycle under its deadline and its watch for stalls.
func (r *run) guarded(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { r.watch(ctx, cancel) })
	defer watching.Wait()
	defer cancel(nil)
	err := r.execute(ctx)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return cause
	}
	return err
}

// watch cancels a cycle that does not move any more or takes too long. It ends with ctx.
func (r *run) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	deadline := time.NewTimer(r.cfg.Deadline)
	defer deadline.Stop()
	check := time.NewTicker(max(r.cfg.Stall/8, time.Millisecond))
	defer check.Stop()
	for {
		select {
		case <-check.C:
			if still := time.Since(r.began) - time.Duration(r.moved.Load()); still > r.cfg.Stall {
				cancel(fmt.Errorf("nothing fetched or stored for %v: %w", still.Round(time.Second), errStalled))
				return
			}
		case <-deadline.C:
			cancel(fmt.Errorf("not ended after %v: %w", r.cfg.Deadline, errDeadline))
			return
		case <-ctx.Done():
			return
		}
	}
}

// alive is the cycle's heartbeat.
func (r *run) alive() { r.moved.Store(int64(time.Since(r.began))) }

// execute is everything between the beginning and the end.
func (r *run) execute(ctx context.Context) error {
	r.memory.turn()
	if err := r.discover(ctx); err != nil {
		return err
	}
	r.tell(Step{Discovered: r.discovered()})
	if err := r.fetchAndStore(ctx); err != nil {
		return err
	}
	if len(r.targets) > 0 {
		r.Unmapped.Replace(r.ticket.CycleID, &r.unmapped)
	}
	return r.storeAbsent(ctx)
}

// discovered sums discovery up.
func (r *run) discovered() *Discovered {
	d := &Discovered{Events: len(r.targets), Took: time.Since(r.began), Bookmakers: r.tally.bookmakers(r.names())}
	for _, t := range r.targets {
		d.Details += len(t.listings)
	}
	return d
}

// names are the bookmakers that are read, in the order of precedence.
func (r *run) names() []odds.Bookmaker {
	var names []odds.Bookmaker
	for _, b := range odds.Bookmakers() {
		if r.clients[b] != nil {
			names = append(names, b)
		}
	}
	return names
}

func (r *run) tell(s Step) {
	s.CycleID, s.At = r.ticket.CycleID, r.cfg.Clock.Now()
	r.Progress.tell(s)
}
