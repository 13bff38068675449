package store

import (
	"cmp"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// relinking works out what events become when a batch's desired states are laid over what is committed, one after
// another, without changing what is committed.
type relinking struct {
	base   *committed
	events map[string]*odds.Event // changed or looked at and changed back
	owners map[key]string         // overlay of base.owners; empty when an id became free
}

func newRelinking(base *committed) *relinking {
	return &relinking{base: base, events: make(map[string]*odds.Event), owners: make(map[key]string)}
}

// event is the state reached so far; nil if there is no such event.
func (r *relinking) event(srID string) *odds.Event {
	if e, ok := r.events[srID]; ok {
		return e
	}
	return r.base.events[srID]
}

// owner is the sr_id of the event that lists k so far; empty if none does.
func (r *relinking) owner(k key) string {
	if o, ok := r.owners[k]; ok {
		return o
	}
	return r.base.owners[k]
}

// put lays one desired state over the state reached. Ids of bookmakers that e does not list stay; ids that e lists
// leave the events that had them.
func (r *relinking) put(e odds.Event) {
	old := r.event(e.SrID)
	next := merged(old, e)
	if old != nil {
		for _, k := range keysOf(old) {
			if r.owner(k) == e.SrID {
				r.owners[k] = ""
			}
		}
	}
	for _, k := range keysOf(next) {
		if o := r.owner(k); o != "" && o != e.SrID {
			r.events[o] = without(r.event(o), k)
		}
		r.owners[k] = e.SrID
	}
	r.events[e.SrID] = next
}

// merged is e with the ids of old that e does not replace, its competitors in their order.
func merged(old *odds.Event, e odds.Event) *odds.Event {
	next := e
	next.Kickoff = encode.Micros(e.Kickoff)
	next.Competitors = slices.Clone(e.Competitors)
	if old != nil {
		next.BetPawaEventID = cmp.Or(e.BetPawaEventID, old.BetPawaEventID)
		for _, c := range old.Competitors {
			listed := slices.ContainsFunc(e.Competitors, func(n odds.CompetitorEvent) bool { return n.Bookmaker == c.Bookmaker })
			if !listed {
				next.Competitors = append(next.Competitors, c)
			}
		}
	}
	slices.SortFunc(next.Competitors, compareCompetitors)
	return &next
}

// without is e without one of its ids.
func without(e *odds.Event, k key) *odds.Event {
	next := *e
	if k.bookmaker.Reference() {
		next.BetPawaEventID = ""
		return &next
	}
	next.Competitors = slices.DeleteFunc(slices.Clone(e.Competitors), func(c odds.CompetitorEvent) bool {
		return c == odds.CompetitorEvent{Bookmaker: k.bookmaker, EventID: k.id}
	})
	return &next
}

// link is a competitor's id and the event that lists it.
type link struct {
	key
	srID string
}

// links returns the competitors' ids that change hands, in order: those whose row goes, and those that get one. The
// reference's ids stand in the events themselves.
func (r *relinking) links() (gone []key, added []link) {
	for k, owner := range r.owners {
		before := r.base.owners[k]
		if owner == before || k.bookmaker.Reference() {
			continue
		}
		if before != "" {
			gone = append(gone, k)
		}
		if owner != "" {
			added = append(added, link{k, owner})
		}
	}
	slices.SortFunc(gone, key.compare)
	slices.SortFunc(added, func(a, b link) int { return a.compare(b.key) })
	return gone, added
}

// changed returns the events to be written: who loses an id before who gets it, else by sr_id. In a ring of events
// that pass ids around, which no order satisfies, the smallest sr_id goes first.
func (r *relinking) changed() []*odds.Event {
	var left []string
	for srID, e := range r.events {
		if old := r.base.events[srID]; old == nil || !sameEvent(old, e) {
			left = append(left, srID)
		}
	}
	slices.Sort(left)
	waits := r.waits()

	order := make([]*odds.Event, 0, len(left))
	done := make(map[string]bool, len(left))
	write := func(srID string) {
		order = append(order, r.events[srID])
		done[srID] = true
	}
	for len(left) > 0 {
		var blocked []string
		for _, srID := range left {
			if slices.ContainsFunc(waits[srID], func(loser string) bool { return !done[loser] }) {
				blocked = append(blocked, srID)
				continue
			}
			write(srID)
		}
		if len(blocked) == len(left) {
			write(blocked[0])
			blocked = blocked[1:]
		}
		left = blocked
	}
	return order
}

// waits returns for each event those that must be written before it since it takes an id of theirs.
func (r *relinking) waits() map[string][]string {
	waits := make(map[string][]string)
	for k, winner := range r.owners {
		if loser := r.base.owners[k]; winner != "" && loser != "" && loser != winner {
			waits[winner] = append(waits[winner], loser)
		}
	}
	return waits
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.bookmaker, o.bookmaker), cmp.Compare(k.id, o.id))
}

// sameEvent reports whether two states of an event say the same.
func sameEvent(a, b *odds.Event) bool {
	return a.SrID == b.SrID && a.BetPawaEventID == b.BetPawaEventID && a.Name == b.Name && a.HomeTeam == b.HomeTeam &&
		a.AwayTeam == b.AwayTeam && a.Kickoff.Equal(b.Kickoff) && a.Sport == b.Sport && a.Country == b.Country &&
		a.Tournament == b.Tournament && slices.Equal(a.Competitors, b.Competitors)
}

func compareCompetitors(a, b odds.CompetitorEvent) int {
	return cmp.Compare(a.Bookmaker, b.Bookmaker)
}
