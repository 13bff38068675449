package cycle

import (
	"context"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// laggards are the discoveries under way. It belongs to one goroutine.
type laggards struct {
	began  time.Time
	limits map[odds.Bookmaker]time.Duration // how long each may take once another is done
	cut    map[odds.Bookmaker]context.CancelCauseFunc
	done   chan odds.Bookmaker
}

// newLaggards makes room for all bookmakers.
func (r *run) newLaggards() *laggards {
	l := &laggards{
		began: r.started, limits: make(map[odds.Bookmaker]time.Duration), cut: make(map[odds.Bookmaker]context.CancelCauseFunc),
		done: make(chan odds.Bookmaker, len(r.clients)),
	}
	for _, b := range r.names() {
		l.limits[b] = max(laggardLeast, laggardShare*r.discovery[b])
	}
	return l
}

// discover runs one bookmaker's discovery beside the others. Its context ends with ctx, or with errLaggard as its
// cause.
func (l *laggards) discover(ctx context.Context, b odds.Bookmaker, do func(context.Context)) {
	ctx, l.cut[b] = context.WithCancelCause(ctx)
	go func() { // ends with do, which ends with ctx; wait waits for it
		defer func() { l.done <- b }()
		do(ctx)
	}()
}

// wait waits until all are done. It cuts off those that are over their limit once another is done; as long as
// nobody is, the network or the machine is slow and not the bookmaker.
func (l *laggards) wait() {
	for first := true; len(l.cut) > 0; first = false {
		var over <-chan time.Time
		if !first {
			over = time.After(time.Until(l.began.Add(l.nextLimit())))
		}
		select {
		case b := <-l.done:
			l.cut[b](nil)
			delete(l.cut, b)
		case <-over:
			for b, cut := range l.cut {
				if time.Since(l.began) >= l.limits[b] {
					cut(errLaggard)
					l.limits[b] = never
				}
			}
		}
	}
}

// never is a limit beyond every cycle's deadline.
const never = 48 * time.Hour

// nextLimit is the earliest limit of those under way.
func (l *laggards) nextLimit() time.Duration {
	next := never
	for b := range l.cut {
		next = min(next, l.limits[b])
	}
	return next
}
