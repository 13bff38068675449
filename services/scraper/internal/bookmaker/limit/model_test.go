package limit_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// caller is one event of a drawn history: it arrives, asks, holds what it got, and says what came of it.
type caller struct {
	arrives     time.Duration
	books       []odds.Bookmaker
	waitTimeout time.Duration
	holds       time.Duration
	outcome     limit.Outcome
	gives       time.Duration // its context ends then, 0 for never
	retries     bool
}

func drawCallers(t *rapid.T) []caller {
	// A coarse grid makes things happen at the same instant.
	ms := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most/50).Draw(t, name)) * 50 * time.Millisecond
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) caller {
		c := caller{
			arrives:     ms("arrives", 3000),
			books:       rapid.SliceOfNDistinct(rapid.SampledFrom(books()), 1, 3, rapid.ID).Draw(t, "books"),
			waitTimeout: ms("wait timeout", 800),
			holds:       ms("holds", 900),
			outcome: rapid.SampledFrom([]limit.Outcome{
				good(), good(), good(), good(), throttled(), notFound(), failed(), {}, {Kind: limit.Throttled, RetryAfter: 2 * time.Second},
			}).Draw(t, "outcome"),
			retries: rapid.Bool().Draw(t, "retries"),
		}
		if rapid.IntRange(0, 4).Draw(t, "gives up") == 0 {
			c.gives = 50*time.Millisecond + ms("gives", 1500)
		}
		return c
	}), 10, 80).Draw(t, "callers")
}

// watch keeps what a limiter must never do, seen from outside.
type watch struct {
	mu    sync.Mutex
	cfg   map[odds.Bookmaker]limit.Config
	out   map[odds.Bookmaker]int
	sent  map[odds.Bookmaker]time.Time
	wrong []string
}

func (w *watch) failf(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

func (w *watch) send(b odds.Bookmaker, slots int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.out[b] += slots; w.out[b] > w.cfg[b].Slots {
		w.failf("%s: %d in flight", b, w.out[b])
	}
	if last, ok := w.sent[b]; ok && now.Sub(last) < w.cfg[b].Spacing {
		w.failf("%s: sent %s after the one before", b, now.Sub(last))
	}
	w.sent[b] = now
}

func (w *watch) back(b odds.Bookmaker) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out[b]--
}

func (c caller) run(ctx context.Context, g *limit.Group, w *watch) {
	<-time.After(c.arrives)
	if c.gives > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.gives)
		defer cancel()
	}
	permits, missing, err := g.AcquireAll(ctx, c.books, c.waitTimeout)
	if err != nil {
		if ctx.Err() == nil {
			w.failf("%v: %v", c.books, err)
		}
		return
	}
	for _, p := range permits {
		w.send(p.Bookmaker(), 1)
	}
	if got := append(names(permits), missing...); len(got) != len(c.books) {
		w.failf("asked %v, got %v", c.books, got)
	}
	<-time.After(c.holds)
	for _, p := range permits {
		if l := g.Limiter(p.Bookmaker()); c.retries {
			l.Observe(time.Now(), c.outcome)
			if l.Pace(ctx) == nil {
				w.send(p.Bookmaker(), 0)
				<-time.After(c.holds)
			}
		}
		w.back(p.Bookmaker())
		p.Release(c.outcome)
	}
}

// Whatever sets are asked for in whatever order, with whatever coming of it: the limits hold, everybody is served or
// gives up, and at the end nothing is held.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	configs := map[odds.Bookmaker]limit.Config{
		odds.BetPawa:   {Slots: 4, MaxPause: time.Second},
		odds.SportyBet: {Slots: 2, Spacing: 10 * time.Millisecond, Stall: time.Second, MaxPause: time.Second},
		odds.Bet9ja:    {Slots: 1, Spacing: 25 * time.Millisecond, Burst: 2, MaxPause: time.Second},
	}
	rapid.Check(t, func(rt *rapid.T) {
		callers := drawCallers(rt)
		w := &watch{cfg: configs, out: make(map[odds.Bookmaker]int), sent: make(map[odds.Bookmaker]time.Time)}
		var stats []limit.Stats
		synctest.Test(t, func(t *testing.T) {
			g := group(t, configs)
			var running sync.WaitGroup
			for _, c := range callers {
				running.Go(func() { c.run(t.Context(), g, w) })
			}
			running.Wait() // a deadlock ends the bubble with a panic
			stats = g.Stats()
		})
		for _, s := range stats {
			if s.InFlight != 0 || s.Waiting != 0 {
				w.failf("left over: %+v", s)
			}
		}
		if len(w.wrong) > 0 {
			slices.Sort(w.wrong)
			rt.Fatalf("%d callers: %v", len(callers), slices.Compact(w.wrong))
		}
	})
}
