// Package cycle runs cycles: discovery, fetch, store, cycle end.
//
// It is not for bookmakers' shapes (betpawa, sportybet, bet9ja), nor for what is written and how (store).
//
// What it keeps to:
//
//  1. One cycle at a time. A request during a running cycle joins the one next cycle that is queued.
//  2. All bookmakers of an event are asked at the same moment; across events there are no barriers, and fetching and
//     storing overlap. Events go in order of urgency.
//  3. Every cycle that began ends with a cycle end, whatever happened, unless the lease was lost; then the next term
//     closes it.
//  4. Nothing is made unavailable, unlinked or evicted because somebody did not answer.
//  5. No body or snapshot is held longer than until its batch is committed.
//  6. Durations go by the monotonic clock. What is stamped, and what counts as begun, goes by the package clock.
package cycle

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
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
	// Patience is how long an event waits for a bookmaker that is backed off before it goes without it.
	Patience time.Duration
	// Deadline cancels a cycle that takes longer.
	Deadline time.Duration
	// Stall cancels a cycle in which no event was fetched or stored for so long; a slow cycle that moves is left alone.
	Stall time.Duration
	// Clock tells the time. Default one over time.Now.
	Clock *clock.Clock
}

// Limits hands out the slots of the bookmakers' limiters.
type Limits interface {
	// AcquireAll takes a slot of each bookmaker at one instant; those that stay backed off longer than patience are
	// among the missing.
	AcquireAll(ctx context.Context, bookmakers []odds.Bookmaker, patience time.Duration) ([]*limit.Permit, []odds.Bookmaker, error)
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

	// Instruments are what operators see.
	Instruments Instruments

	// Progress tells watchers what cycles do.
	Progress Progress

	// Unmapped is what the newest cycle that fetched anything could not map.
	Unmapped unmapped.Register

	writer   atomic.Pointer[store.Writer] // nil while another leads
	absences absences
	memory   memory
	// discovery is what earlier cycles tell of each bookmaker's. It is the running cycle's, as absences are.
	discovery map[odds.Bookmaker]pastDiscovery
	events    int // workers: as many events at once as slots could ever serve

	mu      sync.Mutex
	leading bool
	running *Ticket
	queued  *Ticket
	wake    chan struct{} // buffered; says that queued was set
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
		cfg: cfg, clients: byName, limits: limits, visible: visible, log: log, events: slots,
		Instruments: Instruments{Observer: silent{}},
		absences:    make(absences), discovery: make(map[odds.Bookmaker]pastDiscovery), wake: make(chan struct{}, 1),
	}
}

// Lead runs cycles with w until ctx ends or the lease is lost; a running cycle is then ended first. It returns
// ctx's error or lease.ErrNotWriter.
func (e *Engine) Lead(ctx context.Context, w *store.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { // ends with ctx, which this function cancels when it returns
		select {
		case <-w.Lost():
			cancel(lease.ErrNotWriter)
		case <-ctx.Done():
		}
	})
	defer watching.Wait()
	defer cancel(nil)
	e.lead(w)
	defer e.resign()
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
			for t := e.next(); t != nil; t = e.next() {
				e.run(ctx, w, t)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
			}
		}
	}
}
