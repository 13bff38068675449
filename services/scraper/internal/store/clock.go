package store

import (
	"context"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// readClock compares the database's clock with the others.
func (s *Store) readClock(ctx context.Context, q *dbsqlc.Queries) error {
	sent := time.Now()
	database, err := q.Clock(ctx)
	if err != nil {
		return fmt.Errorf("reading the clock: %w", err)
	}
	s.observeDatabase(sent, database)
	return nil
}

// observeDatabase takes a reading of the database's clock, by a statement that was sent at that time and has just returned.
func (s *Store) observeDatabase(sent, database time.Time) {
	s.cfg.Clock.ObserveDatabase(sent, database)
}

// future reports whether a stamp lies further in the future than clocks may differ.
func future(stamp, now time.Time) bool { return stamp.Sub(now) > clock.Tolerance }

// date corrects when a capture says that it was taken. Its stamps are of the time at which it was taken, by the clock
// that was gone by then; which clock was wrong may have turned out since. How long ago it was is known from the
// monotonic clock.
func (c *capture) date(now time.Time) {
	at := c.CapturedAt
	if !c.prepared.IsZero() {
		taken := now.Add(-time.Since(c.prepared))
		if at.Sub(taken).Abs() > clock.Tolerance {
			at = taken
		}
	}
	if at.After(now) {
		at = now
	}
	if c.absence && c.requestedAt.After(at) { // the list's request was stamped when the cycle began
		c.requestedAt = at
	}
	moved := at.Sub(c.CapturedAt)
	c.CapturedAt = encode.Micros(at)
	if moved != 0 && !c.absence {
		c.requestedAt = encode.Micros(c.requestedAt.Add(moved))
	}
}

// judge lets a cycle's end say what the clocks were. Where they differed it is no success, and evicts nothing.
func (c *Cycle) judge(measured clock.Comparison) {
	c.Clocks, c.Skewed = measured.Offsets, measured.Skewed()
	if !c.Skewed {
		return
	}
	if c.Status == Succeeded {
		c.Status = Partial
	}
	reason := fmt.Sprintf("%s: the clocks differ by %v: %v", ClockSkew, measured.Apart.Round(time.Second), measured)
	if c.Reason != "" {
		reason += "; " + c.Reason
	}
	c.Reason = reason
}

// ClockSkew begins the reason of a cycle during which clocks differed by more than they may.
const ClockSkew = "CLOCK_SKEW"
