package clock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Offset is how far a clock was from what Now returned.
type Offset struct {
	Clock   string  `json:"clock"`          // Scraper, Database or a bookmaker's name
	Seconds float64 `json:"offset_seconds"` // that it was ahead; negative when it was behind
}

// Comparison is what was measured since Begin.
type Comparison struct {
	// Offsets are, of each clock that was read, the one furthest from what Now returns in the end: the scraper's
	// first, then the database's, then the bookmakers' by name.
	Offsets []Offset
	// Apart is the largest difference between two of the own clock, the database's and the bookmakers' together.
	Apart time.Duration
}

// Skewed reports whether the clocks differed by more than they may.
func (c Comparison) Skewed() bool { return c.Apart > Tolerance }

// String lists the offsets, as in "scraper +3h0m0s, database +0s".
func (c Comparison) String() string {
	all := make([]string, 0, len(c.Offsets))
	for _, o := range c.Offsets {
		d := time.Duration(o.Seconds * float64(time.Second)).Round(time.Second)
		sign := "+"
		if d < 0 {
			sign = "" // its own
		}
		all = append(all, fmt.Sprintf("%s %s%v", o.Clock, sign, d))
	}
	return strings.Join(all, ", ")
}

// Compare returns what was measured since Begin.
func (c *Clock) Compare() Comparison {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ownOnly {
		return Comparison{}
	}
	passed, own := c.readOwn()
	now, _ := c.choose(passed, own)
	var result Comparison
	var spans []span
	for _, s := range []struct {
		name string
		span span
	}{{Scraper, c.ownSpan}, {Database, c.dataSpan}} {
		if !s.span.known {
			continue
		}
		spans = append(spans, s.span)
		result.Offsets = append(result.Offsets, offsetOf(s.name, s.span.furthest(now)-now))
	}
	var offsets []time.Duration
	var names []Offset
	for name, r := range c.bookmakers {
		if r.round == c.round {
			offsets = append(offsets, r.offset)
			names = append(names, offsetOf(name, r.offset-now))
		}
	}
	slices.SortFunc(names, func(a, b Offset) int { return cmp.Compare(a.Clock, b.Clock) })
	result.Offsets = append(result.Offsets, names...)
	if v, _ := consensus(offsets, reading{offset: own, known: true}, c.database.fresh(passed)); v.known {
		spans = append(spans, span{v.offset, v.offset, true})
	}
	all := spans[0] // the own one's
	for _, s := range spans {
		all.add(s.least)
		all.add(s.most)
	}
	result.Apart = all.most - all.least
	return result
}

// furthest is the end of a span that is further from an offset.
func (s *span) furthest(from time.Duration) time.Duration {
	if (s.least - from).Abs() > (s.most - from).Abs() {
		return s.least
	}
	return s.most
}

func offsetOf(name string, d time.Duration) Offset {
	return Offset{Clock: name, Seconds: d.Round(time.Millisecond).Seconds()}
}
