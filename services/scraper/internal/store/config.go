package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/clock"
)

// Config says how a store writes. Zero values mean the defaults.
type Config struct {
	// Holder names this process in the lease, for people who read the table. What fences is this with something random
	// added, and the term. Default: "scraper".
	Holder string
	// LeaseFor is how long the lease lasts without a renewal: what a takeover waits for after a crash, and how long
	// Postgres may be away before the writer gives up. Default 15 s.
	LeaseFor time.Duration
	// Grace is how long after kickoff an event stays. Default 2 h.
	Grace time.Duration
	// HistoryRetention is how long market_odds_history is kept, in whole days. Default 14 days.
	HistoryRetention time.Duration
	// CycleRetention is how long ended cycles can be listed. Cycle ends that the log still keeps stay anyway.
	// Default 30 days.
	CycleRetention time.Duration
	// ReadTimeout bounds each statement of a call that reads. Default 8 s.
	ReadTimeout time.Duration
	// ReadWait is how long a call that reads waits for others to end before it is rejected. Default 2 s.
	ReadWait time.Duration
	// PartitionsAhead is for how many days after today partitions of the history are made ahead. Default 3.
	PartitionsAhead int
	// CollapseShare is the share of the markets last committed as available below which a snapshot is rejected as
	// YIELD_COLLAPSED. Default 0.4.
	CollapseShare float64
	// CollapseFloor is how many available markets must be committed for the yield to be judged at all. Default 10.
	CollapseFloor int
	// CollapseCycles is in how many cycles in a row a low yield must be seen to be believed. Default 3.
	CollapseCycles int
	// Now is a clock to go by alone, for tests that simulate days. It decides nothing about the history's days, but as
	// long as it differs from the database's none is dropped. It is called by several goroutines. Default what Clock tells.
	Now func() time.Time
	// Clock compares the clocks: what is stamped and evicted goes by it. Default one over time.Now, or Now alone.
	Clock *clock.Clock
}

func (c Config) withDefaults() Config {
	defaultTo(&c.Holder, "scraper")
	defaultTo(&c.LeaseFor, 15*time.Second)
	defaultTo(&c.Grace, 2*time.Hour)
	defaultTo(&c.HistoryRetention, 14*24*time.Hour)
	defaultTo(&c.CycleRetention, 30*24*time.Hour)
	defaultTo(&c.ReadTimeout, 8*time.Second)
	defaultTo(&c.ReadWait, 2*time.Second)
	defaultTo(&c.PartitionsAhead, 3)
	defaultTo(&c.CollapseShare, 0.4)
	defaultTo(&c.CollapseFloor, 10)
	defaultTo(&c.CollapseCycles, 3)
	switch {
	case c.Clock == nil && c.Now == nil:
		c.Clock = clock.New(nil)
	case c.Clock == nil:
		c.Clock = clock.NewOwnOnly(c.Now)
	}
	if c.Now == nil {
		c.Now = c.Clock.Now
	}
	return c
}

func defaultTo[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate reports everything that is wrong with the configuration at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.LeaseFor >= 100*time.Millisecond, "LeaseFor %v is below 100ms", c.LeaseFor)
	check(c.Grace > 0, "Grace %v is not positive", c.Grace)
	check(c.HistoryRetention >= 24*time.Hour, "HistoryRetention %v is below one day", c.HistoryRetention)
	check(c.CycleRetention > 0, "CycleRetention %v is not positive", c.CycleRetention)
	check(c.ReadTimeout > 0, "ReadTimeout %v is not positive", c.ReadTimeout)
	check(c.ReadWait > 0, "ReadWait %v is not positive", c.ReadWait)
	check(c.PartitionsAhead >= 1 && c.PartitionsAhead <= 60, "PartitionsAhead %d is not within 1 to 60", c.PartitionsAhead)
	check(c.CollapseShare > 0 && c.CollapseShare < 1, "CollapseShare %g is not between 0 and 1", c.CollapseShare)
	check(c.CollapseFloor >= 1, "CollapseFloor %d is below 1", c.CollapseFloor)
	check(c.CollapseCycles >= 1, "CollapseCycles %d is below 1", c.CollapseCycles)
	return errors.Join(errs...)
}
