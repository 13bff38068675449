package review

import (
	"cmp"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// event is the event as it should be stored. Each field is that of the first bookmaker, in the order of precedence,
// that lists the event with that field. Where a bookmaker is known to list the event but its discovery is not complete,
// the committed event takes its place: what is committed may be its word, and a competitor does not override it.
//
// The event carries the ids of those bookmakers alone that list it now. The store keeps the others, and an id that
// another event of the cycle lists must not be claimed back.
func (t *Target) event(complete map[odds.Bookmaker]bool) odds.Event {
	e := odds.Event{SrID: t.SrID}
	committedUsed := false
	for _, b := range registry.Names() {
		listing, listed := t.Listings[b]
		if !listed {
			if t.Committed != nil && !complete[b] && t.Committed.ListedBy(b) {
				committedUsed = true
				fill(&e, listingOf(t.Committed))
			}
			continue
		}
		fill(&e, listing)
		e.Link(b, listing.EventID)
	}
	if t.Committed != nil && !committedUsed {
		fill(&e, listingOf(t.Committed))
	}
	if e.Name == "" && e.HomeTeam != "" && e.AwayTeam != "" {
		e.Name = e.HomeTeam + " - " + e.AwayTeam
	}
	return e
}

// fill sets the fields of e that no earlier bookmaker has set.
func fill(e *odds.Event, l odds.Listing) {
	e.Kickoff = firstTime(e.Kickoff, l.Kickoff)
	e.Sport = cmp.Or(e.Sport, l.Sport)
	if e.Tournament == "" && e.Country == "" { // the two belong together
		e.Country, e.Tournament = l.Country, l.Tournament
	}
	if e.HomeTeam == "" && e.AwayTeam == "" {
		e.HomeTeam, e.AwayTeam = l.HomeTeam, l.AwayTeam
		e.Name = cmp.Or(l.Name, e.Name)
	}
}

func listingOf(e *odds.Event) odds.Listing {
	return odds.Listing{
		SrID: e.SrID, Kickoff: e.Kickoff, Name: e.Name, HomeTeam: e.HomeTeam, AwayTeam: e.AwayTeam,
		Sport: e.Sport, Country: e.Country, Tournament: e.Tournament,
	}
}

// firstTime is the first of two times that is not zero.
func firstTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}
