package sim

import (
	"math"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
	"github.com/oddscache/oddscache/services/bookiesim/internal/score"
)

func TestRules(t *testing.T) {
	t.Parallel()
	one := func(h, a int) score.Score { return score.Score{Home1: h, Away1: a} }
	halves := func(h1, a1, h2, a2 int) score.Score { return score.Score{Home1: h1, Away1: a1, Home2: h2, Away2: a2} }
	tests := []struct {
		name      string
		rule      score.Rule
		line      float64
		score     score.Score
		win, lose float64
	}{
		{"home wins", score.Result("1"), 0, one(2, 1), 1, 0},
		{"home draws", score.Result("1"), 0, one(1, 1), 0, 1},
		{"draw or away", score.Result("X2"), 0, one(0, 1), 1, 0},
		{"draw no bet, draw", score.WithoutResult("X")("1"), 0, one(1, 1), 0, 0},
		{"home no bet, home", score.WithoutResult("1")("X"), 0, one(1, 0), 0, 0},
		{"over 2.5 of 3", score.OverUnder(score.TotalCount)("Over"), 2.5, one(2, 1), 1, 0},
		{"over 3 of 3", score.OverUnder(score.TotalCount)("Over"), 3, one(2, 1), 0, 0},
		{"over 2.75 of 3", score.OverUnder(score.TotalCount)("Over"), 2.75, one(2, 1), 0.5, 0},
		{"under 2.75 of 3", score.OverUnder(score.TotalCount)("Under"), 2.75, one(2, 1), 0, 0.5},
		{"home -1.5 by 1", score.Asian("1"), -1.5, one(2, 1), 0, 1},
		{"away +1.5 by 1", score.Asian("2"), -1.5, one(2, 1), 1, 0},
		{"home -1 by 1", score.Asian("1"), -1, one(2, 1), 0, 0},
		{"home -1.25 by 1", score.Asian("1"), -1.25, one(2, 1), 0, 0.5},
		{"european -1, by 1, draw", score.EuropeanRule("X"), -1, one(2, 1), 1, 0},
		{"european +1, 0:1, home", score.EuropeanRule("1"), 1, one(0, 1), 0, 1},
		{"half-time full-time", score.HalfFull("1/X"), 0, halves(1, 0, 0, 1), 1, 0},
		{"correct score", score.ExactScore("2-1"), 0, one(2, 1), 1, 0},
		{"range", score.Ranges(score.TotalCount)("2-3"), 0, one(3, 0), 1, 0},
		{"open range", score.Ranges(score.TotalCount)("6+"), 0, one(3, 2), 0, 1},
		{"margin", score.Margins("Away by 2"), 0, one(0, 2), 1, 0},
		{"combined", score.Both(" - ", score.Result, score.OverUnder(score.TotalCount))("X2 - Under"), 2.5, one(1, 1), 1, 0},
		{"combined, half of it", score.Both(" - ", score.Result, score.YesNo(score.BothScored))("1 - No"), 0, one(2, 1), 0, 1},
		{"first goal", score.EdgeGoal("1"), 0, one(3, 1), 0.75, 0.25},
		{"no goal", score.EdgeGoal("None"), 0, one(0, 0), 1, 0},
		{"one up, never behind", score.Lead(1)("1"), 0, one(1, 1), 0.5, 0.5},
		{"one up, wins", score.Lead(1)("1"), 0, one(1, 0), 1, 0},
		{"two up, lost 2:3", score.Lead(2)("1"), 0, one(2, 3), 0.1, 0.9},
		{"more in the second half", score.MoreGoalsIn(func(s score.Score) int { return s.Home1 }, func(s score.Score) int { return s.Home2 })("Second Half"), 0, halves(0, 0, 1, 0), 1, 0},
		{"only home scored", score.WhoScored("Home"), 0, one(1, 0), 1, 0},
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
	table := score.NewTable(score.Rates{
		HomeGoals: 1.6, AwayGoals: 1.2, HomeCorners: 5.5, AwayCorners: 4.5, HomeBookings: 1.9, AwayBookings: 2.2,
	})
	for s, cells := range table {
		sum := 0.0
		for _, c := range cells {
			sum += c.P
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
	for _, m := range catalogue.Markets() {
		once("BetPawa's market", m.ID, m.Name)
		once("SportyBet's market", m.Sporty.ID, m.Name)
		for _, o := range m.Outcomes {
			once("BetPawa's price type", o.TypeID, m.Name+"/"+o.Name)
			if o.SportyID != "" {
				once("SportyBet's outcome", m.Sporty.ID+"/"+o.SportyID, m.Name+"/"+o.Name)
			}
			if o.NineSuffix != "" {
				once("Bet9ja's key", m.Nine.Key+"_"+o.NineSuffix, m.Name+"/"+o.Name)
			}
		}
	}
}
