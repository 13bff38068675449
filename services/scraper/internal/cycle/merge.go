package cycle

import (
	"cmp"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// target is an event of the cycle with what each bookmaker's list says of it.
type target struct {
	srID     string
	listings map[odds.Bookmaker]odds.Listing
	kickoff  time.Time // of the merged event, before any detail; see settleKickoff
	// committed is what the store holds of the event; nil for a new one.
	committed *odds.Event
	// only names the bookmakers to ask; nil for all that list the event.
	only []odds.Bookmaker
}

// asked are the bookmakers to ask, in the order of precedence.
func (t *target) asked() []odds.Bookmaker {
	if t.only != nil {
		return t.only
	}
	names := make([]odds.Bookmaker, 0, len(t.listings))
	for _, b := range odds.Bookmakers() {
		if _, listed := t.listings[b]; listed {
			names = append(names, b)
		}
	}
	return names
}

// answered tells, for each bookmaker, whether discovery answered as a whole: then an event that it does not list is
// not listed. A bookmaker or tournament that failed says nothing about what it does not list.
type answered map[odds.Bookmaker]bool

// mergeListings joins what the bookmakers list by SportRadar id. Listings without one are left to the caller.
func mergeListings(found map[odds.Bookmaker]bookmaker.Discovery, committed func(srID string) (odds.Event, bool)) []*target {
	bySrID := make(map[string]*target)
	for _, b := range odds.Bookmakers() {
		for _, listing := range found[b].Listings {
			if listing.SrID == "" {
				continue
			}
			t := bySrID[listing.SrID]
			if t == nil {
				t = &target{srID: listing.SrID, listings: make(map[odds.Bookmaker]odds.Listing, len(odds.Bookmakers()))}
				if e, ok := committed(listing.SrID); ok {
					t.committed = &e
				}
				bySrID[listing.SrID] = t
			}
			t.listings[b] = listing
		}
	}
	targets := make([]*target, 0, len(bySrID))
	for _, t := range bySrID {
		targets = append(targets, t)
	}
	slices.SortFunc(targets, func(a, b *target) int { return cmp.Compare(a.srID, b.srID) })
	return targets
}

// refine puts what a detail says of the event over what the list said; the detail was asked later.
func (t *target) refine(detail odds.Listing) {
	listing := t.listings[detail.Bookmaker]
	listing.Kickoff = firstTime(detail.Kickoff, listing.Kickoff)
	listing.Name = cmp.Or(detail.Name, listing.Name)
	listing.HomeTeam = cmp.Or(detail.HomeTeam, listing.HomeTeam)
	listing.AwayTeam = cmp.Or(detail.AwayTeam, listing.AwayTeam)
	listing.Sport = cmp.Or(detail.Sport, listing.Sport)
	listing.Country = cmp.Or(detail.Country, listing.Country)
	listing.Tournament = cmp.Or(detail.Tournament, listing.Tournament)
	t.listings[detail.Bookmaker] = listing
}

// event is the event as it should be stored. Each field is that of the first bookmaker, in the order of precedence,
// that lists the event with that field. A bookmaker that is known to list the event but did not answer wholly in
// this cycle keeps its say: what is committed may be its word, and a competitor does not override it.
// It carries the ids of those alone that list it now: the store keeps the others, and an id that another event of the
// cycle lists must not be claimed back.
func (t *target) event(whole answered) odds.Event {
	e := odds.Event{SrID: t.srID}
	committedSpeaks := false
	for _, b := range odds.Bookmakers() {
		listing, listed := t.listings[b]
		if !listed {
			if t.committed != nil && !whole[b] && lists(t.committed, b) {
				committedSpeaks = true
				fill(&e, listingOf(t.committed))
			}
			continue
		}
		fill(&e, listing)
		link(&e, b, listing.EventID)
	}
	if t.committed != nil && !committedSpeaks {
		fill(&e, listingOf(t.committed))
	}
	if e.Name == "" && e.HomeTeam != "" && e.AwayTeam != "" {
		e.Name = e.HomeTeam + " - " + e.AwayTeam
	}
	slices.SortFunc(e.Competitors, func(a, b odds.CompetitorEvent) int { return cmp.Compare(a.Bookmaker, b.Bookmaker) })
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

// lists reports whether e carries an id of b.
func lists(e *odds.Event, b odds.Bookmaker) bool {
	if b.Reference() {
		return e.BetPawaEventID != ""
	}
	return slices.ContainsFunc(e.Competitors, func(c odds.CompetitorEvent) bool { return c.Bookmaker == b })
}

// link makes id the one that e carries of b.
func link(e *odds.Event, b odds.Bookmaker, id string) {
	if b.Reference() {
		e.BetPawaEventID = id
		return
	}
	e.Competitors = append(e.Competitors, odds.CompetitorEvent{Bookmaker: b, EventID: id})
}

func firstTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}
