package feedmodel

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// grace is how long after kickoff an event stays.
const grace = 2 * time.Hour

// Write is an Op of a transaction with what it means at the moment it is run.
type Write struct {
	Op
	At  time.Time // the domain's clock
	Seq int       // unique; makes contents and cycles differ

	// Ahead is how far the clocks of database and scraper are ahead. Noticed, they are compared with others that are
	// right: then stamps are right, and nothing is evicted.
	Ahead   time.Duration
	Noticed bool
}

// stamp is what the writer takes for now.
func (w Write) stamp() time.Time {
	if w.Noticed {
		return w.At
	}
	return w.At.Add(w.Ahead)
}

// skewed reports whether the writer knows that clocks differ.
func (w Write) skewed() bool { return w.Noticed && w.Ahead != 0 }

// tolerance is how far clocks may differ: what lies further in the future is corrected.
const tolerance = time.Minute

// Truth is what must be answered, in plain maps, by the rules of the domain alone.
type Truth struct {
	events map[string]*oddscachev1.Event
	snaps  map[ID]*oddscachev1.CachedSnapshot // without snapshot_id
	cutoff time.Time
	cycle  string // the last that ended
}

func newTruth() *Truth {
	return &Truth{events: map[string]*oddscachev1.Event{}, snaps: map[ID]*oddscachev1.CachedSnapshot{}}
}

// offered is what can be bet on once an answer was read: what it lists, at its prices. All else that was ever seen is
// closed, and a market of which nothing is listed is not offered since the answer that said so first.
func offered(before, response *oddscachev1.CachedSnapshot) *oddscachev1.CachedSnapshot {
	open := make(map[string]float64)
	listed := make(map[float64]bool)
	name := func(m *oddscachev1.CachedMarket, o *oddscachev1.Outcome) string {
		return fmt.Sprint(m.GetLine(), o.GetName())
	}
	for _, m := range response.GetMarkets() {
		listed[m.GetLine()] = true
		for _, o := range m.GetOutcomes() {
			open[name(m, o)] = o.GetOdds()
		}
	}
	seen := proto.CloneOf(before)
	if seen == nil {
		seen = &oddscachev1.CachedSnapshot{}
	}
	for _, m := range response.GetMarkets() { // makes room for what was never seen before
		i := slices.IndexFunc(seen.GetMarkets(), func(s *oddscachev1.CachedMarket) bool { return s.GetLine() == m.GetLine() })
		if i < 0 {
			i = len(seen.GetMarkets())
			seen.Markets = append(seen.Markets, proto.CloneOf(m))
		}
		for _, o := range m.GetOutcomes() {
			if !slices.ContainsFunc(seen.GetMarkets()[i].GetOutcomes(), func(s *oddscachev1.Outcome) bool { return s.GetName() == o.GetName() }) {
				seen.Markets[i].Outcomes = append(seen.Markets[i].Outcomes, proto.CloneOf(o))
			}
		}
	}
	for _, m := range seen.GetMarkets() {
		switch {
		case listed[m.GetLine()]:
			m.UnavailableAt = nil
		case m.GetUnavailableAt() == nil || m.GetUnavailableAt().AsTime().Sub(response.GetCapturedAt().AsTime()) > tolerance:
			m.UnavailableAt = response.GetCapturedAt() // for the first time, or because a clock was ahead
		}
		for _, o := range m.GetOutcomes() {
			price, is := open[name(m, o)]
			if o.IsActive = is; is {
				o.Odds = price
			}
		}
	}
	next := proto.CloneOf(response)
	next.Markets = seen.GetMarkets()
	return next
}

// clone copies the maps; messages are never changed, only replaced.
func (t *Truth) clone() *Truth {
	return &Truth{events: maps.Clone(t.events), snaps: maps.Clone(t.snaps), cutoff: t.cutoff, cycle: t.cycle}
}

// effect says what a write did, for the coverage.
type effect struct{ moved, postponed, confirmed, evicted, corrected bool }

// apply is the domain's rules.
func (t *Truth) apply(w Write) (did effect) {
	switch w.Kind {
	case PutEvent:
		did = t.putEvent(eventOf(w))
	case Postpone:
		if old := t.events[w.SrID]; old != nil {
			e := proto.CloneOf(old)
			e.Kickoff = timestamppb.New(kickoffOf(w))
			did = t.putEvent(e)
		}
	case PutContent:
		if t.owner(w.ID) != "" {
			t.snaps[w.ID] = offered(t.snaps[w.ID], listedOf(w))
		}
	case Confirm:
		if old := t.snaps[w.ID]; old != nil && t.owner(w.ID) != "" {
			s := proto.CloneOf(old)
			s.LastConfirmedAt = timestamppb.New(w.stamp())
			if old.GetLastConfirmedAt().AsTime().Sub(w.stamp()) > tolerance {
				s.CapturedAt, did.corrected = s.GetLastConfirmedAt(), true
				for _, m := range s.GetMarkets() {
					if m.GetUnavailableAt().AsTime().Sub(w.stamp()) > tolerance {
						m.UnavailableAt = s.GetCapturedAt()
					}
				}
			}
			t.snaps[w.ID] = s
			did.confirmed = true
		}
	case EndCycle:
		t.cycle = cycleOf(w)
		if w.Yes && !w.skewed() {
			cutoff := w.stamp().Add(-grace)
			did.corrected = t.cutoff.Sub(cutoff) > tolerance
			did.evicted = t.evict(cutoff)
		}
	default:
	}
	return did
}

func (t *Truth) putEvent(e *oddscachev1.Event) (did effect) {
	if old := t.events[e.GetSrId()]; old != nil {
		did.postponed = old.GetKickoff().AsTime().Before(e.GetKickoff().AsTime())
	}
	for _, id := range idsOf(e) {
		if of := t.owner(id); of != "" && of != e.GetSrId() {
			t.events[of] = without(t.events[of], id)
			did.moved = true
		}
	}
	t.events[e.GetSrId()] = e
	return did
}

// evict removes what kicked off before the cutoff, which goes back only to be corrected, and snapshots that no event
// lists.
func (t *Truth) evict(cutoff time.Time) (gone bool) {
	if cutoff.After(t.cutoff) || t.cutoff.Sub(cutoff) > tolerance {
		t.cutoff = cutoff
	}
	for srID, e := range t.events {
		if e.GetKickoff().AsTime().Before(t.cutoff) {
			delete(t.events, srID)
			gone = true
		}
	}
	for id := range t.snaps {
		if t.owner(id) == "" {
			delete(t.snaps, id)
			gone = true
		}
	}
	return gone
}

// owner is the event that lists an id, empty for none.
func (t *Truth) owner(id ID) string {
	for srID, e := range t.events {
		if slices.Contains(idsOf(e), id) {
			return srID
		}
	}
	return ""
}

// response is what a lookup of an event must answer, with snapshot_id 0; nil if there is no such event.
func (t *Truth) response(srID string) *oddscachev1.EventSnapshots {
	e := t.events[srID]
	if e == nil {
		return nil
	}
	a := &oddscachev1.EventSnapshots{Event: e}
	ids := idsOf(e)
	slices.SortFunc(ids, func(a, b ID) int {
		return cmp.Or(cmp.Compare(rank(a.Bookmaker), rank(b.Bookmaker)), cmp.Compare(a.Bookmaker, b.Bookmaker))
	})
	for _, id := range ids {
		if s := t.snaps[id]; s != nil {
			a.Snapshots = append(a.Snapshots, s)
		}
	}
	return a
}

func rank(bookmaker string) int {
	if bookmaker == betpawa {
		return 0
	}
	return 1
}

// counts is what GetStats must count.
type counts struct{ events, betpawa, competitor, snapshots, markets, waiting int64 }

func (t *Truth) counts() counts {
	c := counts{events: int64(len(t.events))}
	for _, e := range t.events {
		if e.GetBetpawaEventId() != "" {
			c.betpawa++
		}
		c.competitor += int64(len(e.GetCompetitorEvents()))
	}
	for id, s := range t.snaps {
		if t.owner(id) == "" {
			c.waiting++
			continue
		}
		c.snapshots++
		c.markets += int64(len(s.GetMarkets()))
	}
	return c
}

// without is an event without one of its ids.
func without(e *oddscachev1.Event, id ID) *oddscachev1.Event {
	e = proto.CloneOf(e)
	if id.Bookmaker == betpawa {
		e.BetpawaEventId = ""
		return e
	}
	e.CompetitorEvents = slices.DeleteFunc(e.CompetitorEvents, func(c *oddscachev1.CompetitorEvent) bool {
		return c.GetBookmaker() == id.Bookmaker && c.GetCompetitorEventId() == id.ID
	})
	return e
}
