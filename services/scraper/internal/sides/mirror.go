package sides

import (
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// family is a group of markets that one mistake would spoil together.
type family string

// The families.
const (
	result    family = "result"
	handicap  family = "handicap"
	teamGoals family = "team goals"
	halves    family = "halves"
)

// sided is a market that tells the sides apart.
type sided struct {
	family family
	mirror string // BetPawa's id of the market that says the same of the other side
}

// markets are those that prices are compared in, by BetPawa's ids.
//
//nolint:gochecknoglobals // a table, never written
var markets = map[string]sided{
	"3743": {result, "3743"}, // 1X2
	"4693": {result, "4693"}, // double chance
	"4703": {result, "4703"}, // draw no bet

	"4724": {handicap, "4724"}, // three-way
	"3774": {handicap, "3774"}, // Asian

	"5006": {teamGoals, "5003"}, "5003": {teamGoals, "5006"}, // over/under of a team
	"3816": {teamGoals, "3807"}, "3807": {teamGoals, "3816"}, // clean sheet
	"5051": {teamGoals, "5042"}, "5042": {teamGoals, "5051"}, // win to nil

	"3668": {halves, "3668"}, "3685": {halves, "3685"}, // 1X2
	"4673": {halves, "4673"}, "4681": {halves, "4681"}, // double chance
	"4697": {halves, "4697"}, "4700": {halves, "4700"}, // draw no bet
	"4716": {halves, "4716"}, "4720": {halves, "4720"}, // three-way handicap
	"3747": {halves, "3747"}, "3756": {halves, "3756"}, // Asian handicap
	"4964": {halves, "4961"}, "4961": {halves, "4964"}, // over/under of a team, first half
	"4982": {halves, "4979"}, "4979": {halves, "4982"}, // second half
}

// Sided reports whether prices are compared in a market of BetPawa's id.
func Sided(marketID string) bool { return markets[marketID].mirror != "" }

// mirrorKey is the market that says the same of the other side. A handicap is the home side's.
func mirrorKey(m *odds.Market) odds.MarketKey {
	k := odds.MarketKey{ID: markets[m.ID].mirror, Line: m.Line}
	if m.Handicap != odds.NoHandicap {
		k.Line = k.Line.Neg()
	}
	return k
}

// mirrorName is the outcome that says the same of the other side.
func mirrorName(name string) string {
	switch name {
	case "1":
		return "2"
	case "2":
		return "1"
	case "1X":
		return "X2"
	case "X2":
		return "1X"
	default:
		return name
	}
}

// mirrorMarkets swaps the sides of markets; those that do not tell them apart stay out.
func mirrorMarkets(all []odds.Market) []odds.Market {
	var turned []odds.Market
	for _, m := range all {
		if !Sided(m.ID) {
			continue
		}
		m.MarketKey, m.Outcomes = mirrorKey(&m), slices.Clone(m.Outcomes)
		for i := range m.Outcomes {
			m.Outcomes[i].Name = mirrorName(m.Outcomes[i].Name)
		}
		turned = append(turned, m)
	}
	odds.SortMarkets(turned)
	return turned
}
