package feedtest

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// IDs are the ids that an event lists, BetPawa's first.
func IDs(e *oddscachev1.Event) []ID {
	var ids []ID
	if e.GetBetpawaEventId() != "" {
		ids = append(ids, ID{Betpawa, e.GetBetpawaEventId()})
	}
	for _, c := range e.GetCompetitorEvents() {
		ids = append(ids, ID{c.GetBookmaker(), c.GetCompetitorEventId()})
	}
	return ids
}

// Owners says which event lists an id.
func (w *World) Owners() map[ID]string {
	owners := make(map[ID]string)
	for srID, e := range w.events {
		for _, id := range IDs(e) {
			owners[id] = srID
		}
	}
	return owners
}

// Expected is what a lookup of the event must find, without the freshness; nil when the world does not have it.
func (w *World) Expected(srID string) *oddscachev1.EventSnapshots {
	e := w.events[srID]
	if e == nil {
		return nil
	}
	ids := IDs(e)
	slices.SortFunc(ids, func(a, b ID) int {
		switch {
		case a.Bookmaker == b.Bookmaker:
			return 0
		case a.Bookmaker == Betpawa:
			return -1
		case b.Bookmaker == Betpawa:
			return 1
		default:
			return cmp.Compare(a.Bookmaker, b.Bookmaker)
		}
	})
	expected := &oddscachev1.EventSnapshots{Event: e}
	for _, id := range ids {
		if s := w.snaps[id]; s != nil {
			expected.Snapshots = append(expected.Snapshots, s)
		}
	}
	return expected
}

// Filtered is a copy of an event with some bookmakers' and markets' part of it; empty lists let everything through.
func Filtered(a *oddscachev1.EventSnapshots, bookmakers, marketIDs []string) *oddscachev1.EventSnapshots {
	a = proto.CloneOf(a)
	a.Snapshots = slices.DeleteFunc(a.Snapshots, func(s *oddscachev1.CachedSnapshot) bool {
		return len(bookmakers) > 0 && !slices.Contains(bookmakers, s.GetBookmaker())
	})
	for _, s := range a.Snapshots {
		s.Markets = slices.DeleteFunc(s.Markets, func(m *oddscachev1.CachedMarket) bool {
			return len(marketIDs) > 0 && !slices.Contains(marketIDs, m.GetMarketId())
		})
	}
	return a
}

// Events are the ids of all events in the order (kickoff, sr_id).
func (w *World) Events() []string {
	return slices.SortedFunc(maps.Keys(w.events), func(a, b string) int {
		return cmp.Or(w.events[a].GetKickoff().AsTime().Compare(w.events[b].GetKickoff().AsTime()), cmp.Compare(a, b))
	})
}

// Counts is what GetStats must count of the world.
type Counts struct{ Events, Betpawa, Competitor, Snapshots, Markets, Waiting int64 }

// Counts counts by walking over everything.
func (w *World) Counts() Counts {
	c := Counts{Events: int64(len(w.events))}
	owners := w.Owners()
	for id := range owners {
		if id.Bookmaker == Betpawa {
			c.Betpawa++
		} else {
			c.Competitor++
		}
	}
	for id, s := range w.snaps {
		if _, listed := owners[id]; !listed {
			c.Waiting++
			continue
		}
		c.Snapshots++
		c.Markets += int64(len(s.GetMarkets()))
	}
	return c
}

// LastCycle is the id of the last cycle; empty before the first.
func (w *World) LastCycle() string { return w.last.GetCycleId() }
