package unmapped

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func left(id, example string) bookmaker.Unmapped {
	return bookmaker.Unmapped{MarketID: id, Name: id, Reason: bookmaker.UnknownMarket, Example: example}
}

func TestMostFrequentComesFirstAndLinesCountOnce(t *testing.T) {
	t.Parallel()
	var c Count
	c.Add(odds.Bet9ja, []bookmaker.Unmapped{left("S_A", "1"), left("S_B", "2"), left("S_B", "3")})
	c.Add(odds.Bet9ja, []bookmaker.Unmapped{left("S_A", "4")})
	c.Add(odds.SportyBet, []bookmaker.Unmapped{left("900", "5")})
	var r Register
	r.Replace("cycle", &c)
	cycle, got := r.Markets("")
	want := []Market{
		{Bookmaker: odds.Bet9ja, Unmapped: left("S_A", "4"), Events: 2},
		{Bookmaker: odds.Bet9ja, Unmapped: left("S_B", "2"), Events: 1},
		{Bookmaker: odds.SportyBet, Unmapped: left("900", "5"), Events: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" || cycle != "cycle" {
		t.Errorf("%s of %q", diff, cycle)
	}
	if _, got := r.Markets(odds.SportyBet); len(got) != 1 || got[0].MarketID != "900" {
		t.Errorf("of sportybet: %v", got)
	}
}
