package storetest

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Event makes an event; ids are BetPawa's, SportyBet's and Bet9ja's, each empty for none.
func Event(srID string, kickoff time.Time, ids ...string) odds.Event {
	e := odds.Event{
		SrID: srID, Name: "Home " + srID + " v Away " + srID, HomeTeam: "Home " + srID, AwayTeam: "Away " + srID,
		Kickoff: kickoff.UTC(), Sport: "football", Country: "Nowhere", Tournament: "Cup",
	}
	for i, id := range ids {
		switch {
		case id == "":
		case i == 0:
			e.BetPawaEventID = id
		default:
			e.Competitors = append(e.Competitors, odds.CompetitorEvent{Bookmaker: registry.Names()[i], EventID: id})
		}
	}
	slices.SortFunc(e.Competitors, func(a, b odds.CompetitorEvent) int {
		if a.Bookmaker < b.Bookmaker {
			return -1
		}
		return 1
	})
	return e
}

// Capture makes a complete snapshot requested just now with one price a market.
func Capture(b odds.Bookmaker, id, srID string, prices map[string]float64) odds.Snapshot {
	requested := time.Now().Add(-time.Millisecond)
	s := odds.Snapshot{Bookmaker: b, EventID: id, SrID: srID, RequestedAt: requested, CapturedAt: time.Now(), Complete: true}
	for _, market := range slices.Sorted(maps.Keys(prices)) {
		s.Markets = append(s.Markets, odds.Market{
			MarketKey: odds.MarketKey{ID: market}, Name: "Market " + market,
			Outcomes: []odds.Outcome{{Name: "Yes", Odds: prices[market], Active: prices[market] > 1}, {Name: "No", Odds: 2.5, Active: true}},
		})
	}
	return s
}

// Numbered makes n markets of one price.
func Numbered(n int, price float64) map[string]float64 {
	prices := make(map[string]float64, n)
	for i := range n {
		prices[strconv.Itoa(1000+i)] = price
	}
	return prices
}

// One is a batch of one event with one market of the given price.
func One(price float64) store.Batch {
	return store.Batch{
		Events:    []odds.Event{Event("100", time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), "7")},
		Snapshots: []odds.Snapshot{Capture(odds.BetPawa, "7", "100", map[string]float64{"a": price})},
	}
}

// Two is a batch of an event that two bookmakers list, with a price of each.
func Two(price float64) store.Batch {
	return store.Batch{
		Events: []odds.Event{Event("100", time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), "7", "8")},
		Snapshots: []odds.Snapshot{
			Capture(odds.BetPawa, "7", "100", map[string]float64{"a": price}),
			Capture(odds.SportyBet, "8", "100", map[string]float64{"a": price}),
		},
	}
}

// Soon is a kickoff of tomorrow.
func Soon() time.Time { return time.Now().Add(24 * time.Hour).Truncate(time.Minute) }
