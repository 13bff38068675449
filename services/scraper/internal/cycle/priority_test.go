package cycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestTargetsAreSortedByUrgencyKickoffAndCoverage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
	at := func(srID string, in time.Duration, bookmakers ...odds.Bookmaker) *review.Target {
		listings := make(map[odds.Bookmaker]odds.Listing)
		for _, b := range bookmakers {
			listings[b] = odds.Listing{}
		}
		return &review.Target{SrID: srID, Kickoff: now.Add(in), Listings: listings}
	}
	targets := []*review.Target{
		at("later", 26*time.Hour, odds.BetPawa),
		at("soon", 90*time.Minute, odds.BetPawa),
		at("few", 10*time.Minute, odds.BetPawa),
		at("many", 10*time.Minute, odds.BetPawa, odds.Bet9ja),
		at("next", 5*time.Minute, odds.BetPawa),
	}
	sortTargets(targets, now)
	var got []string
	for _, target := range targets {
		got = append(got, target.SrID)
	}
	if diff := cmp.Diff([]string{"next", "many", "few", "soon", "later"}, got); diff != "" {
		t.Error(diff)
	}
}
