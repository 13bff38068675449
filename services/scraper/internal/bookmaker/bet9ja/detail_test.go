package bet9ja_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bet9ja"
	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// detailTime is when the answers of these tests are read, five days before kickoff.
func detailTime() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func newDecoder(tb testing.TB) *bet9ja.Decoder {
	tb.Helper()
	return bet9ja.NewDecoder(table(tb).Column(odds.Bet9ja, mapping.Bet9ja))
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

// body is an answer with the given members of O and rows of MK.
func body(prices, dictionary string) string {
	return fmt.Sprintf(`{"R":"D","D":{"ID":5,"EXTID":"sr:match:7","DS":"A - B - C","STARTDATE":"2026-05-06 11:00:00","SID":1,
		"S":"Soccer","SG":"China","GN":"Super League","GID":1414963,"O":{%s},"MK":[%s]}}`, prices, dictionary)
}

func TestDecoder_Detail_Recorded(t *testing.T) {
	t.Parallel()
	text := recordedtest.Body(t, recordedtest.Prematch, "bet9ja.json")
	d, err := newDecoder(t).Detail(text, bookmaker.Target{EventID: "769895636", SrID: "68995116"}, detailTime(), detailTime())
	if err != nil {
		t.Fatal(err)
	}
	if !d.Snapshot.Complete || d.Rejections.Total() != 0 {
		t.Errorf("complete %t, refused %v", d.Snapshot.Complete, d.Rejections)
	}
	if n := len(d.Snapshot.Markets); n != 136 {
		t.Errorf("%d markets, want 136", n)
	}
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	if err := evidence.Invariants(table, d); err != nil {
		t.Error(err)
	}
	for seed := range uint64(5) {
		shuffled := recordedtest.Shuffle(t, text, rand.New(rand.NewPCG(seed, 3)), "SGN", "SGNK")
		again, err := newDecoder(t).Detail(shuffled, bookmaker.Target{}, detailTime(), detailTime())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, again, cmp.Comparer(func(a, b odds.Line) bool { return a == b })); diff != "" {
			t.Fatalf("another order, another result:\n%s", diff)
		}
	}
}

func TestDecoder_Detail_Listing(t *testing.T) {
	t.Parallel()
	d, err := newDecoder(t).Detail([]byte(body(`"S_1X2_2":"2.93","S_1X2_1":"2.42","S_1X2_X":3.1`, "")),
		bookmaker.Target{EventID: "5", SrID: "7"}, detailTime(), detailTime().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := odds.Listing{
		Bookmaker: odds.Bet9ja, EventID: "5", SrID: "7", Kickoff: time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC),
		Name: "A - B - C", HomeTeam: "A", AwayTeam: "B - C", Sport: "football", Country: "China",
		Tournament: "Super League", TournamentID: "1414963",
	}
	if d.Listing != want {
		t.Errorf("listing %+v\nwant %+v", d.Listing, want)
	}
	wantMarket := odds.Market{
		MarketKey: odds.MarketKey{ID: "3743"}, Name: "1X2 - FT",
		Outcomes: []odds.Outcome{{Name: "1", Odds: 2.42, Active: true}, {Name: "X", Odds: 3.1, Active: true}, {Name: "2", Odds: 2.93, Active: true}},
	}
	if diff := cmp.Diff([]odds.Market{wantMarket}, d.Snapshot.Markets, cmp.Comparer(func(a, b odds.Line) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// TestDecoder_Detail_Prices shows what becomes of the keys: BetPawa's market and names, or why not.
func TestDecoder_Detail_Prices(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, prices, dictionary string
		want                     string
		rejections               odds.Rejections
		unread                   string // "id line", with * for a line that could not be read
		unmapped                 string
	}{
		{"a total", `"S_OU@2.5_U":"1.8","S_OU@2.5_O":"1.9"`, "", "5000 2.5: Over 1.9 true Under 1.8 true", nil, "", ""},
		{"an Asian total", `"S_OUA@2.25_O":"1.62"`, "", "5000 2.25: Over 1.62 true", nil, "", ""},
		{"the plain total wins over the Asian one", `"S_OUA@2_O":"1.42","S_OU@2_O":"1.4"`, "", "5000 2: Over 1.4 true", odds.Rejections{odds.DuplicateMarket: 1}, "", ""},
		{"both teams in one", `"S_HAOU@1.5_OH":"2.2","S_HAOU@1.5_UA":"1.4"`, "", "5003 1.5: Under 1.4 true; 5006 1.5: Over 2.2 true", nil, "", ""},
		{"the home team's handicap", `"S_1X2HND@-1_1H":"4.9"`, "", "4724 -1: 1 4.9 true", nil, "", ""},
		{"the first goal", `"S_1STGOAL_X":"9.7"`, "", "28000224 1: None 9.7 true", nil, "", ""},
		{"double chance 1UP", `"S_DC1X21_X1":"1.2","S_DC1X21_11":"1.3","S_DC1X21_121":"1.1"`, "", "80000 -: 1X 1.3 true X2 1.2 true 12 1.1 true", nil, "", ""},
		{"the other side's yes", `"S_2SCOREHT_N":"1.57"`, "", "3810 -: Yes 1.57 true", nil, "", ""},
		{"closed", `"S_1X2_1":"1","S_1X2_X":1.0`, "", "3743 -: 1 1 false X 1 false", nil, "", ""},
		{"an unknown suffix", `"S_1X2_1":"2","S_1X2_9":"3"`, "", "3743 -: 1 2 true", odds.Rejections{odds.UnknownOutcome: 1}, "", ""},
		{"bad prices", `"S_1X2_1":"NaN","S_1X2_X":-3,"S_1X2_2":{}`, "", "3743 -: 1 0 false X 0 false 2 0 false", odds.Rejections{odds.BadOdds: 3}, "", ""},
		{"no prices", `"S_1X2_1":"","S_1X2_X":null,"S_1X2_2":"-"`, "", "3743 -: 1 0 false X 0 false 2 0 false", nil, "", ""},
		{"the plain total has no price", `"S_OUA@2_O":"1.42","S_OU@2_O":""`, "", "5000 2: Over 1.42 true", odds.Rejections{odds.DuplicateMarket: 1}, "", ""},
		{"a key twice, contradicting", `"S_1X2_1":"2","S_1X2_1":"3","S_1X2_X":"3"`, "", "3743 -: X 3 true", odds.Rejections{odds.DuplicateOutcome: 2}, "", ""},
		{"a key twice the same", `"S_1X2_1":"2","S_1X2_1":"2"`, "", "3743 -: 1 2 true", odds.Rejections{odds.DuplicateOutcome: 1}, "", ""},
		{"one line written in two ways", `"S_OU@2.5_O":"2","S_OU@2.50_O":"2.1"`, "", "", odds.Rejections{odds.DuplicateMarket: 2}, "5000 2.5", ""},
		{"a line off the grid", `"S_OU@2.3_O":"2"`, "", "", odds.Rejections{odds.BadLine: 1}, "5000 *", ""},
		{"no line", `"S_OU_O":"2"`, "", "", odds.Rejections{odds.BadLine: 1}, "5000 *", ""},
		{"a line where there is none", `"S_1X2@1_1":"2"`, "", "", nil, "", "S_1X2 UNKNOWN_SPECIFIER"},
		{"keys that are none", `"S_":"2","S__1":"2","B_1X2_1":"2","S_@1_1":"2","1X2":"2"`, "", "", odds.Rejections{odds.BadMarket: 5}, "", ""},
		{"nothing behind the @", `"S_OU@_O":"2"`, "", "", odds.Rejections{odds.BadLine: 1}, "5000 *", ""},
		{"an @ where there is no line", `"S_1X2@_X":"3","S_1X2_1":"2"`, "", "3743 -: 1 2 true", nil, "", "S_1X2 UNKNOWN_SPECIFIER"},
		{"no suffix", `"S_1X2":"2","S_OU@2.5_":"2"`, "", "", odds.Rejections{odds.UnknownOutcome: 2, odds.NoOutcomes: 2}, "3743 -; 5000 2.5", ""},
		{"one team's suffixes unknown", `"S_HAOU@1.5_OH":"2.2","S_HAOU@1.5_xA":"2"`, "", "5006 1.5: Over 2.2 true", odds.Rejections{odds.UnknownOutcome: 1, odds.NoOutcomes: 1}, "5003 1.5", ""},
		{"an unknown market", `"S_NEW_1":"2"`, `{"ID":"S_NEW","DS":"New","SGN":["One"],"SGNK":["1"]}`, "", nil, "", "S_NEW UNKNOWN_MARKET"},
		{"a market left out", `"S_WINMARGIN_X":"3.1"`, "", "", nil, "", "S_WINMARGIN LEFT_OUT"},
		{"implausible together", `"S_DC_1X":"9","S_DC_X2":"9","S_DC_12":"9"`, "", "", odds.Rejections{odds.BadOverround: 1}, "4693 -", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := newDecoder(t).Detail([]byte(body(tt.prices+`,"S_GGNG_Y":"1.7"`, tt.dictionary)), bookmaker.Target{}, detailTime(), detailTime())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range d.Snapshot.Markets {
				if m.ID == "3795" {
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
			if got := recordedtest.Unread(d.Snapshot); got != tt.unread || !d.Snapshot.Complete {
				t.Errorf("unread %q, want %q; complete %t", got, tt.unread, d.Snapshot.Complete)
			}
			unmapped := ""
			for _, u := range d.Unmapped {
				unmapped += u.MarketID + " " + string(u.Reason)
			}
			if unmapped != tt.unmapped {
				t.Errorf("unmapped %q, want %q", unmapped, tt.unmapped)
			}
		})
	}
}

func TestDecoder_Detail_UnmappedExample(t *testing.T) {
	t.Parallel()
	d, err := newDecoder(t).Detail([]byte(body(`"S_GGNG_Y":"1.7","S_NEW@2.5_b":"2","S_NEW@2.5_a":"3.25"`,
		`{"ID":"S_NEW","DS":"New","SGN":["Beta","Alpha"],"SGNK":["b","a"]}`)), bookmaker.Target{}, detailTime(), detailTime())
	if err != nil {
		t.Fatal(err)
	}
	want := []bookmaker.Unmapped{{MarketID: "S_NEW", Name: "New", Reason: bookmaker.UnknownMarket, Example: "@=2.5 Alpha 3.25, Beta 2"}}
	if diff := cmp.Diff(want, d.Unmapped); diff != "" {
		t.Error(diff)
	}
}

func TestDecoder_Detail_Rejected(t *testing.T) {
	t.Parallel()
	good := body(`"S_1X2_1":"2.42"`, "")
	with := func(old, by string) string { return strings.Replace(good, old, by, 1) }
	var many strings.Builder
	for i := range answer.MaxOutcomes + 1 {
		fmt.Fprintf(&many, `"S_NEW_%d":"2",`, i)
	}
	tests := []struct {
		name, body string
		requested  bookmaker.Target
		want       odds.Reason
	}{
		{"empty", "", bookmaker.Target{}, odds.NotJSON},
		{"HTML", "<html>", bookmaker.Target{}, odds.NotJSON},
		{"truncated", good[:len(good)-1], bookmaker.Target{}, odds.NotJSON},
		{"no envelope", `{"ID":5}`, bookmaker.Target{}, odds.NotJSON},
		{"not found", `{"R":"E","D":null}`, bookmaker.Target{}, odds.NotOffered},
		{"found, but nothing there", `{"R":"OK","D":false}`, bookmaker.Target{}, odds.NotOffered},
		{"another sport", with(`"SID":1`, `"SID":2`), bookmaker.Target{}, odds.WrongSport},
		{"no id", with(`"ID":5`, `"ID":null`), bookmaker.Target{}, odds.NoEventID},
		{"no SportRadar id", with("sr:match:7", ""), bookmaker.Target{}, odds.NoSrID},
		{"a SportRadar id of zero", with("sr:match:7", "0"), bookmaker.Target{}, odds.NoSrID},
		{"another event", good, bookmaker.Target{SrID: "8"}, odds.WrongEvent},
		{"another event by its own id", good, bookmaker.Target{EventID: "6"}, odds.WrongEvent},
		{"kickoff missing", with("STARTDATE", "DATE"), bookmaker.Target{}, odds.BadKickoff},
		{"kickoff unreadable", with("2026-05-06 11:00:00", "06/05/2026"), bookmaker.Target{}, odds.BadKickoff},
		{"kickoff absurd", with("2026-05-06", "0001-01-01"), bookmaker.Target{}, odds.BadKickoff},
		{"no map of prices", strings.Replace(body("", ""), `"O"`, `"P"`, 1), bookmaker.Target{}, odds.NoMarkets},
		{"prices that tell no market", body(`"S_":"2","X":"3"`, ""), bookmaker.Target{}, odds.NoMarkets},
		{"too many prices", body(many.String()+`"S_1X2_1":"2"`, ""), bookmaker.Target{}, odds.TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newDecoder(t).Detail([]byte(tt.body), tt.requested, detailTime(), detailTime())
			rejected, ok := errors.AsType[*odds.Rejected](err)
			if !ok || rejected.Reason != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestDecoder_Detail_OtherRecorded(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]odds.Reason{
		recordedtest.Basketball: odds.WrongSport, recordedtest.Tennis: odds.WrongSport,
		recordedtest.InPlay: odds.NoEventID, // an answer of another end point
	} {
		_, err := newDecoder(t).Detail(recordedtest.Body(t, folder, "bet9ja.json"), bookmaker.Target{}, detailTime(), detailTime())
		if rejected, ok := errors.AsType[*odds.Rejected](err); !ok || rejected.Reason != want {
			t.Errorf("%s: error %v, want %s", folder, err, want)
		}
	}
}
