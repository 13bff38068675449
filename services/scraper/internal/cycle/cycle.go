// Package cycle runs cycles: it reads what the bookmakers list, fetches and stores every event, and ends the cycle with
// the list of what is evicted.
//
// A cycle goes through these phases, in this order:
//
//  1. Begin. The cycle is in the database as RUNNING before anything is requested.
//  2. Discover. All bookmakers are listed side by side. What they list is merged by SportRadar id into targets, whose
//     kickoffs are reviewed (package review). Slow bookmakers are cut off (package listing).
//  3. Fetch and store. Targets go in order of urgency. All bookmakers of a target are requested at the same moment, so
//     that their prices can be compared; across targets there are no barriers. Each target is reviewed and passed on as
//     soon as its last bookmaker has answered, and stored in batches while others are still fetched. Bookmakers that
//     were backed off are tried once more at the end.
//  4. Mark the absent. Events that their bookmaker does not list any more become unavailable. This is last, so that an
//     event which was fetched in this cycle counts as listed.
//  5. End. The cycle's end is committed, with its status and the keys that are evicted, and published behind everything
//     that the cycle stored.
//
// What always holds:
//
//  1. One cycle runs at a time. A request during a running cycle joins the one next cycle that is queued, so it sees
//     what was fetched after it was made.
//  2. Every cycle that began ends with a cycle end, whatever happened, unless the lease was lost; then the next term
//     closes it. At its end all that it fetched is committed and published, or the cycle is FAILED. No goroutine of it
//     is left.
//  3. Nothing is made unavailable, unlinked or evicted because somebody did not answer.
//  4. No body or snapshot is held longer than until its batch is committed.
//  5. Durations go by the monotonic clock. What is stamped, and what counts as begun, goes by the package clock.
//
// An Engine runs cycles in the goroutine that calls Lead. A Refresh runs in its caller's, beside a cycle.
package cycle

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/listing"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/unmapped"
)

// Config says how cycles run.
type Config struct {
	// Interval between the starts of cycles; 0 runs them only on request. A tick during a running cycle is skipped.
	Interval time.Duration
	// BatchEvents is how many events a batch holds at most.
	BatchEvents int
	// BatchAge is how long the first event of a batch waits for more.
	BatchAge time.Duration
	// WaitTimeout is how long an event waits for a bookmaker that is backed off before it goes without it.
	WaitTimeout time.Duration
	// Deadline cancels a cycle that takes longer.
	Deadline time.Duration
	// Stall cancels a cycle in which no event was fetched or stored for so long. A slow cycle that moves is left alone.
	Stall time.Duration
	// Clock tells the time. Default one over time.Now.
	Clock *clock.Clock
}

// Limits hands out the slots of the bookmakers' limiters.
type Limits interface {
	// AcquireAll takes a slot of each bookmaker at one instant. Bookmakers that stay backed off longer than waitTimeout
	// are returned as missing.
	AcquireAll(
		ctx context.Context, bookmakers []odds.Bookmaker, waitTimeout time.Duration,
	) (permits []*limit.Permit, missing []odds.Bookmaker, err error)
}

// Visible waits until every live replica has acknowledged a revision and reports whether there was any.
type Visible func(ctx context.Context, revision int64) bool

// Engine runs cycles. Use New.
type Engine struct {
	cfg     Config
	clients map[odds.Bookmaker]bookmaker.Client
	limits  Limits
	visible Visible
	log     *slog.Logger
	workers int // events fetched at once: as many as slots could ever serve

	// Instruments are what operators see. They are set before Lead.
	Instruments Instruments

	// Progress notifies watchers of what cycles do.
	Progress Progress

	// Unmapped is what the newest cycle that fetched anything could not map.
	Unmapped unmapped.Register

	writer atomic.Pointer[store.Writer] // nil while another scraper leads

	// What is remembered from one cycle to the next. It belongs to the running one.
	absences  listing.Absences
	discovery map[odds.Bookmaker]listing.Past
	suspects  review.Suspects

	mu      sync.Mutex // guards what follows
	leading bool
	running *Handle
	queued  *Handle
	wake    chan struct{} // buffered; sent to when queued is set
}

// New makes an engine of clients. slots is the sum of the slots of all limiters.
func New(cfg Config, clients []bookmaker.Client, limits Limits, slots int, visible Visible, log *slog.Logger) *Engine {
	if cfg.Clock == nil {
		cfg.Clock = clock.New(nil)
	}
	byName := make(map[odds.Bookmaker]bookmaker.Client, len(clients))
	for _, c := range clients {
		byName[c.Bookmaker()] = c
	}
	return &Engine{
		cfg: cfg, clients: byName, limits: limits, visible: visible, log: log, workers: slots,
		Instruments: Instruments{Observer: discardObserver{}},
		absences:    make(listing.Absences), discovery: make(map[odds.Bookmaker]listing.Past), wake: make(chan struct{}, 1),
	}
}

// bookmakers are those that are read, in the order of precedence.
func (e *Engine) bookmakers() []odds.Bookmaker {
	var names []odds.Bookmaker
	for _, b := range registry.Names() {
		if e.clients[b] != nil {
			names = append(names, b)
		}
	}
	return names
}

// Lead runs cycles with w until ctx ends or the lease is lost; a running cycle is then ended first. It returns
// ctx's error or lease.ErrNotWriter.
func (e *Engine) Lead(ctx context.Context, w *store.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var waiting sync.WaitGroup
	waiting.Go(func() { // ends with ctx, which this function cancels when it returns
		select {
		case <-w.Lost():
			cancel(lease.ErrNotWriter)
		case <-ctx.Done():
		}
	})
	defer waiting.Wait()
	defer cancel(nil)
	e.beginTerm(w)
	defer e.endTerm()
	var ticks <-chan time.Time
	if e.cfg.Interval > 0 {
		ticker := time.NewTicker(e.cfg.Interval)
		defer ticker.Stop()
		ticks = ticker.C
		e.requestIfIdle()
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticks:
			e.requestIfIdle()
		case <-e.wake:
			for h := e.next(); h != nil; h = e.next() {
				e.run(ctx, w, h)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
			}
		}
	}
}
