package limit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// ErrUnknownBookmaker is what asking for the permit of a bookmaker without a limiter gives.
var ErrUnknownBookmaker = errors.New("bookmaker has no limiter")

// forever is the wait timeout of those who do not go without.
const forever = time.Duration(math.MaxInt64)

// Group is the limiters of all bookmakers. Its methods may be called concurrently. It has nothing to close.
type Group struct {
	limiters map[odds.Bookmaker]*Limiter // never changed

	// mu guards everything below and all state of the limiters and permits.
	mu    sync.Mutex
	queue []*waiter // in the order in which they are served
	timer *time.Timer
}

// NewGroup makes one limiter for each bookmaker.
func NewGroup(configs map[odds.Bookmaker]Config) (*Group, error) {
	g := &Group{limiters: make(map[odds.Bookmaker]*Limiter, len(configs))}
	for b, cfg := range configs {
		if err := cfg.Validate(); err != nil {
			return nil, fmt.Errorf("limits of %s: %w", b, err)
		}
		cfg = cfg.withDefaults()
		g.limiters[b] = &Limiter{bookmaker: b, cfg: cfg, group: g, backoff: backoff{allowed: float64(cfg.Slots)}}
	}
	return g, nil
}

// Limiter is the bookmaker's, nil when the group has none.
func (g *Group) Limiter(b odds.Bookmaker) *Limiter { return g.limiters[b] }

// AcquireAll waits until one permit of each bookmaker can be had at the same instant. A bookmaker that is backed off
// is waited for no longer than waitTimeout, counted from the later of the call and the moment it backed off; then it
// is among the missing and the event goes without it. One that is down, having turned away two volleys of requests with
// nothing good between them, is not waited for. All may be missing. Permits are in the order of bookmakers. The
// error is that of ctx, or ErrUnknownBookmaker; then there are no permits.
func (g *Group) AcquireAll(
	ctx context.Context, bookmakers []odds.Bookmaker, waitTimeout time.Duration,
) (permits []*Permit, missing []odds.Bookmaker, err error) {
	w := &waiter{waitTimeout: waitTimeout, event: true}
	for _, b := range bookmakers {
		l := g.limiters[b]
		if l == nil {
			return nil, nil, fmt.Errorf("acquiring the permit of %q: %w", b, ErrUnknownBookmaker)
		}
		if !slices.Contains(w.wanted, l) {
			w.wanted = append(w.wanted, l)
		}
	}
	if len(w.wanted) == 0 {
		return nil, nil, ctx.Err()
	}
	return g.wait(ctx, w)
}

// Stats is all limiters now, in alphabetical order.
func (g *Group) Stats() []Stats {
	var all []Stats
	for _, l := range g.limiters {
		all = append(all, l.Stats())
	}
	slices.SortFunc(all, func(a, b Stats) int { return cmp.Compare(a.Bookmaker, b.Bookmaker) })
	return all
}
