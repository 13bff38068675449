// Package clock tells the time that the scraper stamps and judges with. It compares three kinds of clocks: the
// machine's own, the database's, and the bookmakers' (the Date headers of their answers), so that one clock that is
// wrong moves no stamp into the future and evicts nothing.
//
// Durations, leases and waits go by the monotonic clock instead (time.Since of a time.Now), and captures are ordered by
// their numbers.
//
// What it keeps to:
//
//  1. All clocks are kept as offsets to the base: the own clock as it was read once, at the start, plus the time that
//     has passed since by the monotonic clock. No step moves the base, so a reading stays comparable.
//  2. The own clock is read at each call: a step of it shows at once, in what the call itself returns.
//  3. Bookmakers count as one, by the largest group which agrees; of groups of one size by the one which the
//     own clock agrees with, then the database's, then the earliest. So one whose Date is wrong for ever is outvoted
//     by any two, and by one that agrees with the own clock.
//  4. Now is the own clock where the bookmakers confirm it, else the database's where they confirm that, else the
//     time that was last agreed on, carried on by the monotonic clock, where they confirm that. Where they confirm
//     nothing, Now is the own clock if it, the database's and what was last agreed on are one, else the earliest of
//     all that is known. Without a bookmaker's Date it is the own clock if the database's confirms it, else the one of
//     the two that goes on from what was last agreed on, else the earlier. What was agreed on without the bookmakers is
//     not held against them.
//  5. Clocks are apart when two of own, database's and bookmakers' differed by more than Tolerance at any moment since
//     Begin. Readings of before Begin do not count for that, since a machine that slept shows the base as late as it
//     slept until everything has been read again.
//
// Two clocks that err together by the same amount, with no Date to contradict them, cannot be distinguished from right ones.
// Slewing and drift change offsets by less than Tolerance in the time that a reading is used.
package clock

import (
	"sync"
	"time"
)

// Tolerance is how far clocks may differ. A Date header is a second coarse, and a reading is as uncertain as half of
// the time that it took.
const Tolerance = time.Minute

// Names of the clocks that are not a bookmaker's.
const (
	Scraper  = "scraper"
	Database = "database"
)

const (
	// maxRoundTrip is the longest time between request and response with which a reading is used: half of it is how
	// wrong the reading may be.
	maxRoundTrip = 10 * time.Second
	// maxAge is how long a reading is used. Clocks that nobody disciplines drift by up to ten seconds in that time.
	maxAge = 24 * time.Hour
	// dateResolution is that of Date headers, which cut a second's fraction off.
	dateResolution = time.Second
	// maxReadTime is how long reading the own clock may take. When the process was stopped meanwhile, it is read again.
	maxReadTime = time.Second
)

// Clock compares clocks. It is safe for concurrent use. Use New or NewOwnOnly.
type Clock struct {
	own     func() time.Time // nil for time.Now
	ownOnly bool
	began   time.Time // with a monotonic reading
	base    time.Time // the own clock at that moment, without one

	mu         sync.Mutex // guards what follows
	database   reading
	bookmakers map[string]reading
	agreed     reading // the own clock when all that was known last agreed
	dated      bool    // bookmakers were among them
	round      int     // grows with every Begin
	ownSpan    span    // of this round
	dataSpan   span
}

// reading is a clock's offset to the base.
type reading struct {
	offset time.Duration
	at     time.Duration // since began
	round  int
	known  bool
}

// span is the least and the largest offset of a clock in a round.
type span struct {
	least, most time.Duration
	known       bool
}

func (s *span) add(d time.Duration) {
	if !s.known {
		*s = span{d, d, true}
		return
	}
	s.least, s.most = min(s.least, d), max(s.most, d)
}

// New makes a clock over the own one; nil is time.Now.
func New(own func() time.Time) *Clock {
	c := &Clock{own: own, bookmakers: make(map[string]reading)}
	wall := time.Now()
	c.began = wall
	if own != nil {
		wall = own()
	}
	c.base = wall.Round(0)
	return c
}

// NewOwnOnly makes a clock that goes by the own one whatever others show, for tests that simulate days.
func NewOwnOnly(own func() time.Time) *Clock {
	c := New(own)
	c.ownOnly = true
	return c
}

// Now is the time to stamp with: UTC, without a monotonic reading.
func (c *Clock) Now() time.Time {
	now, _ := c.NowSure()
	return now
}

// NowSure is Now, and reports whether the clocks confirm it: they do not where it is only the earliest of clocks that
// contradict each other.
func (c *Clock) NowSure() (now time.Time, sure bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	passed, own := c.readOwn()
	offset, sure := c.choose(passed, own)
	return c.base.Add(passed + offset).UTC(), sure
}

// Begin starts a new comparison: Compare reports differences of the time since.
func (c *Clock) Begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round++
	c.ownSpan, c.dataSpan = span{}, span{}
	c.readOwn()
}

// ObserveDatabase takes a reading of the database's clock, which a statement sent at that time has returned just now.
// sent must have a monotonic reading.
func (c *Clock) ObserveDatabase(sent, database time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.newReading(sent, database)
	if !ok {
		return
	}
	c.database = r
	c.dataSpan.add(r.offset)
	passed, own := c.readOwn()
	c.choose(passed, own)
}

// ObserveBookmaker takes the Date of a bookmaker's answer, its Age added, to a request sent at that time and answered
// just now. Caches answer with Dates of the past, so of one round the latest counts.
func (c *Clock) ObserveBookmaker(name string, sent, date time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.newReading(sent, date.Add(dateResolution/2))
	if !ok {
		return
	}
	if before := c.bookmakers[name]; before.known && before.round == r.round {
		r.offset = max(r.offset, before.offset)
	}
	c.bookmakers[name] = r
	passed, own := c.readOwn()
	c.choose(passed, own)
}

// newReading makes a reading of what another clock showed between sent and now.
func (c *Clock) newReading(sent, shown time.Time) (reading, bool) {
	trip := time.Since(sent)
	if c.ownOnly || trip < 0 || trip > maxRoundTrip {
		return reading{}, false
	}
	at := sent.Sub(c.began) + trip/2
	return reading{offset: shown.Round(0).Sub(c.base) - at, at: at, round: c.round, known: true}, true
}

// readOwn reads the own clock: how much time has passed since the start, and its offset.
func (c *Clock) readOwn() (passed, own time.Duration) {
	for range 3 {
		at := time.Now()
		wall := at
		if c.own != nil {
			wall = c.own()
		}
		passed = at.Sub(c.began)
		own = wall.Round(0).Sub(c.base) - passed
		if c.own == nil || time.Since(at) < maxReadTime {
			break
		}
	}
	c.ownSpan.add(own)
	return passed, own
}
