package cycle

import (
	"context"
	"errors"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Bounds of how much longer than the first a bookmaker's discovery may take: laggardShare times what its last whole
// one took, and laggardLeast at the least, as long as a sweep's patience. One that was never whole, or was cut off
// again and again since, has up to laggardMost: it may have become slower. Whoever takes longer, or hangs, must not
// hold up the others' events. As long as nobody is done, the network or the machine is slow and not the bookmaker.
const (
	laggardLeast = 10 * time.Second
	laggardMost  = 40 * time.Second
	laggardShare = 2
)

// errLaggard ends the discovery of a bookmaker that takes much longer than the others, and than before. What it listed
// by then counts.
var errLaggard = errors.New("took too long")

// pastDiscovery is what earlier cycles tell of a bookmaker's discovery.
type pastDiscovery struct {
	whole time.Duration // what the last whole one took; 0 before the first
	cuts  int           // how many were cut off since
}

// limit is how much longer than the first the next one may take. Each cut doubles it, so that a bookmaker
// that has become slower for good is listed as a whole again.
func (p pastDiscovery) limit() time.Duration {
	least := laggardMost
	if p.whole > 0 {
		for least = laggardLeast; least < laggardMost && p.cuts > 0; p.cuts-- {
			least *= 2
		}
	}
	return max(least, laggardShare*p.whole)
}

// after is what is known once another one ended. One that failed or was incomplete for other reasons tells nothing.
func (p pastDiscovery) after(took time.Duration, whole, cut bool) pastDiscovery {
	switch {
	case whole:
		p = pastDiscovery{whole: took}
	case cut:
		p.cuts++
	}
	return p
}

// laggards are the discoveries under way. It belongs to one goroutine.
type laggards struct {
	limits map[odds.Bookmaker]time.Duration // how much longer than the first each may take
	cut    map[odds.Bookmaker]context.CancelCauseFunc
	done   chan odds.Bookmaker
}

// newLaggards makes room for all bookmakers.
func (r *run) newLaggards() *laggards {
	l := &laggards{
		limits: make(map[odds.Bookmaker]time.Duration), cut: make(map[odds.Bookmaker]context.CancelCauseFunc),
		done: make(chan odds.Bookmaker, len(r.clients)),
	}
	for _, b := range r.names() {
		l.limits[b] = r.discovery[b].limit()
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

// wait waits until all are done, and cuts off those that reach their limit.
func (l *laggards) wait() {
	if len(l.cut) == 0 {
		return
	}
	l.ended(<-l.done)
	first := time.Now()
	for len(l.cut) > 0 {
		select {
		case b := <-l.done:
			l.ended(b)
		case <-time.After(time.Until(first.Add(l.nextLimit()))):
			for b, cut := range l.cut {
				if time.Since(first) >= l.limits[b] {
					cut(errLaggard)
					l.limits[b] = never
				}
			}
		}
	}
}

// ended takes one off that is done.
func (l *laggards) ended(b odds.Bookmaker) {
	l.cut[b](nil)
	delete(l.cut, b)
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
