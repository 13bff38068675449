package replica

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Bounds of the pause between two tries.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
	// spread is the part by which a pause is shorter or longer, so that many replicas do not come back at the same moment.
	spread = 0.2
)

// pauses makes pauses that double, from minPause up to maxPause.
func pauses() backoff.ExponentialBackOff {
	shortest, longest := float64(minPause)/(1-spread), float64(maxPause)/(1+spread)
	return backoff.ExponentialBackOff{
		InitialInterval: time.Duration(shortest), MaxInterval: time.Duration(longest),
		Multiplier: 2, RandomizationFactor: spread,
	}
}
