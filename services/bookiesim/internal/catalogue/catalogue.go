// Package catalogue has the markets of the simulated bookmakers: every market with each bookmaker's own ids, words and
// lines, and the rule that settles its outcomes. It is data, checked when it is compiled; prices are drawn elsewhere.
package catalogue

import (
	"slices"

	"github.com/oddscache/oddscache/services/bookiesim/internal/score"
)

// The catalogue lists what the simulated bookmakers offer. Ids, keys, suffixes and outcome words are the bookmakers'
// own; which markets are the same bet at two of them was established by comparing prices, and a market without a
// proven partner stands in the catalogue of its own bookmaker alone (see competitorOnly).

// Words that many markets share.
const (
	groupMain       = "Main"
	groupGoals      = "Goals"
	TabGoals        = "goals"
	TabSpecials     = "specials"
	TabCorners      = "corners"
	threeWay        = "1|X|2"
	yesOrNo         = "Yes|No"
	sportyOverUnder = "12=Over {line}|13=Under {line}"
)

// Markets compiles all football markets in BetPawa's order of priority.
func Markets() []*Market {
	var markets []*Market
	for _, family := range [][]entry{
		results(), doubleChances(), drawNoBets(), bothTeamsToScore(), totals(), teamTotals(), asianHandicaps(),
		europeanHandicaps(), halfTimeFullTime(), correctScores(), exactGoals(), oddsAndEvens(), sheets(), halvesWon(),
		combinations(), multigoals(), goalScorers(), cornerMarkets(), bookingMarkets(), competitorOnly(),
	} {
		for _, e := range family {
			markets = append(markets, e.compile())
		}
	}
	slices.SortStableFunc(markets, func(a, b *Market) int { return a.Priority - b.Priority })
	return markets
}

// halves makes lines n+0.5 from the first to the last, in quarters.
func halves(first, last int) []int {
	var lines []int
	for n := first; n <= last; n++ {
		lines = append(lines, 4*n+2)
	}
	return lines
}

// period is how the bookmakers write a part of the match.
type period struct {
	scope                 score.Scope
	betpawa, display      string
	sporty                string // before SportyBet's texts
	nine, nineLabel, tabs string
	category              string
}

func full() period {
	return period{scope: score.FullTime, betpawa: " - FT", display: " | Full Time", category: "POPULAR"}
}

func first() period {
	return period{
		scope: score.FirstHalf, betpawa: " - 1H", display: " | First Half", sporty: "1st Half - ",
		nine: "1T", nineLabel: "1st Half - ", tabs: "halves", category: "HT",
	}
}

func second() period {
	return period{
		scope: score.SecondHalf, betpawa: " - 2H", display: " | Second Half", sporty: "2nd Half - ",
		nine: "2T", nineLabel: "2nd Half - ", tabs: "halves", category: "2T",
	}
}

// sportyGroup is SportyBet's group of a period's plain markets.
func (p period) sportyGroup() string {
	if p.scope == score.FullTime {
		return groupMain
	}
	return "Half"
}

// nine makes Bet9ja's words; count is its letter for what is counted.
func nine(key, label, category, number string, priority, view int, count string) nineWords {
	return nineWords{Key: key, Label: label, Category: category, Number: number, Priority: priority, View: view, Count: count}
}
