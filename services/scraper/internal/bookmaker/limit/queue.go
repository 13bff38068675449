package limit

import (
	"context"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// waiter is a caller in line.
type waiter struct {
	wanted      []*Limiter
	waitTimeout time.Duration
	pacing      bool // holds its slot already and waits for the moment to send only
	event       bool // can go without a bookmaker for the sake of the others
	arrived     time.Time

	// done is closed when the waiter was served; permits and missing are written before and read after.
	done    chan struct{}
	permits []*Permit
	missing []odds.Bookmaker
}

// A waiter is in line from wait until serveLocked takes it out or its context ends. Both happen under the group's
// lock, so exactly one of them does.

// wait puts w in line and waits until it is served or ctx ends.
func (g *Group) wait(ctx context.Context, w *waiter) ([]*Permit, []odds.Bookmaker, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	w.done = make(chan struct{})
	g.mu.Lock()
	w.arrived = time.Now()
	if w.pacing {
		g.queue = slices.Insert(g.queue, g.pacersLocked(), w)
	} else {
		g.queue = append(g.queue, w)
	}
	g.serveLocked(w.arrived)
	g.mu.Unlock()

	select {
	case <-w.done:
		return w.permits, w.missing, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	// Still in line: nobody has served it. Not in line: it was served between the two moments above.
	if i := slices.Index(g.queue, w); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
		g.serveLocked(time.Now()) // what was left to w is free for others
	}
	g.mu.Unlock()
	for _, p := range w.permits { // served at the same moment: hand it on
		p.Release(Outcome{})
	}
	return nil, nil, ctx.Err()
}

// pacersLocked is how many at the head of the line are pacing.
func (g *Group) pacersLocked() int {
	n := 0
	for n < len(g.queue) && g.queue[n].pacing {
		n++
	}
	return n
}

// serveLocked goes through the line once and serves whoever can be served, then sets the timer for the next moment
// at which time alone changes something. It runs after everything that may let somebody through: an arrival, a
// release, an outcome, a waiter that left, the timer. It looks at every waiter: a thousand take a
// tenth of a millisecond.
func (g *Group) serveLocked(now time.Time) {
	for _, l := range g.limiters {
		l.refreshLocked(now)
		l.claimed, l.taken, l.wanted = 0, false, false
	}
	var next time.Time
	g.queue = slices.DeleteFunc(g.queue, func(w *waiter) bool {
		if w.serveLocked(now) {
			close(w.done)
			return true
		}
		for _, l := range w.wanted {
			l.wanted = true
			if at, ok := w.waitEndsLocked(l); ok && at.After(now) {
				next = earliest(next, at)
			}
		}
		return false
	})
	for _, l := range g.limiters {
		if l.wanted {
			next = earliest(next, l.nextChangeLocked(now))
		}
	}
	g.wakeLocked(now, next)
}

// serveLocked serves w if everything it still waits for is open, else claims what it will need next.
func (w *waiter) serveLocked(now time.Time) bool {
	if w.pacing {
		l := w.wanted[0]
		// Its slot is counted in l.out already; what it needs is the moment.
		if now.Before(l.opensLocked()) {
			return false
		}
		l.sendLocked(now)
		return true
	}
	blocked, first := false, false
	for _, l := range w.wanted {
		if l.openLocked(now, l.claimed) || w.givesUpLocked(l, now) {
			continue
		}
		blocked = true
		first = first || !l.taken
		l.taken = true
	}
	if blocked {
		// Only the first in line at what it waits for keeps slots free at its other bookmakers: those behind it
		// cannot go before it does, and a line at one bookmaker must not empty the others.
		if first {
			for _, l := range w.wanted {
				l.claimed++
			}
		}
		return false
	}
	for _, l := range w.wanted {
		if l.openLocked(now, l.claimed) {
			w.permits = append(w.permits, l.grantLocked(now))
		} else {
			w.missing = append(w.missing, l.bookmaker)
		}
	}
	return true
}

// givesUpLocked reports whether w has waited long enough for a bookmaker that is backed off.
func (w *waiter) givesUpLocked(l *Limiter, now time.Time) bool {
	at, ok := w.waitEndsLocked(l)
	return ok && !now.Before(at)
}

// waitEndsLocked is when w goes without l; false while l is not backed off. Nobody waits for a pause that lasts
// longer than the wait timeout. An event does not wait either for the answer to the few requests that find out whether a
// bookmaker that turned away everything lately is still down: half a second for each of them would add up.
func (w *waiter) waitEndsLocked(l *Limiter) (time.Time, bool) {
	if w.waitTimeout == forever || l.since.IsZero() {
		return time.Time{}, false
	}
	from := w.arrived
	if l.since.After(from) {
		from = l.since
	}
	ends := from.Add(w.waitTimeout)
	if l.pausedUntil.After(ends) || (w.event && l.streak >= downStreak) {
		return from, true
	}
	return ends, true
}

// nextChangeLocked is the next instant after now at which time alone may let somebody through or end somebody's
// wait timeout; zero when there is none.
func (l *Limiter) nextChangeLocked(now time.Time) time.Time {
	var next time.Time
	if at := l.opensLocked(); at.After(now) {
		next = at
	}
	if at, full := l.stallsLocked(); full && at.After(now) {
		next = earliest(next, at)
	}
	return next
}

// wakeLocked sets the timer. Its function takes the lock, serves and ends; there is nothing to wait for.
func (g *Group) wakeLocked(now, next time.Time) {
	if next.IsZero() {
		if g.timer != nil {
			g.timer.Stop()
		}
		return
	}
	if g.timer == nil {
		g.timer = time.AfterFunc(next.Sub(now), func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.serveLocked(time.Now())
		})
		return
	}
	g.timer.Reset(next.Sub(now))
}

// earliest is the earlier of two instants of which the zero one means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
