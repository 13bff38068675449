package limit

import (
	"context"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Limiter is one bookmaker's. Discovery, cycles and refreshes share it. All its state is guarded by its group's lock.
type Limiter struct {
	bookmaker odds.Bookmaker
	cfg       Config
	group     *Group

	out      []*Permit // permits out, oldest first
	nextSend time.Time // nothing is sent before it
	claimed  int       // slots left to earlier waiters; used within one serveLocked only
	taken    bool      // a waiter is first in line here; used within one serveLocked only
	wanted   bool      // somebody in line waits for it among others; used within one serveLocked only

	backoff
}

// Stats is a limiter at one instant.
type Stats struct {
	Bookmaker   odds.Bookmaker
	InFlight    int
	Allowed     int           // how many may be in flight now
	Spacing     time.Duration // between sends now
	Waiting     int           // callers in line
	BackedOff   bool
	PausedUntil time.Time // zero when not paused
	Cuts        int64     // how often the allowance was halved since the start
}

// Bookmaker is whose limiter it is.
func (l *Limiter) Bookmaker() odds.Bookmaker { return l.bookmaker }

// Slots is the most requests that may ever be in flight.
func (l *Limiter) Slots() int { return l.cfg.Slots }

// Acquire waits for a permit, in the order of arrival. The error is that of ctx.
func (l *Limiter) Acquire(ctx context.Context) (*Permit, error) {
	permits, _, err := l.group.wait(ctx, &waiter{wanted: []*Limiter{l}, waitTimeout: forever})
	if err != nil {
		return nil, err
	}
	return permits[0], nil
}

// AcquireWithin is Acquire with the wait timeout of AcquireAll: false when the bookmaker stayed backed off for longer.
func (l *Limiter) AcquireWithin(ctx context.Context, waitTimeout time.Duration) (*Permit, bool, error) {
	permits, _, err := l.group.wait(ctx, &waiter{wanted: []*Limiter{l}, waitTimeout: waitTimeout})
	if err != nil || len(permits) == 0 {
		return nil, false, err
	}
	return permits[0], true, nil
}

// TryAcquire takes a permit if there is one for somebody who does not wait.
func (l *Limiter) TryAcquire() (*Permit, bool) {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	now := time.Now()
	l.refreshLocked(now)
	if l.waitingLocked() > 0 || !l.openLocked(now, 0) {
		return nil, false
	}
	return l.grantLocked(now), true
}

// Pace waits until a holder of a permit may send once more: a retry keeps the spacing and the pause as every send
// does. It goes before those who wait for a slot, since its slot is not free before it is through. The error is
// that of ctx.
func (l *Limiter) Pace(ctx context.Context) error {
	_, _, err := l.group.wait(ctx, &waiter{wanted: []*Limiter{l}, waitTimeout: forever, pacing: true})
	return err
}

// Observe reports what came of a request whose permit is kept because it is sent again.
func (l *Limiter) Observe(sent time.Time, o Outcome) {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	now := time.Now()
	l.observeLocked(now, sent, o)
	l.group.serveLocked(now)
}

// BackedOff reports whether the bookmaker throttled and has not recovered, or stalls, and until when at least
// nothing is sent to it: the zero time when only its allowance is small.
func (l *Limiter) BackedOff() (until time.Time, backedOff bool) {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	now := time.Now()
	if l.pausedUntil.After(now) {
		until = l.pausedUntil
	}
	return until, l.backedOffLocked(now)
}

// Stats is the limiter now.
func (l *Limiter) Stats() Stats {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	now := time.Now()
	s := Stats{
		Bookmaker: l.bookmaker,
		InFlight:  len(l.out),
		Allowed:   l.allowedLocked(),
		Spacing:   l.spacingLocked(),
		Waiting:   l.waitingLocked(),
		BackedOff: l.backedOffLocked(now),
		Cuts:      l.cuts,
	}
	if l.pausedUntil.After(now) {
		s.PausedUntil = l.pausedUntil
	}
	return s
}

// opensLocked is the instant from which the next request may be sent, as far as time decides.
func (l *Limiter) opensLocked() time.Time {
	if l.pausedUntil.After(l.nextSend) {
		return l.pausedUntil
	}
	return l.nextSend
}

// openLocked reports whether one more may be sent now when claimed slots are left to others.
func (l *Limiter) openLocked(now time.Time, claimed int) bool {
	return !now.Before(l.opensLocked()) && len(l.out)+claimed < l.allowedLocked()
}

// grantLocked hands out a slot and the moment to send. openLocked was true just before.
func (l *Limiter) grantLocked(now time.Time) *Permit {
	p := &Permit{limiter: l, granted: now}
	l.out = append(l.out, p)
	l.sendLocked(now)
	return p
}

// sendLocked takes the moment now; the next one is a spacing away.
func (l *Limiter) sendLocked(now time.Time) { l.nextSend = now.Add(l.spacingLocked()) }

// returnLocked takes a permit back, which may be older or newer than others that are out.
func (l *Limiter) returnLocked(p *Permit) {
	if i := slices.Index(l.out, p); i >= 0 {
		l.out = slices.Delete(l.out, i, i+1)
	}
}

// waitingLocked is how many in line want this limiter, alone or among others.
func (l *Limiter) waitingLocked() int {
	n := 0
	for _, w := range l.group.queue {
		if slices.Contains(w.wanted, l) {
			n++
		}
	}
	return n
}

// stallsLocked is when the limiter counts as stalled if nothing comes back until then. It is never while a slot is
// free. The middle one in age distinguishes a bookmaker that is slow with everything from one slow answer among quick ones.
func (l *Limiter) stallsLocked() (time.Time, bool) {
	if len(l.out) == 0 || len(l.out) < l.allowedLocked() {
		return time.Time{}, false
	}
	return l.out[(len(l.out)-1)/2].granted.Add(l.cfg.Stall), true
}

// backedOffLocked reports whether the limiter is waited for no longer than the wait timeout.
func (l *Limiter) backedOffLocked(now time.Time) bool {
	if l.strainedLocked(now, l.cfg.Slots) {
		return true
	}
	stalls, full := l.stallsLocked()
	return full && !now.Before(stalls)
}

// refreshLocked notes since when the limiter has been backed off.
func (l *Limiter) refreshLocked(now time.Time) {
	switch off := l.backedOffLocked(now); {
	case !off:
		l.since = time.Time{}
	case l.since.IsZero():
		l.since = now
	}
}
