package sportybet_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/sportybet"
	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// detailTime is when the answers of these tests are read, five days before kickoff.
func detailTime() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func newDecoder(tb testing.TB) *sportybet.Decoder {
	tb.Helper()
	return sportybet.NewDecoder(table(tb).Column(odds.SportyBet, mapping.SportRadar))
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

// body is an answer with the given markets; 1778065200000 is 2026-05-06 11:00 UTC.
func body(markets ...string) string {
	return fmt.Sprintf(`{"bizCode":10000,"message":"0#0","data":{"eventId":"sr:match:7","estimateStartTime":1778065200000,
		"homeTeamName":"A","awayTeamName":"B","sport":{"id":"sr:sport:1","name":"Football",
		"category":{"name":"China","tournament":{"id":"sr:tournament:649","name":"Super League"}}},
		"markets":[%s]}}`, strings.Join(markets, ","))
}

func TestDecoder_Detail_Recorded(t *testing.T) {
	t.Parallel()
	text := recordedtest.Body(t, recordedtest.Prematch, "sportybet.json")
	d, err := newDecoder(t).Detail(text, bookmaker.Target{EventID: "sr:match:68995116", SrID: "68995116"}, detailTime(), detailTime())
	if err != nil {
		t.Fatal(err)
	}
	if !d.Snapshot.Complete || d.Rejections.Total() != 0 {
		t.Errorf("complete %t, refused %v", d.Snapshot.Complete, d.Rejections)
	}
	if n := len(d.Snapshot.Markets); n != 166 {
		t.Errorf("%d markets, want 166", n)
	}
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	if err := evidence.Invariants(table, d); err != nil {
		t.Error(err)
	}
	for seed := range uint64(5) {
		again, err := newDecoder(t).Detail(
			recordedtest.Shuffle(t, text, rand.New(rand.NewPCG(seed, 2))), bookmaker.Target{}, detailTime(), detailTime())
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
	d, err := newDecoder(t).Detail([]byte(body(`{"id":"1","status":0,"outcomes":[{"id":"3","odds":"3.00","isActive":1},
		{"id":"1","odds":"2.40","isActive":1},{"id":"2","odds":3.3,"isActive":true}]}`)),
		bookmaker.Target{EventID: "sr:match:7", SrID: "7"}, detailTime(), detailTime().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := odds.Listing{
		Bookmaker: odds.SportyBet, EventID: "sr:match:7", SrID: "7", Kickoff: time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC),
		Name: "A - B", HomeTeam: "A", AwayTeam: "B", Sport: "football", Country: "China",
		Tournament: "Super League", TournamentID: "sr:tournament:649",
	}
	if d.Listing != want {
		t.Errorf("listing %+v\nwant %+v", d.Listing, want)
	}
	wantMarket := odds.Market{
		MarketKey: odds.MarketKey{ID: "3743"}, Name: "1X2 - FT",
		Outcomes: []odds.Outcome{{Name: "1", Odds: 2.4, Active: true}, {Name: "X", Odds: 3.3, Active: true}, {Name: "2", Odds: 3, Active: true}},
	}
	if diff := cmp.Diff([]odds.Market{wantMarket}, d.Snapshot.Markets, cmp.Comparer(func(a, b odds.Line) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if s := d.Snapshot; s.RequestedAt != detailTime() || s.CapturedAt != detailTime().Add(time.Second) || s.Bookmaker != odds.SportyBet {
		t.Errorf("snapshot %+v", s)
	}
}

// TestDecoder_Detail_Markets shows what becomes of a market: BetPawa's market and names, closed or open, or why not.
func TestDecoder_Detail_Markets(t *testing.T) {
	t.Parallel()
	market := func(id, specifier string, outcomes ...string) string {
		return fmt.Sprintf(`{"id":%q,"specifier":%q,"status":0,"outcomes":[%s]}`, id, specifier, strings.Join(outcomes, ","))
	}
	outcome := func(id, price string) string {
		return fmt.Sprintf(`{"id":%q,"odds":%q,"isActive":1,"desc":""}`, id, price)
	}
	tests := []struct {
		name       string
		markets    []string
		want       string
		rejections odds.Rejections
		unread     string // "id line", with * for a line that could not be read
		unmapped   string
	}{
		{"a total", []string{market("18", "total=2.5", outcome("13", "1.8"), outcome("12", "2"))}, "5000 2.5: Over 2 true Under 1.8 true", nil, "", ""},
		{"a quarter line", []string{market("18", "total=2.25", outcome("12", "2"))}, "5000 2.25: Over 2 true", nil, "", ""},
		{"a European handicap", []string{market("14", "hcp=0:1", outcome("1711", "4.75"))}, "4724 -1: 1 4.75 true", nil, "", ""},
		{"and the other way", []string{market("14", "hcp=2:0", outcome("1713", "4.75"))}, "4724 2: 2 4.75 true", nil, "", ""},
		{"an Asian handicap", []string{market("16", "hcp=-0.75", outcome("1714", "2"))}, "3774 -0.75: 1 2 true", nil, "", ""},
		{"minus zero is zero", []string{market("16", "hcp=-0", outcome("1714", "2"))}, "3774 0: 1 2 true", nil, "", ""},
		{"the first goal", []string{market("8", "goalnr=1", outcome("7", "11"))}, "28000224 1: None 11 true", nil, "", ""},
		{
			"double chance by id, whatever the order",
			[]string{market("546", "", outcome("1720", "2.7"), outcome("1722", "2.5"), outcome("1718", "2.3"))},
			"28000014 -: 1X - Yes 2.3 true 12 - Yes 2.7 true X2 - Yes 2.5 true", nil, "", "",
		},
		{
			"a market that feeds two",
			[]string{market("45", "", outcome("274", "9.75"), outcome("324", "36"))},
			"28000869 -: 0-0 9.75 true Other 36 true; 4429 -: 0-0 9.75 true", nil, "", "",
		},
		{"buckets by text", []string{`{"id":"143","status":0,"outcomes":[{"id":"x","desc":" 0-1 ","odds":"1.33","isActive":1}]}`}, "1096768 -: 0-1 1.33 true", nil, "", ""},
		{"market closed, outcome open", []string{strings.Replace(market("1", "", outcome("1", "2")), `"status":0`, `"status":1`, 1)}, "3743 -: 1 2 false", nil, "", ""},
		{"outcome closed", []string{strings.Replace(market("1", "", outcome("1", "2")), `"isActive":1`, `"isActive":0`, 1)}, "3743 -: 1 2 false", nil, "", ""},
		{"closed by its price", []string{market("1", "", outcome("1", "1.00"))}, "3743 -: 1 1 false", nil, "", ""},
		{"an unknown outcome", []string{market("1", "", outcome("1", "2"), outcome("9", "2"))}, "3743 -: 1 2 true", odds.Rejections{odds.UnknownOutcome: 1}, "", ""},
		{"bad prices", []string{market("1", "", outcome("1", "NaN"), outcome("2", "-1"), outcome("3", "1e9"))}, "3743 -: 1 0 false X 0 false 2 0 false", odds.Rejections{odds.BadOdds: 3}, "", ""},
		{"no prices, said to be open", []string{market("1", "", outcome("1", ""), outcome("2", "n/a"), outcome("3", "-"))}, "3743 -: 1 0 false X 0 false 2 0 false", nil, "", ""},
		{"a price of null, and none", []string{`{"id":"1","status":0,"outcomes":[{"id":"1","odds":null,"isActive":1},{"id":"2","isActive":1},{"id":"3","odds":"3.4","isActive":1}]}`}, "3743 -: 1 0 false X 0 false 2 3.4 true", nil, "", ""},
		{"banned", []string{strings.Replace(market("1", "", outcome("1", "2.1")), `"status":0`, `"status":0,"banned":true`, 1)}, "3743 -: 1 2.1 false", nil, "", ""},
		{"not banned", []string{strings.Replace(market("1", "", outcome("1", "2.1")), `"status":0`, `"status":0,"banned":false`, 1)}, "3743 -: 1 2.1 true", nil, "", ""},
		{"banned in a form that is no flag", []string{strings.Replace(market("1", "", outcome("1", "2.1")), `"status":0`, `"status":0,"banned":"yes"`, 1)}, "3743 -: 1 2.1 false", nil, "", ""},
		{"not said whether it is open", []string{`{"id":"1","status":0,"outcomes":[{"id":"1","odds":"2"},{"id":"2","odds":"3","isActive":null},{"id":"3","odds":"3.4","isActive":1}]}`}, "3743 -: 1 0 false X 0 false 2 3.4 true", nil, "", ""},
		{"lists nothing", []string{market("1", ""), `{"id":"10","status":1,"outcomes":null}`, `{"id":"60","status":1}`}, "", nil, "", ""},
		{"lists nothing, the rest unreadable", []string{`{"id":"1"}`, `{"id":"10","status":"open","outcomes":[]}`, `{"id":"18","status":0,"specifier":{},"outcomes":null}`}, "", nil, "", ""},
		{"outcomes that are no list", []string{`{"id":"18","specifier":"total=2.5","status":0,"outcomes":{}}`}, "", odds.Rejections{odds.BadMarket: 1}, "5000 2.5", ""},
		{"an outcome that is none", []string{market("1", "", `7`, outcome("1", "2"))}, "3743 -: 1 2 true", odds.Rejections{odds.UnknownOutcome: 1}, "", ""},
		{"a line off the grid", []string{market("18", "total=2.3", outcome("12", "2"))}, "", odds.Rejections{odds.BadLine: 1}, "5000 *", ""},
		{"a line that is no number", []string{market("18", "total=nan", outcome("12", "2"))}, "", odds.Rejections{odds.BadLine: 1}, "5000 *", ""},
		{"no line", []string{market("18", "", outcome("12", "2"))}, "", odds.Rejections{odds.BadLine: 1}, "5000 *", ""},
		{"half a European handicap", []string{market("14", "hcp=-0.5", outcome("1711", "2"))}, "", odds.Rejections{odds.BadLine: 1}, "4724 *", ""},
		{"a parameter too many", []string{market("18", "total=2.5|minsnr=10", outcome("12", "2"))}, "", nil, "", "18 UNKNOWN_SPECIFIER"},
		{"another interval", []string{market("105", "from=11|to=20", outcome("1", "2"))}, "", nil, "", "105 UNKNOWN_SPECIFIER"},
		{"an unknown market", []string{market("4711", "", outcome("1", "2"))}, "", nil, "", "4711 UNKNOWN_MARKET"},
		{"a market left out", []string{market("900300", "total=3.5", outcome("30", "2"))}, "", nil, "", "900300 LEFT_OUT"},
		{"twice the same", []string{market("1", "", outcome("1", "2")), market("1", "", outcome("1", "2"))}, "3743 -: 1 2 true", odds.Rejections{odds.DuplicateMarket: 1}, "", ""},
		{"twice, contradicting", []string{market("1", "", outcome("1", "2")), market("1", "", outcome("1", "3"))}, "", odds.Rejections{odds.DuplicateMarket: 2}, "3743 -", ""},
		{"an outcome twice the same", []string{market("1", "", outcome("1", "2"), outcome("1", "2"))}, "3743 -: 1 2 true", odds.Rejections{odds.DuplicateOutcome: 1}, "", ""},
		{"an outcome twice, contradicting", []string{market("1", "", outcome("1", "2"), outcome("2", "3"), outcome("1", "4"))}, "3743 -: X 3 true", odds.Rejections{odds.DuplicateOutcome: 2}, "", ""},
		{"implausible together", []string{market("1", "", outcome("1", "9"), outcome("2", "9"), outcome("3", "9"))}, "", odds.Rejections{odds.BadOverround: 1}, "3743 -", ""},
		{"a market that is none", []string{`"1"`, `{"status":0,"outcomes":[]}`}, "", odds.Rejections{odds.BadMarket: 2}, "", ""},
		{"a status that is none", []string{strings.Replace(market("1", "", outcome("1", "2")), `"status":0`, `"status":"open"`, 1), `{"id":"10","outcomes":[` + outcome("9", "2") + `]}`}, "", odds.Rejections{odds.BadMarket: 2}, "3743 -; 4693 -", ""},
		{"a specifier that is none", []string{`{"id":"18","status":0,"specifier":{},"outcomes":[` + outcome("12", "2") + `]}`, market("1", "total", outcome("1", "2"))}, "", odds.Rejections{odds.BadMarket: 2}, "3743 *; 5000 *", ""},
		{"nothing known in it", []string{market("1", "", outcome("9", "2")), market("10", "")}, "", odds.Rejections{odds.UnknownOutcome: 1, odds.NoOutcomes: 1}, "3743 -", ""},
		{"nothing but what is left out", []string{market("71", "variant=sr:exact_goals:3+", outcome("sr:exact_goals:3+:91", "2"))}, "", nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			beside := market("29", "", outcome("74", "1.74"))
			d, err := newDecoder(t).Detail([]byte(body(append(tt.markets, beside)...)), bookmaker.Target{}, detailTime(), detailTime())
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

func TestDecoder_Detail_Rejected(t *testing.T) {
	t.Parallel()
	good := body(`{"id":"1","status":0,"outcomes":[{"id":"1","odds":"2.40","isActive":1}]}`)
	with := func(old, by string) string { return strings.Replace(good, old, by, 1) }
	tests := []struct {
		name, body string
		requested  bookmaker.Target
		want       odds.Reason
	}{
		{"empty", "", bookmaker.Target{}, odds.NotJSON},
		{"HTML", "<!doctype html>", bookmaker.Target{}, odds.NotJSON},
		{"truncated", good[:len(good)-3], bookmaker.Target{}, odds.NotJSON},
		{"no data", `{"bizCode":10000,"data":null}`, bookmaker.Target{}, odds.NotJSON},
		{"unknown event", `{"bizCode":19000,"message":"no"}`, bookmaker.Target{}, odds.NotOffered},
		{"unknown event, code as text", `{"bizCode":"19000","data":{}}`, bookmaker.Target{}, odds.NotOffered},
		{"another sport", with("sr:sport:1", "sr:sport:2"), bookmaker.Target{}, odds.WrongSport},
		{"no id", with(`"eventId":"sr:match:7"`, `"eventId":""`), bookmaker.Target{}, odds.NoEventID},
		{"no SportRadar id", with("sr:match:7", "sr:simple:7"), bookmaker.Target{}, odds.NoSrID},
		{"another event", good, bookmaker.Target{SrID: "8"}, odds.WrongEvent},
		{"another event by its own id", good, bookmaker.Target{EventID: "sr:match:8"}, odds.WrongEvent},
		{"kickoff missing", with("estimateStartTime", "startTime"), bookmaker.Target{}, odds.BadKickoff},
		{"kickoff in seconds", with("1778065200000", "1778065200"), bookmaker.Target{}, odds.BadKickoff},
		{"kickoff not a number", with("1778065200000", `"soon"`), bookmaker.Target{}, odds.BadKickoff},
		{"no list of markets", strings.Replace(body(), `"markets"`, `"offers"`, 1), bookmaker.Target{}, odds.NoMarkets},
		{"markets that tell nothing", body(`"1"`, `{"market":"1"}`), bookmaker.Target{}, odds.NoMarkets},
		{"too many markets", body(strings.Split(strings.Repeat("7 ", answer.MaxMarkets)+"7", " ")...), bookmaker.Target{}, odds.TooLarge},
		{"too many outcomes", body(`{"id":"1","status":0,"outcomes":[` + strings.Repeat("7,", answer.MaxOutcomes) + `7]}`), bookmaker.Target{}, odds.TooLarge},
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
	} {
		_, err := newDecoder(t).Detail(recordedtest.Body(t, folder, "sportybet.json"), bookmaker.Target{}, detailTime(), detailTime())
		if rejected, ok := errors.AsType[*odds.Rejected](err); !ok || rejected.Reason != want {
			t.Errorf("%s: error %v, want %s", folder, err, want)
		}
	}
	// In play the prematch answer lists nothing.
	d, err := newDecoder(t).Detail(recordedtest.Body(t, recordedtest.InPlay, "sportybet.json"), bookmaker.Target{}, detailTime(), detailTime())
	if err != nil || len(d.Snapshot.Markets) != 0 || !d.Snapshot.Complete {
		t.Errorf("in play: %d markets, complete %t, error %v", len(d.Snapshot.Markets), d.Snapshot.Complete, err)
	}
}
