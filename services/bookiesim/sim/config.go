package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// Density says how many markets an event has.
type Density string

// The densities. Full is about what a bookmaker offers on an ordinary league match: some 120 of BetPawa's markets.
// Small is the families that every reader must know, some 50.
const (
	Full  Density = "full"
	Small Density = "small"
)

// Shape is the form of BetPawa's answers.
type Shape string

// The shapes. V4 is what the site speaks today; v3 was retired in summer 2026 and is answered on both paths for
// readers that still have to know it.
const (
	V4 Shape = "v4"
	V3 Shape = "v3"
)

// Config describes a world. DefaultConfig and RealConfig are the two to start from; the zero value is not usable.
type Config struct {
	// Seed decides everything that is not decided here.
	Seed uint64
	// Now is the world's clock. A test moves it; nil is the time of day.
	Now func() time.Time
	// Events is how many upcoming football events the world keeps: for each that kicks off a new one appears.
	Events int
	// Offered is how many of the first Events each bookmaker lists; later events are
	// listed in the same proportions.
	Offered Each[int]
	// Tournaments is how many football tournaments each bookmaker's tree has, with events or without.
	Tournaments Each[int]
	// LargestShare is the part of the events in the largest tournament.
	LargestShare float64
	// Horizon is how far ahead kickoffs lie.
	Horizon time.Duration
	// Density is how many markets an event has.
	Density Density
	// OtherSports is how many basketball and how many tennis events there are besides.
	OtherSports int
	// WidgetlessShare is the part of BetPawa's events whose list entry does not say the SportRadar id; the detail does.
	WidgetlessShare float64

	// Tick is the world's smallest step: odds and lists stand still within it.
	Tick time.Duration
	// MoveShare is the part of each bookmaker's markets whose prices change in a tick.
	MoveShare float64
	// Closings is how much of the offer is closed at a time, in all the ways that the bookmakers have.
	Closings Closings
	// Life is how often other things happen to events.
	Life Life

	// Shape is the form of BetPawa's details.
	Shape Shape
	// RequireHeaders refuses requests without the headers that the sites' own pages send (x-pawa-brand; clientid and
	// operid) with 403. Whether the sites do so is not known.
	RequireHeaders bool
	// Latency is how long each bookmaker takes to answer; the zero value answers at once.
	Latency Each[Latency]
	// LatencyScale multiplies every latency, for compressed runs. 0 means 1.
	LatencyScale float64
	// Limits are the bookmakers' defences; the zero value has none.
	Limits Each[Limit]
	// Faults are the faults to start with.
	Faults []Fault
}

// Life is how often things happen to an event, in times a day.
type Life struct {
	Vanish      float64 // one bookmaker stops listing it, for one to six hours
	Postpone    float64 // the kickoff moves by one to three days at every bookmaker
	Recreate    float64 // BetPawa or Bet9ja takes it down and lists it under a new id of its own
	ChangeSrID  float64 // BetPawa or Bet9ja ties it to another SportRadar id
	LateListing float64 // BetPawa lists an event that only competitors had
}

// DefaultConfig is a world of a few hundred events, for tests and local runs.
func DefaultConfig() Config {
	return Config{
		Seed: 1, Events: 320, LargestShare: 0.09,
		Offered:     each(func(b *bookmaker) int { return b.offered }),
		Tournaments: each(func(b *bookmaker) int { return b.tournaments }),
		Horizon:     5 * 24 * time.Hour, Density: Full, OtherSports: 6, WidgetlessShare: 0.03,
		Tick: time.Minute, MoveShare: 0.05, Closings: Closings{Markets: 0.02, Outcomes: 0.004},
		Life:  Life{Vanish: 0.02, Postpone: 0.01, Recreate: 0.01, ChangeSrID: 0.003, LateListing: 0.5},
		Shape: V4,
	}
}

// RealConfig is a world of the size, with the latencies, that were measured on the real sites in February 2026:
// 1,291 events, of which 1,121, 1,276 and 1,225 are offered, in 155 competitions, 200 tournaments and 367 groups.
func RealConfig() Config {
	c := DefaultConfig()
	c.Events = 1291
	c.Offered = each(func(b *bookmaker) int { return b.realOffered })
	c.Tournaments = each(func(b *bookmaker) int { return b.realTournaments })
	c.Latency = RealLatency()
	return c
}

// Resized is the same world with another number of events, offered in the same proportions.
func (c Config) Resized(events int) Config {
	for b, n := range c.Offered {
		c.Offered[b] = max(n*events/c.Events, 1)
	}
	c.Offered[book.SportyBet] = max(c.Offered[book.SportyBet], events-c.Offered[book.BetPawa]) // every event needs a bookmaker
	c.Events = events
	return c
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.Events > 0, "invalid Events %d (must be > 0)", c.Events)
	for b, n := range c.Offered {
		check(n > 0 && n <= c.Events, "invalid Offered[%s] %d (must be 1 to Events, %d)", book.Book(b), n, c.Events)
		check(c.Tournaments[b] > 0 && c.Tournaments[b] <= 1000, "invalid Tournaments[%s] %d (must be 1 to 1000)", book.Book(b), c.Tournaments[b])
	}
	check(c.Offered[0]+c.Offered[1] >= c.Events, "invalid Offered %v (every event needs a bookmaker)", c.Offered)
	check(c.Horizon >= 3*time.Hour, "invalid Horizon %s (must be >= 3h)", c.Horizon)
	check(c.Tick > 0, "invalid Tick %s (must be > 0)", c.Tick)
	check(c.OtherSports >= 0, "invalid OtherSports %d (must be >= 0)", c.OtherSports)
	for _, share := range []struct {
		name  string
		value float64
	}{{"MoveShare", c.MoveShare}, {"WidgetlessShare", c.WidgetlessShare}, {
		"LargestShare",
		c.LargestShare,
	}} {
		check(share.value >= 0 && share.value <= 1, "invalid %s %g (must be 0 to 1)", share.name, share.value)
	}
	check(c.Density == Full || c.Density == Small, "invalid Density %q (must be %q or %q)", c.Density, Full, Small)
	check(c.Shape == V4 || c.Shape == V3, "invalid Shape %q (must be %q or %q)", c.Shape, V4, V3)
	errs = append(errs, c.Closings.validate())
	for _, f := range c.Faults {
		errs = append(errs, f.Validate())
	}
	return errors.Join(errs...)
}
