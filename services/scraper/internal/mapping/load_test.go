package mapping_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

const someOutcomes = "outcomes 1x2 ways=1\n1 | 1 | 1\nX | 2 | X\n2 | 3 | 2\n"

func tables(outcomes, markets, leftOut, exceptions string) fstest.MapFS {
	return fstest.MapFS{
		"outcomes.txt":   {Data: []byte(outcomes)},
		"result.txt":     {Data: []byte(markets)},
		"left-out.txt":   {Data: []byte(leftOut)},
		"exceptions.txt": {Data: []byte(exceptions)},
	}
}

// TestDefault checks the tables that are built in; an error names the line to mend.
func TestDefault(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(table.Rows()); n != 112 {
		t.Errorf("%d markets, want 112; if a market was added, this is the line to add to", n)
	}
	for _, row := range table.Rows() {
		if table.Row(row.ID) != row {
			t.Errorf("market %s is not found by its id", row.ID)
		}
		for i, name := range row.Names {
			if at, ok := row.Position([]byte(name)); !ok || at != i {
				t.Errorf("market %s: %q is at %d, want %d", row.ID, name, at, i)
			}
		}
	}
	for key, column := range map[string]mapping.Column{
		"900300": table.Column(odds.SportyBet, mapping.SportRadar), "155": table.Column("another", mapping.SportRadar),
		"S_CAH1": table.Column(odds.Bet9ja, mapping.Bet9ja),
	} {
		if l, ok := column.LeftOut(key); !ok || l.Reason == "" || len(column.Sources([]byte(key))) != 0 {
			t.Errorf("%s: left out %t for %q, %d sources", key, ok, l.Reason, len(column.Sources([]byte(key))))
		}
	}
}

// TestLoad_Faults shows that a slip in the tables is found when they are loaded, and where.
func TestLoad_Faults(t *testing.T) {
	t.Parallel()
	const good = "3743 | 1X2 - FT | none | 1x2 | 1 | S_1X2\n"
	tests := []struct {
		name                                   string
		outcomes, markets, leftOut, exceptions string
		want                                   string
	}{
		{"a market twice", someOutcomes, good + "3743 | again | none | 1x2 | 2 | -", "", "", "result.txt:2: market 3743 has a row already"},
		{"a competitor's market twice", someOutcomes, good + "3744 | other | none | 1x2 | 1 | -", "", "", "result.txt:2: sportradar 1 feeds market 3743 already"},
		{"too few cells", someOutcomes, "3743 | 1X2", "", "", "result.txt:1: a market has 6 cells, here are 2"},
		{"unknown outcomes", someOutcomes, "3743 | 1X2 | none | 1x3 | 1 | -", "", "", `outcomes "1x3" are not in outcomes.txt`},
		{"unknown kind of line", someOutcomes, "3743 | 1X2 | some | 1x2 | 1 | -", "", "", `line kind "some" is unknown`},
		{"no competitor", someOutcomes, "3743 | 1X2 | none | 1x2 | - | -", "", "", "market 3743 has no competitor"},
		{"no name", someOutcomes, "3743 | | none | 1x2 | 1 | -", "", "", "lacks id or name"},
		{"a param that is none", someOutcomes, "3743 | 1X2 | none | 1x2 | 1 from | -", "", "", `"from" is not param=value`},
		{"a line off the grid", someOutcomes, "3743 | 1X2 | total | 1x2 | 1 line=0.3 | -", "", "", "not a multiple of 0.25"},
		{"a line for a market without", someOutcomes, "3743 | 1X2 | none | 1x2 | 1 line=1 | -", "", "", "has a fixed line, but market 3743 has none"},
		{"an outcome twice", someOutcomes + "1 | 9 | 9\n", good, "", "", `outcomes.txt:5: outcome "1" stands twice in 1x2`},
		{"an outcome id twice", someOutcomes + "3 | 1 | 9\n", good, "", "", `sportradar "1" stands twice in outcomes 1x2`},
		{"outcomes twice", someOutcomes + someOutcomes, good, "", "", "outcomes 1x2 are there twice"},
		{"an outcome of nothing", "1 | 1 | 1\n" + someOutcomes, good, "", "", "outcomes.txt:1: an outcome has 3 or 4 cells"},
		{"left out without a reason", someOutcomes + "- | 4 | -\n", good, "", "", "an outcome that is left out needs a reason"},
		{"a quote not closed", someOutcomes + "3 | \"4 | -\n", good, "", "", "a quote is not closed"},
		{"bad ways", "outcomes 1x2 ways=no\n1 | 1 | 1\n", good, "", "", `"ways=no" is neither ways=NUMBER nor scores`},
		{"no column for the competitor", "outcomes 1x2\n1 | - | 1\n", good, "", "", "the outcomes have no column for sportradar"},
		{"mapped and left out", someOutcomes, good, "sportradar | 1 | 1X2 | because", "", "sportradar 1 is both mapped and left out"},
		{"left out for nothing", someOutcomes, good, "sportybet | 2 | 1X2 |", "", "left-out.txt:1: a market left out has 4 cells"},
		{"left out twice", someOutcomes, good, "bet9ja | S_A | a | b\nbet9ja | S_A | a | b", "", "left-out.txt:2: bet9ja S_A is left out twice"},
		{"left out at nobody", someOutcomes, good, "betpawa | 2 | 1X2 | because", "", `"betpawa" is no competitor`},
		{"an own id of nobody", someOutcomes, "3743 | 1X2 | none | 1x2 | :1 | -", "", "", ":1 is no market id of a competitor"},
		{"an own id of the reference", someOutcomes, "3743 | 1X2 | none | 1x2 | betpawa:1 | -", "", "", "betpawa:1 is no market id of a competitor"},
		{"an own id that is empty", someOutcomes, "3743 | 1X2 | none | 1x2 | sportybet: | -", "", "", "sportybet: is no market id of a competitor"},
		{"an own id twice", someOutcomes, "3743 | 1X2 | none | 1x2 | sportybet:1 | -\n3744 | other | none | 1x2 | sportybet:1 | -", "", "", "sportybet 1 feeds market 3743 already"},
		{"an own id that is left out", someOutcomes, "3743 | 1X2 | none | 1x2 | sportybet:1 | -", "sportybet | 1 | 1X2 | because", "", "sportybet 1 is both mapped and left out"},
		{"an exception for nothing", someOutcomes, good, "", "bet9ja | 99 | - | because", "exception for market 99, which has no row"},
		{"an exception for no outcome", someOutcomes, good, "", "bet9ja | 3743 | 5 | because", `exception for "5", which is no outcome of market 3743`},
		{"an exception of nobody", someOutcomes, good, "", "betpawa | 3743 | - | because", `exception of "betpawa", which is no competitor`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := mapping.Load(tables(tt.outcomes, tt.markets, tt.leftOut, tt.exceptions))
			if !errors.Is(err, mapping.ErrTable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant one with %q", err, tt.want)
			}
		})
	}
	if _, err := mapping.Load(fstest.MapFS{}); !errors.Is(err, mapping.ErrTable) {
		t.Errorf("no files: error %v", err)
	}
	if _, err := mapping.Load(tables(someOutcomes, good, "", "")); err != nil {
		t.Errorf("without a fault: %v", err)
	}
}

// TestLoad_Also shows that a market may feed two rows only where a row says so.
func TestLoad_Also(t *testing.T) {
	t.Parallel()
	table, err := mapping.Load(tables(someOutcomes, "3743 | a | none | 1x2 | 1 | S_A\n3744 | b | none | 1x2 | also 1 | also S_A ; S_B\n", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	for key, column := range map[string]mapping.Column{
		"1": table.Column(odds.SportyBet, mapping.SportRadar), "S_A": table.Column(odds.Bet9ja, mapping.Bet9ja),
	} {
		if n := len(column.Sources([]byte(key))); n != 2 {
			t.Errorf("%s feeds %d markets, want 2", key, n)
		}
	}
}

// What a bookmaker's own id means, no other bookmaker of its dialect means by it, and the dialect's meaning of the same
// id is not the bookmaker's.
func TestColumn_OwnIDs(t *testing.T) {
	t.Parallel()
	table, err := mapping.Load(tables(someOutcomes,
		"3743 | a | none | 1x2 | 1 ; sportybet:60 | -\n3744 | b | none | 1x2 | 60 ; msport:61 | -\n", "msport | 62 | name | because\n",
		"msport | 3743 | X | slow\nsportradar | 3744 | - | margins\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		bookmaker odds.Bookmaker
		key       string
		want      string // the row; empty for none
	}{
		{odds.SportyBet, "1", "3743"},
		{odds.SportyBet, "60", "3743"},
		{odds.SportyBet, "61", ""},
		{"msport", "1", "3743"},
		{"msport", "60", "3744"},
		{"msport", "61", "3744"},
	} {
		got := ""
		for _, s := range table.Column(tt.bookmaker, mapping.SportRadar).Sources([]byte(tt.key)) {
			got += s.Row.ID
		}
		if got != tt.want {
			t.Errorf("%s %s feeds %q, want %q", tt.bookmaker, tt.key, got, tt.want)
		}
	}
	msport, sportybet := table.Column("msport", mapping.SportRadar), table.Column(odds.SportyBet, mapping.SportRadar)
	if _, ok := msport.LeftOut("62"); !ok {
		t.Error("msport 62 is not left out")
	}
	if _, ok := sportybet.LeftOut("62"); ok {
		t.Error("sportybet 62 is left out")
	}
	if e, _ := msport.Exception("3743", "X"); e.Reason != "slow" {
		t.Errorf("msport's exception: %+v", e)
	}
	if _, ok := sportybet.Exception("3743", "X"); ok {
		t.Error("msport's exception is sportybet's too")
	}
	if e, _ := sportybet.Exception("3744", "2"); e.Reason != "margins" {
		t.Errorf("the dialect's exception: %+v", e)
	}
	if diff := cmp.Diff([]odds.Bookmaker{"msport", "sportybet"}, table.Bookmakers()); diff != "" {
		t.Errorf("bookmakers with something of their own:\n%s", diff)
	}
}
