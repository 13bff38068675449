package sim

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

// Limit is a bookmaker's defence against too many requests. The zero value has none.
type Limit struct {
	Concurrency int // most requests at a time; 0 for any number
	PerSecond   int // most requests within any second of the wall clock; 0 for any number
	Status      int // of the rejection; 0 is what the real site sends: 429, and 403 at Bet9ja
}

// Counters is what a bookmaker saw since the start or ResetCounters.
type Counters struct {
	Requests    int64 `json:"requests"`
	Trees       int64 `json:"trees"`         // calls for the tree of tournaments
	Lists       int64 `json:"lists"`         // calls for the events of tournaments
	Details     int64 `json:"details"`       // calls for single events
	InFlight    int64 `json:"in_flight"`     // requests being answered now
	MaxInFlight int64 `json:"max_in_flight"` // the most at a time
	Rejected    int64 `json:"rejected"`      // turned away because a limit was exceeded
	Faulted     int64 `json:"faulted"`       // answered with a fault
	Abandoned   int64 `json:"abandoned"`     // given up by the reader before the answer
}

// gate is what stands before a bookmaker's answers: counting, limits, latency and faults.
type gate struct {
	book    book.Book
	key     chance.Chance
	latency Latency
	scale   float64
	faults  atomic.Pointer[faultSet]

	mu       sync.Mutex // guards what follows
	limit    Limit
	counters Counters
	recent   []time.Time // the last limit.PerSecond arrivals, a ring
	at       int
}

func newGate(b book.Book, cfg *Config) *gate {
	g := &gate{book: b, key: chance.Chance(cfg.Seed).Of(uint64(b), 101), latency: cfg.Latency[b], scale: cfg.LatencyScale}
	if g.scale == 0 {
		g.scale = 1
	}
	g.setLimit(cfg.Limits[b])
	g.faults.Store(&faultSet{})
	return g
}

// RealLimits is what the real sites were seen to allow at a time.
func RealLimits() Each[Limit] { return each(func(b *bookmaker) Limit { return b.limit }) }

// SetLimit changes a bookmaker's limit. Unknown bookmakers are ignored.
func (w *World) SetLimit(bookmaker string, limit Limit) {
	if b, ok := book.Named(bookmaker); ok {
		w.gates[b].setLimit(limit)
	}
}

func (g *gate) setLimit(limit Limit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limit = limit
	g.recent, g.at = make([]time.Time, max(limit.PerSecond, 0)), 0
}

// Counters is what each bookmaker saw, by its name.
func (w *World) Counters() map[string]Counters {
	all := make(map[string]Counters)
	for b := range book.Count {
		g := w.gates[b]
		g.mu.Lock()
		all[b.String()] = g.counters
		g.mu.Unlock()
	}
	return all
}

// ResetCounters sets the counters to zero; requests under way stay counted as such.
func (w *World) ResetCounters() {
	for _, g := range w.gates {
		g.mu.Lock()
		g.counters = Counters{InFlight: g.counters.InFlight, MaxInFlight: g.counters.InFlight}
		g.mu.Unlock()
	}
}

// enter counts a request in. It reports its number and whether the bookmaker takes it.
func (g *gate) enter(to route) (serial uint64, taken bool) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	c := &g.counters
	c.Requests++
	switch to {
	case routeTree:
		c.Trees++
	case routeEvents:
		c.Lists++
	case routeDetail:
		c.Details++
	default: // counted among all requests
	}
	c.InFlight++
	c.MaxInFlight = max(c.MaxInFlight, c.InFlight)
	taken = g.limit.Concurrency <= 0 || c.InFlight <= int64(g.limit.Concurrency)
	if n := len(g.recent); n > 0 {
		taken = taken && now.Sub(g.recent[g.at]) >= time.Second
		g.recent[g.at] = now
		g.at = (g.at + 1) % n
	}
	if !taken {
		c.Rejected++
	}
	return uint64(c.Requests), taken
}

// leave counts a request out.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counters.InFlight--
}

// count adds one to a counter.
func (g *gate) count(counter *int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	*counter++
}

// serve answers a request as the bookmaker.
func (w *World) serve(b book.Book, rw http.ResponseWriter, r *http.Request) {
	g := w.gates[b]
	to, key := w.sites[b].route(w, r)
	serial, taken := g.enter(to)
	defer g.leave()
	if !taken {
		g.reject(rw)
		return
	}
	delay := time.Duration(float64(g.latency.draw(g.key.Of(serial, 102))) * g.scale)
	var fault *Fault
	faults := g.faults.Load()
	for i := range faults.outside {
		switch f := &faults.outside[i]; {
		case !f.hits(g.key, to, key, serial):
		case f.Kind == Slow:
			delay += f.Delay
			g.count(&g.counters.Faulted)
		case fault == nil:
			fault = &f.Fault
			g.count(&g.counters.Faulted)
		}
	}
	if !pause(r.Context(), delay) {
		g.count(&g.counters.Abandoned)
		return
	}
	x := &exchange{w: rw, r: r, world: w, book: b, route: to, serial: serial, now: w.catchUp(), fault: fault, inside: faults.inside}
	x.setDate(key)
	if fault != nil && fault.show(rw) {
		return
	}
	w.sites[b].serve(x, to, key)
	if x.shown && fault == nil {
		g.count(&g.counters.Faulted)
	}
}

// reject turns a request away.
func (g *gate) reject(rw http.ResponseWriter) {
	g.mu.Lock()
	status := g.limit.Status
	g.mu.Unlock()
	if status == 0 {
		status = traitsOf(g.book).tooMany
	}
	answerPage(rw, status, []byte("<html><body><h1>Too many requests</h1></body></html>"))
}

// pause waits, and reports false if the reader went away meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
