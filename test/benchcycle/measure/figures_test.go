package measure

import (
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// The bound of the issue: the previous system's own latencies and limits allow about 68 s.
func TestBoundOfTheRealSites(t *testing.T) {
	t.Parallel()
	counters := map[string]sim.Counters{
		"betpawa":   {Trees: 1, Lists: 155, Details: 1121},
		"sportybet": {Trees: 1, Lists: 200, Details: 1276},
		"bet9ja":    {Trees: 1, Lists: 367, Details: 1225 + 7, Rejected: 7},
	}
	c := Cycle{Bounds: bounds(counters, 1), Wall: 75 * time.Second}
	if got := c.Bound().Round(time.Second); got != 68*time.Second || c.Bounds[2].Bookmaker != "bet9ja" {
		t.Errorf("bound %v by %s, want 68 s by bet9ja", got, c.Bounds[2].Bookmaker)
	}
	if r := c.Ratio(); r < 1.09 || r > 1.11 {
		t.Errorf("ratio %v, want 75 s of 68 s", r)
	}
	// With hardly any latency the spacing of 25 ms counts.
	c.Bounds = bounds(counters, 0.01)
	if got, want := c.Bound(), 1593*25*time.Millisecond; got != want {
		t.Errorf("bound %v, want %v", got, want)
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var values []time.Duration
	if Percentile(values, 0.5) != 0 {
		t.Error("there is a median of nothing")
	}
	for i := range 100 {
		values = append(values, time.Duration(100-i))
	}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.95: 96, 0.99: 100, 1: 100} {
		if got := Percentile(values, share); got != want {
			t.Errorf("percentile %v is %d, want %d", share, got, want)
		}
	}
}
