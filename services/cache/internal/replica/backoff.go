package replica

import (
	"math/rand/v2"
	"time"
)

// Bounds of the pause between two tries.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// backoff makes pauses that double and are spread, so that many replicas do not come back at the same moment.
type backoff struct {
	pause time.Duration // the next one before it is spread; 0 at the start
}

// next is the pause before the next try, between minPause and maxPause.
func (b *backoff) next() time.Duration {
	b.pause = min(max(b.pause, minPause), maxPause)
	spread := b.pause + rand.N(b.pause/2) //nolint:gosec // spreading needs no secret
	b.pause *= 2
	return min(spread, maxPause)
}

// reset makes the next pause a short one.
func (b *backoff) reset() { b.pause = 0 }
