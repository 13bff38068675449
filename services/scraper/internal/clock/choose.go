package clock

import (
	"cmp"
	"slices"
	"time"
)

// writtenIn is when this program was written: a clock that says an earlier time is wrong, and is not the earliest of
// what is known. Machines without a battery begin in 1970.
var writtenIn = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// near reports whether two offsets are those of clocks that agree.
func near(a, b time.Duration) bool { return (a - b).Abs() <= Tolerance }

// fresh drops a reading that is too old to be used.
func (r reading) fresh(passed time.Duration) reading {
	if passed-r.at > lasting {
		return reading{}
	}
	return r
}

// choose picks the offset to go by, of what is known after so much time has passed, and notes it where all agree. It
// is not sure where the clocks contradict each other and nothing decides between them.
func (c *Clock) choose(passed, own time.Duration) (offset time.Duration, sure bool) {
	if c.alone {
		return own, true
	}
	var said []time.Duration
	for name, r := range c.bookmakers {
		if r = r.fresh(passed); r.known {
			said = append(said, r.offset)
		} else {
			delete(c.bookmakers, name)
		}
	}
	database, agreed := c.database.fresh(passed), c.agreed.fresh(passed)
	bookmakers, heard := voice(said, own, database)
	if heard && !c.dated {
		agreed = reading{} // own and database may have erred together
	}
	agree := (!heard || near(own, bookmakers)) && (!database.known || near(own, database.offset))
	if agree && (heard || database.known) && (!heard || !database.known || near(database.offset, bookmakers)) {
		c.agreed, c.dated = reading{offset: own, at: passed, known: true}, heard
		return own, true
	}
	if heard {
		for _, r := range []reading{{offset: own, known: true}, database, agreed} {
			if r.known && near(r.offset, bookmakers) {
				return r.offset, true
			}
		}
		if database.known && agreed.known && near(own, database.offset) && near(own, agreed.offset) {
			return own, true
		}
		return c.earliest(passed, reading{offset: own, known: true}, database, agreed, reading{offset: bookmakers, known: true}), false
	}
	switch {
	case !database.known:
		return own, true // nothing contradicts it
	case agreed.known && near(own, agreed.offset):
		return own, true
	case agreed.known && near(database.offset, agreed.offset):
		return database.offset, true
	}
	return c.earliest(passed, reading{offset: own, known: true}, database), false
}

// earliest is the least offset of the clocks that are known and possible; the largest when none is possible.
func (c *Clock) earliest(passed time.Duration, all ...reading) time.Duration {
	all = slices.DeleteFunc(all, func(r reading) bool { return !r.known })
	slices.SortFunc(all, func(a, b reading) int { return cmp.Compare(a.offset, b.offset) })
	for _, r := range all {
		if !c.base.Add(passed + r.offset).Before(writtenIn) {
			return r.offset
		}
	}
	return all[len(all)-1].offset
}

// voice is what the bookmakers say: the middle of the largest group that agrees with one of its members. Of groups of
// one size it is that which own agrees with, then the database's, then the earliest.
func voice(said []time.Duration, own time.Duration, database reading) (offset time.Duration, heard bool) {
	slices.Sort(said)
	most := 0
	for _, member := range said {
		group := slices.DeleteFunc(slices.Clone(said), func(o time.Duration) bool { return !near(o, member) })
		weight := 4 * len(group)
		if near(member, own) {
			weight += 2
		}
		if database.known && near(member, database.offset) {
			weight++
		}
		if weight > most {
			most, offset = weight, group[(len(group)-1)/2]
		}
	}
	return offset, len(said) > 0
}
