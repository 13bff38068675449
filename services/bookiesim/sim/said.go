package sim

import (
	"net/http"
	"slices"
	"time"
)

// reported is what one answer says of an event: what the bookmaker lists, or what faults make of it.
type reported struct {
	eventID, srID string
	home, away    string
	sides         [2]int
	kickoff       time.Time
	reversed      bool // the prices are those of teams that changed places
	foreign       bool // outcomes have French names
	noSrID        bool
	faulty        bool // some fault shows
}

// report is what an answer to a request says of an event. The world's lock is held.
func (x *exchange) report(f *fixture) reported {
	s := x.world.gates[x.book].report(f, x.route, x.inside, x.serial)
	x.shown = x.shown || s.faulty
	return s
}

// report is what the bookmaker's answers of a route say of an event while faults are set.
func (g *gate) report(f *fixture, to route, faults []ruled, serial uint64) reported {
	l := &f.listings[g.book]
	s := reported{
		eventID: l.eventID, srID: l.srID, home: f.home[g.book], away: f.away[g.book], sides: f.sides, kickoff: l.kickoff,
	}
	for i := range faults {
		fault := &faults[i]
		if !fault.hits(g.key, to, f.srID, serial) {
			continue
		}
		switch fault.Kind {
		case SidesSwapped:
			s.home, s.away, s.sides, s.reversed = s.away, s.home, [2]int{s.sides[1], s.sides[0]}, true
		case PricesSwapped:
			s.reversed = true
		case ForeignNames:
			s.foreign = true
		case PastKickoff:
			s.kickoff = time.Date(2001, s.kickoff.Month(), s.kickoff.Day(), s.kickoff.Hour(), s.kickoff.Minute(), 0, 0, time.UTC)
		case KickoffMoved:
			s.kickoff = s.kickoff.Add(fault.moved())
		case LeadingZero:
			s.srID = "0" + s.srID
			if fromSrID(g.book) {
				s.eventID = "sr:match:" + s.srID
			}
		case NoSrID:
			s.noSrID = true
		default:
			continue // not of events
		}
		s.faulty = true
	}
	return s
}

// left is what a list has of the events that the bookmaker lists, before it is cut into pages.
func (x *exchange) left(events []*fixture) []*fixture {
	for i := range x.inside {
		if fault := &x.inside[i]; fault.Kind == ShortList {
			n := len(events)
			events = slices.DeleteFunc(events, func(f *fixture) bool {
				return fault.hits(x.world.gates[x.book].key, x.route, f.srID, x.serial)
			})
			x.shown = x.shown || len(events) < n
		}
	}
	return events
}

// page is the largest page that a list has when take events are asked for.
func (x *exchange) page(key string, take int) int {
	for i := range x.inside {
		if fault := &x.inside[i]; fault.Kind == ShortPage && fault.hits(x.world.gates[x.book].key, x.route, key, x.serial) && fault.cap() < take {
			take, x.shown = fault.cap(), true
		}
	}
	return take
}

// setDate tells the bookmaker's time, which is the world's.
func (x *exchange) setDate(key string) {
	at := x.world.Now()
	for i := range x.inside {
		if fault := &x.inside[i]; fault.Kind == ClockOff && fault.hits(x.world.gates[x.book].key, x.route, key, x.serial) {
			at, x.shown = at.Add(fault.Offset), true
		}
	}
	x.w.Header().Set("Date", at.Format(http.TimeFormat))
}
