package limit

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Permit is the right to have one request in flight, to be sent at once. Whoever got it releases it.
type Permit struct {
	limiter  *Limiter
	granted  time.Time
	released bool // guarded by the group's lock
}

// Bookmaker is whose request it allows.
func (p *Permit) Bookmaker() odds.Bookmaker { return p.limiter.bookmaker }

// Release gives the slot back and reports to the limiter what came of the request. Only the first call counts.
func (p *Permit) Release(o Outcome) {
	l := p.limiter
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	if p.released {
		return
	}
	p.released = true
	now := time.Now()
	l.returnLocked(p)
	l.observeLocked(now, p.granted, o)
	l.group.serveLocked(now)
}

// Do makes the request that the permit allows and releases the permit with what outcomeOf makes of its error, also when
// the request panics. It returns the request's error.
func (p *Permit) Do(outcomeOf func(error) Outcome, request func() error) error {
	var outcome Outcome // unknown, when the request panics
	defer func() { p.Release(outcome) }()
	err := request()
	outcome = outcomeOf(err)
	return err
}
