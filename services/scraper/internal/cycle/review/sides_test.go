package review

import (
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/sides"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// nothingCommitted is a store without snapshots.
type nothingCommitted struct{}

func (nothingCommitted) Committed(odds.Bookmaker, string) (store.CommittedSnapshot, bool) {
	return store.CommittedSnapshot{}, false
}

// result is a 1X2 market.
func result(home, draw, away float64) odds.Market {
	return odds.Market{MarketKey: odds.MarketKey{ID: "3743"}, Name: "1X2 - FT", Outcomes: []odds.Outcome{
		{Name: "1", Odds: home, Active: true}, {Name: "X", Odds: draw, Active: true}, {Name: "2", Odds: away, Active: true},
	}}
}

// TestMajorityWithoutTheReference has competitors that disagree, of bookmakers in the order of precedence.
func TestMajorityWithoutTheReference(t *testing.T) {
	t.Parallel()
	right := sides.Offer{Home: "Lions", Away: "Tigers", Markets: []odds.Market{result(1.5, 4, 6.5)}}
	for _, tt := range []struct {
		name    string
		first   odds.Bookmaker
		swapped []bool // each, after the first name
		want    []int
	}{
		{"of two the second", odds.SportyBet, []bool{false, true}, []int{1}},
		{"of two the second, whoever is right", odds.SportyBet, []bool{true, false}, []int{1}},
		{"of three the first", odds.SportyBet, []bool{true, false, false}, []int{0}},
		{"of three the last", odds.SportyBet, []bool{false, false, true}, []int{2}},
		{"half is no majority", odds.SportyBet, []bool{true, true, false, false}, []int{2, 3}},
		{"the reference is always right", odds.BetPawa, []bool{true, false, false}, []int{1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			names := []odds.Bookmaker{tt.first, "second", "third", "fourth"}
			var offers []offer
			for i, swapped := range tt.swapped {
				o := offer{id: odds.EventKey{Bookmaker: names[i], EventID: "1"}, Offer: right, fetched: true}
				if swapped {
					o.Offer = right.Mirror()
				}
				offers = append(offers, o)
			}
			found := swappedAmong(offers, nothingCommitted{})
			for _, i := range tt.want {
				if _, ok := found[names[i]]; !ok {
					t.Errorf("%s is not rejected; %v", names[i], found)
				}
			}
			if len(found) != len(tt.want) {
				t.Errorf("rejected are %v", found)
			}
		})
	}
}
