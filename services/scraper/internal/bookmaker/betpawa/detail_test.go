package betpawa_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/betpawa"
	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// detailTime is when the answers of these tests are read, five days before kickoff.
func detailTime() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func newDecoder(tb testing.TB) *betpawa.Decoder {
	tb.Helper()
	return betpawa.NewDecoder(table(tb).Column(odds.BetPawa, mapping.BetPawa))
}

// table is the mapping that is built in.
func table(tb testing.TB) *mapping.Table {
	tb.Helper()
	table, err := mapping.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// body is an answer of version 4 with the given markets.
func body(total int, markets ...string) []byte {
	return fmt.Appendf(nil, `{"id":"11","name":"A - B (n)","startTime":"2026-05-06T11:00:00Z","totalMarketCount":"%d",
		"category":{"id":"2","name":"Football"},"region":{"id":"1","name":"Spain"},"competition":{"id":"9","name":"Cup"},
		"participants":[{"name":"B","position":2},{"name":"A","position":1}],
		"widgets":[{"id":"8","type":"GENIUSSPORTS"},{"id":"7","type":"SPORTRADAR","retention":"PREMATCH"}],
		"markets":[%s]}`, total, strings.Join(markets, ","))
}

func TestDecoder_Detail_Recorded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		folder, file            string
		markets, outcomes, open int
	}{
		{recordedtest.Prematch, "betpawa-v3.json", 118, 506, 504},
		{recordedtest.Version4, "betpawa-v4.json", 87, 369, 367},
		{recordedtest.InPlay, "betpawa-v3.json", 46, 239, 0}, // suspended, not lost
	}
	for _, tt := range tests {
		t.Run(tt.folder, func(t *testing.T) {
			t.Parallel()
			at := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
			text := recordedtest.Body(t, tt.folder, tt.file)
			d, err := newDecoder(t).Detail(text, bookmaker.Target{}, at, at)
			if err != nil {
				t.Fatal(err)
			}
			outcomes, open := 0, 0
			for _, m := range d.Snapshot.Markets {
				outcomes += len(m.Outcomes)
				for _, o := range m.Outcomes {
					if o.Active {
						open++
					}
				}
			}
			if len(d.Snapshot.Markets) != tt.markets || outcomes != tt.outcomes || open != tt.open {
				t.Errorf("%d markets, %d outcomes, %d open, want %d, %d, %d",
					len(d.Snapshot.Markets), outcomes, open, tt.markets, tt.outcomes, tt.open)
			}
			if !d.Snapshot.Complete || d.Rejections.Total() != 0 {
				t.Errorf("complete %t, refused %v", d.Snapshot.Complete, d.Rejections)
			}
			table, _ := mapping.Default()
			if err := evidence.Invariants(table, d); err != nil {
				t.Error(err)
			}
			for seed := range uint64(5) {
				again, err := newDecoder(t).Detail(
					recordedtest.Shuffle(t, text, rand.New(rand.NewPCG(seed, 1))), bookmaker.Target{}, at, at)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(d, again, cmp.Comparer(func(a, b odds.Line) bool { return a == b })); diff != "" {
					t.Fatalf("another order, another result:\n%s", diff)
				}
			}
		})
	}
}

func TestDecoder_Detail_Listing(t *testing.T) {
	t.Parallel()
	d, err := newDecoder(t).Detail(body(1, `{"marketType":{"id":"3743","name":"1X2 - FT","tabs":["popular","all","goals"]},
		"row":[{"prices":[{"name":"2","odds":3.02},{"name":"1","odds":"2.41"},{"name":"X","odds":3.29}]}]}`),
		bookmaker.Target{EventID: "11", SrID: "7"}, detailTime(), detailTime().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := odds.Listing{
		Bookmaker: odds.BetPawa, EventID: "11", SrID: "7", Kickoff: time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC),
		Name: "A - B (n)", HomeTeam: "A", AwayTeam: "B", Sport: "football", Country: "Spain", Tournament: "Cup", TournamentID: "9",
	}
	if d.Listing != want {
		t.Errorf("listing %+v\nwant %+v", d.Listing, want)
	}
	s := d.Snapshot
	if s.EventID != "11" || s.SrID != "7" || s.RequestedAt != detailTime() || s.CapturedAt != detailTime().Add(time.Second) {
		t.Errorf("snapshot %+v", s)
	}
	wantOutcomes := []odds.Outcome{{Name: "1", Odds: 2.41, Active: true}, {Name: "X", Odds: 3.29, Active: true}, {Name: "2", Odds: 3.02, Active: true}}
	if diff := cmp.Diff(wantOutcomes, s.Markets[0].Outcomes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"goals", "popular"}, s.Markets[0].Groups); diff != "" {
		t.Error(diff)
	}
}

// TestDecoder_Detail_Rows shows what becomes of rows: which line they have, and what of them is refused.
func TestDecoder_Detail_Rows(t *testing.T) {
	t.Parallel()
	over := func(row string) string {
		return `{"marketType":{"id":"5000","name":"O/U","handicapType":"NORMAL"},"row":[` + row + `]}`
	}
	asian := func(row string) string {
		return `{"marketType":{"id":"3774","name":"AH","handicapType":"ASIAN"},"row":[` + row + `]}`
	}
	plain := func(prices string) string {
		return `{"marketType":{"id":"3743","name":"1X2 - FT"},"row":[{"prices":[` + prices + `]}]}`
	}
	tests := []struct {
		name       string
		market     string
		want       string // markets as "id line: name odds open …"
		rejections odds.Rejections
	}{
		{
			"rows of one line are one market", over(`{"handicap":10,"prices":[{"name":"Under","odds":1.8}]},{"handicap":10,"prices":[{"name":"Over","odds":2}]}`),
			"5000 2.5: Over 2 true Under 1.8 true", nil,
		},
		{"version 3 says price", over(`{"handicap":10,"prices":[{"name":"Over","price":2,"suspended":false}]}`), "5000 2.5: Over 2 true", nil},
		{"odds before price", over(`{"handicap":10,"prices":[{"name":"Over","price":3,"odds":2}]}`), "5000 2.5: Over 2 true", nil},
		{"the line only in the specifier", over(`{"specifier":{"total":"2.5"},"prices":[{"name":"Over","odds":2}]}`), "5000 2.5: Over 2 true", nil},
		{"handicap as text", over(`{"handicap":"11","prices":[{"name":"Over","odds":2}]}`), "5000 2.75: Over 2 true", nil},
		{"a total without a line", over(`{"prices":[{"name":"Over","odds":2}]}`), "", odds.Rejections{odds.BadLine: 1}},
		{"off the grid", over(`{"handicap":10.5,"prices":[{"name":"Over","odds":2}]}`), "", odds.Rejections{odds.BadLine: 1}},
		{"not a number", over(`{"handicap":"NaN","prices":[{"name":"Over","odds":2}]}`), "", odds.Rejections{odds.BadLine: 1}},
		{"two lines that disagree", over(`{"handicap":10,"specifier":{"total":"3.5"},"prices":[{"name":"Over","odds":2}]}`), "", odds.Rejections{odds.BadLine: 1}},
		{"a handicap that is an object", `{"marketType":{"id":"3743","name":"1X2"},"row":[{"handicap":{},"prices":[{"name":"1","odds":2}]}]}`, "", odds.Rejections{odds.BadLine: 1}},
		{"a handicap left out is zero", asian(`{"prices":[{"name":"1","odds":2}]}`), "3774 0: 1 2 true", nil},
		{"a handicap of null is missing", asian(`{"handicap":null,"prices":[{"name":"1","odds":2}]}`), "", odds.Rejections{odds.BadLine: 1}},
		{
			"the number of the goal only in the specifier", `{"marketType":{"id":"28000224","name":"Goal","handicapType":"NUMBER_SPECIFIER"},` +
				`"row":[{"specifier":{"number":2},"prices":[{"name":"1","odds":2}]}]}`,
			"28000224 2: 1 2 true", nil,
		},
		{"a handicap of null with a specifier", asian(`{"handicap":null,"specifier":{"hcp":"0"},"prices":[{"name":"1","odds":2}]}`), "3774 0: 1 2 true", nil},
		{"no line where there is none", plain(`{"name":"1","odds":2}`), "3743 -: 1 2 true", nil},
		{"suspended", plain(`{"name":"1","odds":2,"suspended":true}`), "3743 -: 1 2 false", nil},
		{"suspended without a price", plain(`{"name":"1","suspended":true}`), "3743 -: 1 0 false", nil},
		{"without a price", plain(`{"name":"1"},{"name":"X","odds":3}`), "3743 -: 1 0 false X 3 true", nil},
		{"a price of null, not suspended", plain(`{"name":"1","price":null,"suspended":false},{"name":"X","price":3,"suspended":false}`), "3743 -: 1 0 false X 3 true", nil},
		{"a row of nothing", `{"marketType":{"id":"3743","name":"1X2 - FT"},"row":[]}`, "", nil},
		{"rows of nothing", over(`{"handicap":10,"prices":[]}`), "", nil},
		{"no rows", `{"marketType":{"id":"3743","name":"1X2 - FT"}}`, "", nil},
		{"another language", `{"marketType":{"id":"5000","name":"Plus/Moins","handicapType":"NORMAL"},"row":[{"handicap":10,"prices":[{"name":"Moins de","typeId":"5002","odds":1.8},{"name":"Plus de","typeId":5001,"odds":2}]}]}`, "5000 2.5: Over 2 true Under 1.8 true", nil},
		{"another language, by name alone", over(`{"handicap":10,"prices":[{"name":"Moins de","odds":1.8},{"name":"Over","odds":2}]}`), "5000 2.5: Over 2 true", odds.Rejections{odds.UnknownOutcome: 1}},
		{"name and kind contradict", over(`{"handicap":10,"prices":[{"name":"Under","typeId":"5001","odds":1.8},{"name":"Over","typeId":"5001","odds":2}]}`), "5000 2.5: Over 2 true", odds.Rejections{odds.UnknownOutcome: 1}},
		{"a score that no competitor has", `{"marketType":{"id":"4429","name":"Correct Score - FT"},"row":[{"prices":[{"name":"7-3","typeId":"4510","odds":90},{"name":"Autre","typeId":"1126332","odds":9},{"name":"Autre","typeId":"2","odds":9},{"name":"0-0","odds":8}]}]}`, "4429 -: 0-0 8 true 7-3 90 true Other 9 true", odds.Rejections{odds.UnknownOutcome: 1}},
		{"a handicap of which the type is not told", `{"marketType":{"id":"3774","name":"AH","handicapType":""},"row":[{"prices":[{"name":"1","odds":2}]}]}`, "", odds.Rejections{odds.BadLine: 1}},
		{"a handicap left out, and an outcome shows another", asian(`{"prices":[{"name":"1","handicap":"-1.5","odds":2}]}`), "", odds.Rejections{odds.BadLine: 1}},
		{"a handicap left out, and an outcome shows it", asian(`{"prices":[{"name":"1","handicap":"+0","odds":2},{"name":"2","handicap":"0.0","odds":2}]}`), "3774 0: 1 2 true 2 2 true", nil},
		{"a European one left out, and an outcome shows another", `{"marketType":{"id":"4724","name":"EH","handicapType":"EUROPEAN"},"row":[{"prices":[{"name":"1","handicap":"Domicile -1","odds":2}]}]}`, "", odds.Rejections{odds.BadLine: 1}},
		{"a specifier that is none instead of a handicap", asian(`{"specifier":"-1","prices":[{"name":"1","odds":2}]},{"specifier":{"hcp":"x"},"prices":[{"name":"1","odds":2}]}`), "", odds.Rejections{odds.BadLine: 2}},
		{"a line where there is none", `{"marketType":{"id":"3743","name":"1X2 - FT"},"row":[{"handicap":4,"prices":[{"name":"1","odds":2}]}]}`, "", odds.Rejections{odds.BadLine: 1}},
		{"a total below zero", over(`{"handicap":-10,"prices":[{"name":"Over","odds":2}]}`), "", odds.Rejections{odds.BadLine: 1}},
		{"half a European handicap", `{"marketType":{"id":"4724","name":"EH","handicapType":"EUROPEAN"},"row":[{"handicap":2,"prices":[{"name":"1","odds":2}]}]}`, "", odds.Rejections{odds.BadLine: 1}},
		{"closed by its price", plain(`{"name":"1","odds":1},{"name":"X","odds":0.0}`), "3743 -: 1 1 false X 0 false", nil},
		{
			"bad prices", plain(`{"name":"1","odds":-2},{"name":"X","odds":"inf"},{"name":"2","odds":100001},{"name":"1","odds":{}}`),
			"3743 -: 1 0 false X 0 false 2 0 false",
			odds.Rejections{odds.BadOdds: 4, odds.DuplicateOutcome: 1},
		},
		{"doubtful flags close", plain(`{"name":"1","odds":2,"suspended":"perhaps"}`), "3743 -: 1 2 false", nil},
		{"twice the same", plain(`{"name":"1","odds":2},{"name":"1","odds":2}`), "3743 -: 1 2 true", odds.Rejections{odds.DuplicateOutcome: 1}},
		{"twice, contradicting", plain(`{"name":"1","odds":2},{"name":"1","odds":3},{"name":"X","odds":3}`), "3743 -: X 3 true", odds.Rejections{odds.DuplicateOutcome: 2}},
		{"without a name", plain(`{"odds":2},{"name":"X","odds":3}`), "3743 -: X 3 true", odds.Rejections{odds.UnknownOutcome: 1}},
		{"names that the row does not know", plain(`{"name":"b","typeId":"2","odds":2},{"name":"X","odds":3}`), "3743 -: X 3 true", odds.Rejections{odds.UnknownOutcome: 1}},
		{"nothing known in it", plain(`{"name":"b","typeId":"2","odds":2}`), "", odds.Rejections{odds.UnknownOutcome: 1, odds.NoOutcomes: 1}},
		{"implausible together, kept and counted", plain(`{"name":"1","odds":9},{"name":"X","odds":9},{"name":"2","odds":9}`), "3743 -: 1 9 true X 9 true 2 9 true", odds.Rejections{odds.BadOverround: 1}},
		{"broken", `{"marketType":{"name":"no id"},"row":[]}`, "", odds.Rejections{odds.BadMarket: 1}},
		{"no market at all", `"market"`, "", odds.Rejections{odds.BadMarket: 1}},
		{"a type without a row", `{"marketType":{"id":"99","name":"New"},"row":[{"handicap":4,"prices":[{"name":"b","typeId":2,"odds":2},{"name":"a","typeId":10,"odds":2}]}]}`, "99 1: b 2 true a 2 true", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const beside = `{"marketType":{"id":"1","name":"beside"},"row":[{"prices":[{"name":"1","odds":2}]}]}`
			total := 1
			if tt.want != "" {
				total = 2
			}
			d, err := newDecoder(t).Detail(body(total, tt.market, beside), bookmaker.Target{}, detailTime(), detailTime())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range d.Snapshot.Markets {
				if m.ID == "1" {
					continue
				}
				text := m.ID + " " + m.Line.String() + ":"
				for _, o := range m.Outcomes {
					text += fmt.Sprintf(" %s %g %t", o.Name, o.Odds, o.Active)
				}
				got = append(got, text)
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("markets %q, want %q", got, tt.want)
			}
			if tt.rejections == nil {
				tt.rejections = odds.Rejections{}
			}
			if diff := cmp.Diff(tt.rejections, d.Rejections); diff != "" {
				t.Errorf("refusals: %s", diff)
			}
			if !d.Snapshot.Complete {
				t.Error("not complete, though nothing is missing")
			}
		})
	}
}
