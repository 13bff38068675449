package history_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/history"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// minute is an instant of the tests' day.
func minute(n int) time.Time { return time.Date(2030, 5, 1, 12, n, 0, 0, time.UTC) }

// change is a change at its revision's minute, with one price.
func change(b odds.Bookmaker, revision int, price float64, available bool) history.Change {
	return history.Change{
		Bookmaker: b, Revision: int64(revision), CapturedAt: minute(revision), Available: available,
		Outcomes: []odds.Outcome{{Name: "1", Odds: price, Active: true}},
	}
}

func TestMomentsCarryEveryBookmakersState(t *testing.T) {
	t.Parallel()
	nine, sporty := change(odds.Bet9ja, 1, 1.5, true), change(odds.SportyBet, 2, 1.6, true)
	pawa, gone, back := change(odds.BetPawa, 3, 1.7, true), change(odds.SportyBet, 4, 1.6, false), change(odds.SportyBet, 5, 1.9, true)
	page := history.Page{
		Before:  []history.Change{nine},
		Changes: []history.Change{sporty, pawa, gone, back},
	}
	want := []history.Moment{
		{At: minute(2), ChangedBy: odds.SportyBet, Revision: 2, Quotes: []history.Change{sporty, nine}},
		{At: minute(3), ChangedBy: odds.BetPawa, Revision: 3, Quotes: []history.Change{pawa, sporty, nine}},
		{At: minute(4), ChangedBy: odds.SportyBet, Revision: 4, Quotes: []history.Change{pawa, gone, nine}},
		{At: minute(5), ChangedBy: odds.SportyBet, Revision: 5, Quotes: []history.Change{pawa, back, nine}},
	}
	if diff := cmp.Diff(want, history.Moments(page)); diff != "" {
		t.Errorf("moments (-want +got):\n%s", diff)
	}
}

func TestMargin(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	prices := func(names []string, odd ...float64) []odds.Outcome {
		outcomes := make([]odds.Outcome, len(odd))
		for i, o := range odd {
			outcomes[i] = odds.Outcome{Name: names[i], Odds: o, Active: o > odds.ClosedPrice}
		}
		return outcomes
	}
	result, chance := table.Row("3743"), table.Row("4693")
	for _, tt := range []struct {
		name      string
		row       *mapping.Row
		outcomes  []odds.Outcome
		available bool
		want      float64
		ok        bool
	}{
		{"fair", result, prices(result.Names, 2, 4, 4), true, 0, true},
		{"five percent", result, prices(result.Names, 2, 4, 1/0.3), true, 0.05, true},
		{"in the punter's favour", result, prices(result.Names, 2, 4, 5), true, -0.05, true},
		{"two outcomes win", chance, prices(chance.Names, 1.25, 1.25, 2), true, 0.05, true},
		{"unavailable", result, prices(result.Names, 2, 4, 4), false, 0, false},
		{"an outcome is closed", result, prices(result.Names, 2, 4, 1), true, 0, false},
		{"an outcome is missing", result, prices(result.Names, 2, 4), true, 0, false},
		{"another's outcomes", result, prices(chance.Names, 2, 4, 4), true, 0, false},
		{"unknown type", nil, prices(result.Names, 2, 4, 4), true, 0, false},
	} {
		got, ok := history.Margin(tt.row, history.Change{Available: tt.available, Outcomes: tt.outcomes})
		if ok != tt.ok || got != tt.want {
			t.Errorf("%s: margin %v, %v, want %v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	today := time.Date(2030, 5, 4, 0, 0, 0, 0, time.UTC)
	day := func(n int, rows, bytes int64) upkeep.Day {
		return upkeep.Day{Day: today.AddDate(0, 0, n), Rows: rows, Bytes: bytes}
	}
	for _, tt := range []struct {
		name  string
		sizes upkeep.Sizes
		want  history.Growth
	}{
		{"nothing", upkeep.Sizes{}, history.Growth{}},
		{"days made ahead only", upkeep.Sizes{Days: []upkeep.Day{day(0, 0, 8192), day(1, 0, 8192)}, TodayShare: 0}, history.Growth{}},
		{
			"mean of complete days, empty ones left out",
			upkeep.Sizes{Days: []upkeep.Day{day(-3, 100, 1000), day(-2, 0, 8192), day(-1, 300, 5000), day(0, 7, 70)}, TodayShare: 0.5},
			history.Growth{Rows: 200, Bytes: 3000},
		},
		{"today in proportion", upkeep.Sizes{Days: []upkeep.Day{day(0, 50, 1000), day(1, 0, 8192)}, TodayShare: 0.25}, history.Growth{Rows: 200, Bytes: 4000}},
	} {
		if got := history.GrowthOf(tt.sizes, today); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
