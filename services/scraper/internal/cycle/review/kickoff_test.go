package review

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// longAgo is the kickoff of details that went wrong.
var longAgo = time.Date(2001, 1, 1, 12, 0, 0, 0, time.UTC)

// TestNoDetailMovesIntoThePast draws what lists and details say, over several cycles: as long as a match is fetched,
// no detail brings it to be over.
func TestNoDetailMovesIntoThePast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		at := rapid.Custom(func(t *rapid.T) time.Time {
			switch hours := rapid.IntRange(-60, 60).Draw(t, "hours"); rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				return longAgo
			case 1:
				return time.Time{}
			default:
				return now.Add(time.Duration(hours) * time.Hour)
			}
		})
		var suspects Suspects
		for range 4 {
			suspects.BeginCycle()
			tg := &Target{SrID: "1", Listings: make(map[odds.Bookmaker]odds.Listing)}
			for _, b := range registry.Names() {
				tg.Listings[b] = listing(b, string(b), "1", at.Draw(t, "list of "+string(b)))
			}
			if rapid.Bool().Draw(t, "known") {
				e := committedEvent("1")
				e.Kickoff = now.Add(time.Hour)
				tg.Committed = &e
			}
			tg.reviewLists(now, &suspects)
			if tg.Kickoff = tg.event(nil).Kickoff; !tg.Kickoff.After(now) {
				continue // not fetched
			}
			for _, b := range registry.Names() {
				detail := odds.Listing{Bookmaker: b, Kickoff: at.Draw(t, "detail of "+string(b))}
				tg.reviewDetail(&detail, now, &suspects)
				tg.refine(detail)
			}
			if got := tg.event(nil).Kickoff; !got.After(now) {
				t.Fatalf("the kickoff was %v, and is %v", tg.Kickoff, got)
			}
		}
	})
}
