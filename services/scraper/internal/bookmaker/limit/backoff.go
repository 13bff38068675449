package limit

import "time"

// downStreak is how many throttlings with nothing good between them mean that a bookmaker is down, or keeps us out.
const downStreak = 2

// slow is the kind of good answers that take too long, and slowShare the part of the slots that a bookmaker keeps
// which sends a burst of them.
const (
	slow      Kind    = -1
	slowShare float64 = 8
)

// backoff is how far a limiter has drawn back. allowed alone says how far: the spacing follows from it.
type backoff struct {
	allowed     float64   // requests in flight; fractions are recovery under way
	pausedUntil time.Time // nothing is sent before it
	lastCut     time.Time // requests sent up to here do not cut again
	streak      int       // cuts since the last good answer
	since       time.Time // backed off since; zero when not
	recent      []Kind    // the last 2×Burst outcomes of requests sent after lastCut, oldest first
	cuts        int64
}

// allowedLocked is the allowance in whole slots.
func (l *Limiter) allowedLocked() int { return max(1, int(l.allowed)) }

// spacingLocked is the configured spacing, as many times wider as the allowance is smaller.
func (l *Limiter) spacingLocked() time.Duration {
	wider := float64(l.cfg.Slots) / max(1, l.allowed)
	return time.Duration(float64(l.cfg.Spacing)*wider + float64(l.cfg.Widening)*(wider-1))
}

// strainedLocked reports a pause, two throttlings with nothing good between them, or an allowance below half. One
// throttling that is followed by good answers is no reason to leave a bookmaker out.
func (b *backoff) strainedLocked(now time.Time, slots int) bool {
	return b.pausedUntil.After(now) || b.streak >= downStreak || b.allowed < float64(slots)/2
}

// observeLocked takes in what came of a request that was sent at that time.
func (l *Limiter) observeLocked(now, sent time.Time, o Outcome) {
	l.refreshLocked(now)
	defer l.refreshLocked(now)
	if o.Kind == Throttled && o.RetryAfter > 0 {
		l.pauseLocked(now, min(o.RetryAfter, l.cfg.MaxRetryAfter))
	}
	// Answers to requests from before the last cut say nothing about the bookmaker since.
	if o.Kind == Unknown || !sent.After(l.lastCut) {
		return
	}
	if o.Kind == Throttled {
		l.cutLocked(now)
		return
	}
	kind := o.Kind
	if kind == OK && now.Sub(sent) >= l.cfg.Slow {
		kind = slow
	}
	l.recent = append(l.recent, kind)
	if extra := len(l.recent) - 2*l.cfg.Burst; extra > 0 {
		l.recent = append(l.recent[:0], l.recent[extra:]...)
	}
	switch {
	case kind == OK:
		l.streak = 0
		l.allowed = min(float64(l.cfg.Slots), l.allowed+1/max(1, l.allowed))
	case kind == slow:
		l.streak = 0 // it answers, after all
		if l.burstLocked(slow) {
			l.slowDownLocked(now)
		}
	case l.burstLocked(kind):
		l.cutLocked(now)
	}
}

// slowDownLocked leaves a slow bookmaker a few slots, at once: each request of it holds up an event, and each step
// of halving would take as long as its answers do. There is no pause, for it does not ask for one.
func (l *Limiter) slowDownLocked(now time.Time) {
	least := max(1, float64(l.cfg.Slots)/slowShare)
	if l.allowed <= least {
		return
	}
	l.allowed = least
	l.cuts++
	l.lastCut = now
	l.recent = l.recent[:0]
}

// burstLocked reports whether too many of the recent outcomes are of the kind. Right after a cut, one is enough when
// nothing good has come since: the burst goes on.
func (l *Limiter) burstLocked(kind Kind) bool {
	n := 0
	for _, k := range l.recent {
		if k == kind {
			n++
		}
	}
	return n >= l.cfg.Burst || (l.streak > 0 && n == len(l.recent))
}

// cutLocked halves the allowance and pauses, longer each time until something good comes.
func (l *Limiter) cutLocked(now time.Time) {
	l.allowed = max(1, l.allowed/2)
	l.streak++
	l.cuts++
	l.lastCut = now
	l.recent = l.recent[:0]
	pause := l.cfg.MaxPause
	// Beyond twenty doublings the shift could overflow, and MaxPause is reached long before.
	if shift := l.streak - 1; shift < 20 {
		pause = min(pause, l.cfg.FirstPause<<shift)
	}
	l.pauseLocked(now, pause)
}

// pauseLocked makes the pause last at least d from now; a pause is never cut short.
func (l *Limiter) pauseLocked(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}
