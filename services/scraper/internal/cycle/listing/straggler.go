package listing

import (
	"context"
	"errors"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Bounds of how much longer than the first a bookmaker's discovery may take: stragglerFactor times what its last
// complete one took, and minAllowance at the least, as long as a sweep waits for a slow page. One that was never
// complete, or was cut off again and again since, has up to maxAllowance: it may have become slower.
const (
	minAllowance    = 10 * time.Second
	maxAllowance    = 40 * time.Second
	stragglerFactor = 2
)

// ErrStraggler ends the discovery of a bookmaker that takes much longer than the others, and than before. What it listed
// by then counts.
var ErrStraggler = errors.New("took too long")

// Past is what earlier cycles say about a bookmaker's discovery. The zero value is a bookmaker that was never listed.
type Past struct {
	complete time.Duration // what the last complete one took; 0 before the first
	cuts     int           // how many were cut off since
}

// Allowance is how much longer than the first the next discovery may take. Each cut doubles it.
func (p Past) Allowance() time.Duration {
	least := maxAllowance
	if p.complete > 0 {
		for least = minAllowance; least < maxAllowance && p.cuts > 0; p.cuts-- {
			least *= 2
		}
	}
	return max(least, stragglerFactor*p.complete)
}

// After is what is known once another discovery has ended. One that failed, or was incomplete for other reasons than a
// cut, changes nothing.
func (p Past) After(took time.Duration, complete, cut bool) Past {
	switch {
	case complete:
		p = Past{complete: took}
	case cut:
		p.cuts++
	}
	return p
}

// Group runs the discoveries of several bookmakers side by side, and cuts off stragglers. It belongs to one goroutine.
// Use NewGroup, Go for each bookmaker, then Wait.
type Group struct {
	allowances map[odds.Bookmaker]time.Duration // how much longer than the first each may take
	cancel     map[odds.Bookmaker]context.CancelCauseFunc
	done       chan odds.Bookmaker
}

// NewGroup makes a group for the bookmakers that have an allowance.
func NewGroup(allowances map[odds.Bookmaker]time.Duration) *Group {
	return &Group{
		allowances: allowances, cancel: make(map[odds.Bookmaker]context.CancelCauseFunc),
		done: make(chan odds.Bookmaker, len(allowances)),
	}
}

// Go runs one bookmaker's discovery in a goroutine of its own. The context of discover ends with ctx, or with ErrStraggler
// as its cause.
func (g *Group) Go(ctx context.Context, b odds.Bookmaker, discover func(context.Context)) {
	ctx, g.cancel[b] = context.WithCancelCause(ctx)
	go func() { // ends with discover, which ends with ctx; Wait waits for it
		defer func() { g.done <- b }()
		discover(ctx)
	}()
}

// Wait waits until all discoveries have returned, and cuts off those that take longer than they may.
func (g *Group) Wait() {
	if len(g.cancel) == 0 {
		return
	}
	g.ended(<-g.done)
	first := time.Now()
	for len(g.cancel) > 0 {
		select {
		case b := <-g.done:
			g.ended(b)
		case <-time.After(time.Until(first.Add(g.nextAllowance()))):
			for b, cancel := range g.cancel {
				if time.Since(first) >= g.allowances[b] {
					cancel(ErrStraggler)
					g.allowances[b] = never
				}
			}
		}
	}
}

// ended takes off one that has returned.
func (g *Group) ended(b odds.Bookmaker) {
	g.cancel[b](nil)
	delete(g.cancel, b)
}

// never is longer than every cycle's deadline.
const never = 48 * time.Hour

// nextAllowance is the shortest of those under way.
func (g *Group) nextAllowance() time.Duration {
	next := never
	for b := range g.cancel {
		next = min(next, g.allowances[b])
	}
	return next
}
