package evidence_test

import (
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// TestRecorded_Prematch is the proof of the mapping: what each competitor shares with BetPawa on one recorded match,
// by family, with no price astray and no name that is not BetPawa's.
func TestRecorded_Prematch(t *testing.T) {
	t.Parallel()
	const agreeingAtLeast = 95 // pairs within the factor, closed ones and long shots apart not counted
	tests := []struct {
		bookmaker     odds.Bookmaker
		sharedAtLeast int
	}{
		{odds.SportyBet, 440},
		{odds.Bet9ja, 375},
	}
	table := load(t)
	reference := decode(t, table, odds.BetPawa, "betpawa-v3.json")
	for _, tt := range tests {
		t.Run(string(tt.bookmaker), func(t *testing.T) {
			t.Parallel()
			competitor := decode(t, table, tt.bookmaker, string(tt.bookmaker)+".json")
			c := evidence.Compare(table, reference, competitor)
			t.Logf("%-22s %8s %8s %8s %8s %8s %8s", "family", "shared", "agree", "far", "closed", "expl.", "stray")
			for _, f := range c.Tallies {
				t.Logf("%-22s %8d %8d %8d %8d %8d %8d", f.Family, f.Shared, f.Verdicts[evidence.Agreeing],
					f.Verdicts[evidence.Far], f.Verdicts[evidence.Closed], f.Verdicts[evidence.Explained],
					f.Verdicts[evidence.Stray])
			}
			for _, p := range c.Pairs {
				if p.Verdict == evidence.Stray {
					t.Errorf("astray: %s %s line %s, %s: BetPawa %.2f, %s %.2f",
						p.Market.ID, p.Name, p.Market.Line, p.Outcome, p.Reference, tt.bookmaker, p.Price)
				}
			}
			for _, p := range c.Foreign {
				t.Errorf("%s %s line %s: %q is none of BetPawa's outcomes", p.Market.ID, p.Name, p.Market.Line, p.Outcome)
			}
			if n := c.Shared(); n < tt.sharedAtLeast {
				t.Errorf("%d outcomes shared with BetPawa, want at least %d", n, tt.sharedAtLeast)
			}
			below := 0
			for _, p := range c.Pairs {
				if p.Verdict == evidence.Agreeing && p.Reference < evidence.LongShot && p.Price < evidence.LongShot {
					below++
				}
			}
			if below < agreeingAtLeast {
				t.Errorf("%d pairs below %g agree, want at least %d", below, evidence.LongShot, agreeingAtLeast)
			}
		})
	}
}

// TestRecorded_Families pins what each family shares, so that a row that is lost shows by its family's name.
func TestRecorded_Families(t *testing.T) {
	t.Parallel()
	want := map[string][2]int{ // SportyBet, Bet9ja
		"both-teams-to-score": {6, 6},
		"clean-sheet":         {16, 16},
		"combinations":        {72, 72},
		"corners":             {30, 23},
		"correct-score":       {53, 42},
		"double-chance":       {9, 9},
		"draw-no-bet":         {6, 6},
		"early-payout":        {3, 3},
		"goals":               {62, 49},
		"half-time-full-time": {55, 55},
		"halves":              {21, 20},
		"handicap":            {46, 20},
		"match-result":        {12, 12},
		"over-under":          {36, 35},
		"scorers":             {17, 10},
	}
	table := load(t)
	reference := decode(t, table, odds.BetPawa, "betpawa-v3.json")
	for i, b := range []odds.Bookmaker{odds.SportyBet, odds.Bet9ja} {
		c := evidence.Compare(table, reference, decode(t, table, b, string(b)+".json"))
		if len(c.Tallies) != len(want) {
			t.Errorf("%s: %d families, want %d", b, len(c.Tallies), len(want))
		}
		for _, f := range c.Tallies {
			if f.Shared != want[f.Family][i] {
				t.Errorf("%s %s: %d outcomes shared with BetPawa, want %d", b, f.Family, f.Shared, want[f.Family][i])
			}
		}
	}
}

// TestRecorded_Names checks the rows against BetPawa itself, on all recorded events: the name of the market, whether it
// has a line, and that every outcome a competitor could be mapped to is one that BetPawa offers.
func TestRecorded_Names(t *testing.T) {
	t.Parallel()
	table := load(t)
	events, err := evidence.ReadRecorded(recordedtest.Root(t), table)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		a, ok := e.Answer(odds.BetPawa)
		if !ok {
			continue
		}
		for _, m := range a.Detail.Snapshot.Markets {
			row := table.Row(m.ID)
			if row == nil {
				continue
			}
			if row.Name != m.Name {
				t.Errorf("%s: market %s is called %q, the row says %q", e.Folder, m.ID, m.Name, row.Name)
			}
			if (row.Line == mapping.NoLine) == m.Line.IsSet() {
				t.Errorf("%s: market %s %s has line %s, the row says %s", e.Folder, m.ID, m.Name, m.Line, row.Line)
			}
			offered := make(map[string]bool)
			for _, o := range m.Outcomes {
				offered[o.Name] = true
			}
			for _, name := range row.Names {
				if !offered[name] && e.Folder != recordedtest.InPlay { // in play what is decided is no longer offered
					t.Errorf("%s: market %s %s: the row's %q is none of BetPawa's outcomes", e.Folder, m.ID, m.Name, name)
				}
			}
		}
	}
}

func load(tb testing.TB) *mapping.Table {
	tb.Helper()
	table, err := mapping.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

func decode(tb testing.TB, table *mapping.Table, b odds.Bookmaker, file string) odds.Snapshot {
	tb.Helper()
	detail, err := evidence.Decode(table, b, recordedtest.Body(tb, recordedtest.Prematch, file))
	if err != nil {
		tb.Fatalf("decoding %s: %v", file, err)
	}
	return detail.Snapshot
}
