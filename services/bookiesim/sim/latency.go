package sim

import (
	"math"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

// Latency is how long a bookmaker takes to answer, by three figures that one measures: a lognormal body that meets
// the median and the 95th percentile, and a rare long tail that makes up what is missing to the mean.
type Latency struct {
	Mean, P50, P95 time.Duration
}

// RealLatency is what was measured on the sites, one request at a time.
func RealLatency() Each[Latency] { return each(func(b *bookmaker) Latency { return b.latency }) }

// tailShare is the part of the requests that fall into the tail.
const tailShare = 0.02

// The standard normal's quantiles at 0.50/0.98 and 0.95/0.98: where the median and the 95th percentile of all
// requests lie within the body, given that the tail is beyond both.
const (
	zMedian = 0.02558
	z95     = 1.87244
)

// draw is one request's latency.
func (l Latency) draw(c chance.Chance) time.Duration {
	if l.P50 <= 0 {
		return max(l.Mean, 0)
	}
	sigma := math.Log(float64(max(l.P95, l.P50))/float64(l.P50)) / (z95 - zMedian)
	mu := math.Log(float64(l.P50)) - zMedian*sigma
	if c.Of(1).Unit() < tailShare {
		body := math.Exp(mu + sigma*sigma/2)
		beyond := (float64(l.Mean)-(1-tailShare)*body)/tailShare - float64(l.P95)
		return l.P95 + time.Duration(max(beyond, 0)*-math.Log(1-c.Of(2).Unit()))
	}
	normal := math.Sqrt(-2*math.Log(1-c.Of(3).Unit())) * math.Cos(2*math.Pi*c.Of(4).Unit()) // Box and Muller
	return time.Duration(math.Exp(mu + sigma*normal))
}
