package discovery

import (
	"cmp"
	"slices"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// distinct leaves one listing of each event id and one of each SportRadar id, and orders them by kickoff, then id.
//
// One event in two tournaments, or on two pages of a list that moved between the calls, is one event: the first
// stays and nothing is counted. Two events of one SportRadar id are a fixture that was created again: the one with
// the later kickoff stays, then the one with the higher id, and the other is counted as DUPLICATE_LISTING.
// Listings without a SportRadar id all stay; their details have it.
func distinct(listings []odds.Listing, rejections odds.Rejections) []odds.Listing {
	byID := make(map[string]bool, len(listings))
	bySr := make(map[string]int, len(listings)) // place in kept
	kept := listings[:0:0]
	for _, l := range listings {
		if byID[l.EventID] {
			continue
		}
		byID[l.EventID] = true
		if l.SrID == "" {
			kept = append(kept, l)
			continue
		}
		i, twice := bySr[l.SrID]
		if !twice {
			bySr[l.SrID] = len(kept)
			kept = append(kept, l)
			continue
		}
		rejections[odds.DuplicateListing]++
		if newer(l, kept[i]) {
			kept[i] = l
		}
	}
	slices.SortFunc(kept, func(a, b odds.Listing) int {
		return cmp.Or(a.Kickoff.Compare(b.Kickoff), compareIDs(a.EventID, b.EventID))
	})
	return kept
}

// newer reports whether a is the one that stays.
func newer(a, b odds.Listing) bool {
	return cmp.Or(a.Kickoff.Compare(b.Kickoff), compareIDs(a.EventID, b.EventID)) > 0
}

// compareIDs orders ids as numbers where they are such: bookmakers count up.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
