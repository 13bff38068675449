package measure

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// defence is how hard a bookmaker may be asked, as the scraper does by default.
type defence struct {
	slots   int
	spacing time.Duration
	mean    time.Duration // of its latency
}

// defences are the bookmakers' limits, and the means of the latencies that were measured on the real sites.
func defences() map[string]defence {
	latency := sim.RealLatency()
	return map[string]defence{
		sim.BetPawa:   {slots: 50, mean: latency[0].Mean},
		sim.SportyBet: {slots: 50, mean: latency[1].Mean},
		sim.Bet9ja:    {slots: 15, spacing: 25 * time.Millisecond, mean: latency[2].Mean},
	}
}

// Bound is the shortest time in which one bookmaker can be asked everything: calls × max(mean latency / slots, spacing).
type Bound struct {
	Bookmaker string
	Slots     int
	Calls     int64 // lists and details, those turned away not counted
	Least     time.Duration
}

// bounds come from what the simulator counted; latency is the factor on its latencies.
func bounds(counters map[string]sim.Counters, latency float64) []Bound {
	var all []Bound
	for name, d := range defences() {
		c := counters[name]
		calls := c.Trees + c.Lists + c.Details - c.Rejected
		mean := time.Duration(latency * float64(d.mean))
		each := max(mean/time.Duration(d.slots), d.spacing)
		all = append(all, Bound{Bookmaker: name, Slots: d.slots, Calls: calls, Least: time.Duration(calls) * each})
	}
	slices.SortFunc(all, func(a, b Bound) int { return int(a.Least - b.Least) })
	return all
}

// Bound is the cycle's bound: that of the bookmaker which takes longest.
func (c *Cycle) Bound() time.Duration { return c.Bounds[len(c.Bounds)-1].Least }

// Ratio is how many times its bound the cycle took.
func (c *Cycle) Ratio() float64 { return float64(c.Wall) / float64(c.Bound()) }

// Load is how many processes wanted to run over the last minute.
func Load() (float64, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, fmt.Errorf("reading the load: %w", err)
	}
	var load float64
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		return 0, fmt.Errorf("reading the load %q: %w", text, err)
	}
	return load, nil
}
