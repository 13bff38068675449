package sim

import (
	"math"
	"testing"
)

func TestRules(t *testing.T) {
	t.Parallel()
	one := func(h, a int) score { return score{home1: h, away1: a} }
	halves := func(h1, a1, h2, a2 int) score { return score{h1, a1, h2, a2} }
	tests := []struct {
		name      string
		rule      rule
		line      float64
		score     score
		win, lose float64
	}{
		{"home wins", result("1"), 0, one(2, 1), 1, 0},
		{"home draws", result("1"), 0, one(1, 1), 0, 1},
		{"draw or away", result("X2"), 0, one(0, 1), 1, 0},
		{"draw no bet, draw", withoutResult("X")("1"), 0, one(1, 1), 0, 0},
		{"home no bet, home", withoutResult("1")("X"), 0, one(1, 0), 0, 0},
		{"over 2.5 of 3", overUnder(totalCount)("Over"), 2.5, one(2, 1), 1, 0},
		{"over 3 of 3", overUnder(totalCount)("Over"), 3, one(2, 1), 0, 0},
		{"over 2.75 of 3", overUnder(totalCount)("Over"), 2.75, one(2, 1), 0.5, 0},
		{"under 2.75 of 3", overUnder(totalCount)("Under"), 2.75, one(2, 1), 0, 0.5},
		{"home -1.5 by 1", asian("1"), -1.5, one(2, 1), 0, 1},
		{"away +1.5 by 1", asian("2"), -1.5, one(2, 1), 1, 0},
		{"home -1 by 1", asian("1"), -1, one(2, 1), 0, 0},
		{"home -1.25 by 1", asian("1"), -1.25, one(2, 1), 0, 0.5},
		{"european -1, by 1, draw", europeanRule("X"), -1, one(2, 1), 1, 0},
		{"european +1, 0:1, home", europeanRule("1"), 1, one(0, 1), 0, 1},
		{"half-time full-time", halfFull("1/X"), 0, halves(1, 0, 0, 1), 1, 0},
		{"correct score", exactScore("2-1"), 0, one(2, 1), 1, 0},
		{"range", ranges(totalCount)("2-3"), 0, one(3, 0), 1, 0},
		{"open range", ranges(totalCount)("6+"), 0, one(3, 2), 0, 1},
		{"margin", margins("Away by 2"), 0, one(0, 2), 1, 0},
		{"combined", both(" - ", result, overUnder(totalCount))("X2 - Under"), 2.5, one(1, 1), 1, 0},
		{"combined, half of it", both(" - ", result, yesNo(bothScored))("1 - No"), 0, one(2, 1), 0, 1},
		{"first goal", edgeGoal("1"), 0, one(3, 1), 0.75, 0.25},
		{"no goal", edgeGoal("None"), 0, one(0, 0), 1, 0},
		{"one up, never behind", lead(1)("1"), 0, one(1, 1), 0.5, 0.5},
		{"one up, wins", lead(1)("1"), 0, one(1, 0), 1, 0},
		{"two up, lost 2:3", lead(2)("1"), 0, one(2, 3), 0.1, 0.9},
		{"more in the second half", moreGoalsIn(func(s score) int { return s.home1 }, func(s score) int { return s.home2 })("Second Half"), 0, halves(0, 0, 1, 0), 1, 0},
		{"only home scored", whoScored("Home"), 0, one(1, 0), 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if win, lose := tt.rule(tt.line, tt.score); math.Abs(win-tt.win) > 1e-9 || math.Abs(lose-tt.lose) > 1e-9 {
				t.Errorf("settled %g to %g, want %g to %g", win, lose, tt.win, tt.lose)
			}
		})
	}
}

func TestTablesAreDistributions(t *testing.T) {
	t.Parallel()
	table := newTable(rates{1.6, 1.2, 5.5, 4.5, 1.9, 2.2})
	for s, cells := range table {
		sum := 0.0
		for _, c := range cells {
			sum += c.p
		}
		if math.Abs(sum-1) > 1e-4 {
			t.Errorf("scope %d sums to %g", s, sum)
		}
	}
}

func TestShadeAddsTheMargin(t *testing.T) {
	t.Parallel()
	for _, p := range [][]float64{{0.5, 0.5}, {0.97, 0.03}, {0.5, 0.3, 0.2}, {0.8, 0.7, 0.5}} {
		before, after := 0.0, 0.0
		for i, q := range shade(p, 0.06) {
			if q < p[i] || q >= 1 {
				t.Errorf("%v: %g became %g", p, p[i], q)
			}
			before, after = before+p[i], after+q
		}
		if math.Abs(after/before-1.06) > 1e-6 {
			t.Errorf("%v: margin %g, want 0.06", p, after/before-1)
		}
	}
}

func TestCatalogueUsesNoIDTwice(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	once := func(kind, id, name string) {
		if other, ok := seen[kind+id]; ok && id != "" {
			t.Errorf("%s %s belongs to %s and %s", kind, id, other, name)
		}
		seen[kind+id] = name
	}
	for _, m := range newCatalogue() {
		once("BetPawa's market", m.id, m.name)
		once("SportyBet's market", m.sporty.id, m.name)
		for _, o := range m.outcomes {
			once("BetPawa's price type", o.typeID, m.name+"/"+o.name)
			if o.sportyID != "" {
				once("SportyBet's outcome", m.sporty.id+"/"+o.sportyID, m.name+"/"+o.name)
			}
			if o.nineSuffix != "" {
				once("Bet9ja's key", m.nine.key+"_"+o.nineSuffix, m.name+"/"+o.name)
			}
		}
	}
}
