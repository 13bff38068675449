package clock

import (
	"cmp"
	"slices"
	"time"
)

// earliestYear is the year in which this program was written: a clock that shows an earlier time is wrong, and is not
// the earliest of what is known. Machines without a battery begin in 1970.
const earliestYear = 2026

// near reports whether two offsets are those of clocks that agree.
func near(a, b time.Duration) bool { return (a - b).Abs() <= Tolerance }

// fresh drops a reading that is too old to be used.
func (r reading) fresh(passed time.Duration) reading {
	if passed-r.at > maxAge {
		return reading{}
	}
	return r
}

// agree reports whether all that are known agree.
func agree(all ...reading) bool {
	var s span
	for _, r := range all {
		if r.known {
			s.add(r.offset)
		}
	}
	return s.most-s.least <= Tolerance
}

// choose picks the offset to go by, of what is known after so much time has passed, and notes it where all agree. It
// is not sure where the clocks contradict each other and nothing decides between them.
func (c *Clock) choose(passed, ownOffset time.Duration) (offset time.Duration, sure bool) {
	if c.ownOnly {
		return ownOffset, true
	}
	own := reading{offset: ownOffset, at: passed, known: true}
	database, agreed := c.database.fresh(passed), c.agreed.fresh(passed)
	bookmakers, most := consensus(c.freshOffsets(passed), own, database)
	switch {
	case !database.known && !bookmakers.known:
		return own.offset, true // nothing contradicts it
	case agree(own, database, bookmakers):
		if !bookmakers.known || most {
			c.agreed, c.dated = own, bookmakers.known
		}
		return own.offset, true
	case bookmakers.known:
		if !c.dated {
			agreed = reading{} // own and database may have erred together
		}
		return c.contradicted(bookmakers, own, database, agreed, passed)
	case agreed.known && agree(own, agreed):
		return own.offset, true
	case agreed.known && agree(database, agreed):
		return database.offset, true
	}
	return c.earliest(passed, own, database), false
}

// contradicted is choose where the bookmakers contradict own or database.
func (c *Clock) contradicted(bookmakers, own, database, agreed reading, passed time.Duration) (offset time.Duration, sure bool) {
	for _, r := range []reading{own, database, agreed} {
		if r.known && agree(r, bookmakers) {
			return r.offset, true
		}
	}
	if database.known && agreed.known && agree(own, database, agreed) {
		return own.offset, true
	}
	return c.earliest(passed, own, database, agreed, bookmakers), false
}

// freshOffsets returns the offsets of the bookmakers that were read lately enough.
func (c *Clock) freshOffsets(passed time.Duration) []time.Duration {
	var offsets []time.Duration
	for name, r := range c.bookmakers {
		if r = r.fresh(passed); r.known {
			offsets = append(offsets, r.offset)
		} else {
			delete(c.bookmakers, name)
		}
	}
	return offsets
}

// earliest is the least offset of the clocks that are known and possible; the largest when none is possible.
func (c *Clock) earliest(passed time.Duration, all ...reading) time.Duration {
	all = slices.DeleteFunc(all, func(r reading) bool { return !r.known })
	slices.SortFunc(all, func(a, b reading) int { return cmp.Compare(a.offset, b.offset) })
	for _, r := range all {
		if c.base.Add(passed+r.offset).UTC().Year() >= earliestYear {
			return r.offset
		}
	}
	return all[len(all)-1].offset
}

// consensus is what the bookmakers say: the middle of the largest group that agrees with one of its members. Of groups of
// one size it is that which own agrees with, then the database's, then the earliest. It also reports whether most of
// them say so.
func consensus(offsets []time.Duration, own, database reading) (r reading, most bool) {
	slices.Sort(offsets)
	heaviest := 0
	for _, member := range offsets {
		group := slices.DeleteFunc(slices.Clone(offsets), func(o time.Duration) bool { return !near(o, member) })
		weight := 4 * len(group)
		if near(member, own.offset) {
			weight += 2
		}
		if database.known && near(member, database.offset) {
			weight++
		}
		if weight > heaviest {
			heaviest, most = weight, 2*len(group) > len(offsets)
			r = reading{offset: group[(len(group)-1)/2], known: true}
		}
	}
	return r, most
}
