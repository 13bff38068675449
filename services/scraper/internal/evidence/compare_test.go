package evidence_test

import (
	"testing"
	"testing/fstest"

	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// small is a table of one market with one exception.
func small(t *testing.T) *mapping.Table {
	t.Helper()
	table, err := mapping.Load(fstest.MapFS{
		"outcomes.txt":   {Data: []byte("outcomes 1x2 ways=1\n1 | 1 | 1\nX | 2 | X\n2 | 3 | 2\n")},
		"result.txt":     {Data: []byte("3743 | 1X2 - FT | none | 1x2 | 1 | S_1X2\n")},
		"left-out.txt":   {Data: []byte("# none\n")},
		"exceptions.txt": {Data: []byte("bet9ja | 3743 | X | its draws are shorter\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func snapshot(b odds.Bookmaker, outcomes ...odds.Outcome) odds.Snapshot {
	return odds.Snapshot{Bookmaker: b, Markets: []odds.Market{{
		MarketKey: odds.MarketKey{ID: "3743"}, Name: "1X2 - FT", Outcomes: outcomes,
	}}}
}

func TestCompare_Verdicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		ref, price     float64
		refOpen, open  bool
		outcome        string
		want           evidence.Verdict
		wantPairs      int
		wantForeignToo int
	}{
		{"the same", 2, 2, true, true, "1", evidence.Agreeing, 1, 0},
		{"at the factor", 2, 2.7, true, true, "1", evidence.Agreeing, 1, 0},
		{"beyond the factor", 2, 2.71, true, true, "1", evidence.Stray, 1, 0},
		{"beyond the factor, the other way", 2.71, 2, true, true, "1", evidence.Stray, 1, 0},
		{"one long shot", 9.99, 20, true, true, "1", evidence.Stray, 1, 0},
		{"both long shots", 10, 20, true, true, "1", evidence.Far, 1, 0},
		{"closed at BetPawa", 0, 20, false, true, "1", evidence.Closed, 1, 0},
		{"closed at the competitor", 2, 1, true, false, "1", evidence.Closed, 1, 0},
		{"explained", 2, 5, true, true, "X", evidence.Explained, 1, 0},
		{"a name that is not offered", 2, 2, true, true, "2", 0, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ref := []odds.Outcome{{Name: "1", Odds: tt.ref, Active: tt.refOpen}, {Name: "X", Odds: tt.ref, Active: tt.refOpen}}
			c := evidence.Compare(small(t), snapshot(odds.BetPawa, ref...),
				snapshot(odds.Bet9ja, odds.Outcome{Name: tt.outcome, Odds: tt.price, Active: tt.open}))
			if len(c.Pairs) != tt.wantPairs || len(c.Foreign) != tt.wantForeignToo {
				t.Fatalf("%d pairs, %d foreign, want %d and %d", len(c.Pairs), len(c.Foreign), tt.wantPairs, tt.wantForeignToo)
			}
			if len(c.Pairs) == 1 && c.Pairs[0].Verdict != tt.want {
				t.Errorf("verdict %d, want %d", c.Pairs[0].Verdict, tt.want)
			}
		})
	}
}

// TestCompare_Swapped shows that the comparison notices what the mapping is most likely to get wrong.
func TestCompare_Swapped(t *testing.T) {
	t.Parallel()
	c := evidence.Compare(
		small(t),
		snapshot(odds.BetPawa, odds.Outcome{Name: "1", Odds: 1.5, Active: true}, odds.Outcome{Name: "2", Odds: 6, Active: true}),
		snapshot(odds.SportyBet, odds.Outcome{Name: "1", Odds: 6, Active: true}, odds.Outcome{Name: "2", Odds: 1.5, Active: true}),
	)
	if n := c.Count(evidence.Stray); n != 2 {
		t.Errorf("%d stray, want both", n)
	}
}
