package review

import (
	"cmp"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Target is an event to fetch, with what each bookmaker says of it. It belongs to one goroutine at a time.
type Target struct {
	SrID string
	// Listings is what the lists say, and what details said since.
	Listings map[odds.Bookmaker]odds.Listing
	// Kickoff is that of the merged event before any detail; see Reviewer.Lists.
	Kickoff time.Time
	// Committed is what the store holds of the event; nil for a new one.
	Committed *odds.Event
	// Only names the bookmakers to fetch from; nil for all that list the event.
	Only []odds.Bookmaker
}

// Merge joins what the bookmakers list by SportRadar id, in the order of these ids. Listings without one are left out.
func Merge(found map[odds.Bookmaker]bookmaker.Discovery, committed func(srID string) (odds.Event, bool)) []*Target {
	bySrID := make(map[string]*Target)
	for _, b := range registry.Names() {
		for _, listing := range found[b].Listings {
			if listing.SrID == "" {
				continue
			}
			t := bySrID[listing.SrID]
			if t == nil {
				t = &Target{SrID: listing.SrID, Listings: make(map[odds.Bookmaker]odds.Listing, len(registry.Names()))}
				if e, ok := committed(listing.SrID); ok {
					t.Committed = &e
				}
				bySrID[listing.SrID] = t
			}
			t.Listings[b] = listing
		}
	}
	targets := make([]*Target, 0, len(bySrID))
	for _, t := range bySrID {
		targets = append(targets, t)
	}
	slices.SortFunc(targets, func(a, b *Target) int { return cmp.Compare(a.SrID, b.SrID) })
	return targets
}

// Bookmakers are those to fetch from, in the order of precedence.
func (t *Target) Bookmakers() []odds.Bookmaker {
	if t.Only != nil {
		return t.Only
	}
	names := make([]odds.Bookmaker, 0, len(t.Listings))
	for _, b := range registry.Names() {
		if _, listed := t.Listings[b]; listed {
			names = append(names, b)
		}
	}
	return names
}

// refine puts what a detail says of the event over what the list said: the detail is newer.
func (t *Target) refine(detail odds.Listing) {
	listing, listed := t.Listings[detail.Bookmaker]
	if !listed {
		t.Listings[detail.Bookmaker] = detail
		return
	}
	t.Listings[detail.Bookmaker] = listing.With(detail)
}

// clearNames takes the team names of a bookmaker with swapped sides out of the event: they would stand for the other
// side.
func (t *Target) clearNames(b odds.Bookmaker) {
	if l, listed := t.Listings[b]; listed {
		l.Name, l.HomeTeam, l.AwayTeam = "", "", ""
		t.Listings[b] = l
	}
}
