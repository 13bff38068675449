package encode

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// closingAt is when the answers of these tests are read, an hour before kickoff.
var closingAt = time.Date(2026, 11, 28, 8, 46, 50, 0, time.UTC) //nolint:gochecknoglobals // one instant for all

// pawa is an answer of BetPawa's about event 64 with the given markets.
func pawa(total int, markets ...string) string {
	return fmt.Sprintf(`{"id":"64","name":"A - B","startTime":"2026-11-28T09:46:50Z","totalMarketCount":"%d",
		"widgets":[{"id":"61","type":"SPORTRADAR","retention":"PREMATCH"}],"category":{"id":"2","name":"Football"},
		"participants":[{"name":"A","position":1},{"name":"B","position":2}],"markets":[%s]}`, total, strings.Join(markets, ","))
}

// pawaMarket is a market of BetPawa's.
func pawaMarket(id, members string, rows ...string) string {
	return fmt.Sprintf(`{"marketType":{"id":%q,"name":"as written"%s},"row":[%s]}`, id, members, strings.Join(rows, ","))
}

// pawaRow is a display row with prices such as "1 2.1", whose second word is JSON.
func pawaRow(members string, prices ...string) string {
	for i, p := range prices {
		name, price, _ := strings.Cut(p, " ")
		prices[i] = fmt.Sprintf(`{"name":%q,"typeId":"%d","odds":%s}`, name, i, price)
	}
	return "{" + members + `"prices":[` + strings.Join(prices, ",") + "]}"
}

// sporty is an answer of SportyBet's about event 61.
func sporty(markets ...string) string {
	return `{"bizCode":10000,"data":{"eventId":"sr:match:61","estimateStartTime":1795859210000,"homeTeamName":"A","awayTeamName":"B",
		"sport":{"id":"sr:sport:1","name":"Football"},"markets":[` + strings.Join(markets, ",") + `]}}`
}

// sportyMarket is SportyBet's 1X2 or over/under with prices such as `1 "2.1"` and `!1 "2.1"` for a closed outcome.
func sportyMarket(id, members string, prices ...string) string {
	for i, p := range prices {
		code, price, priced := strings.Cut(p, " ")
		code, closed := strings.CutPrefix(code, "!")
		if priced {
			price = `,"odds":` + price
		}
		prices[i] = fmt.Sprintf(`{"id":%q,"isActive":%t%s}`, code, !closed, price)
	}
	return fmt.Sprintf(`{"id":%q%s,"outcomes":[%s]}`, id, members, strings.Join(prices, ","))
}

// nine is an answer of Bet9ja's about event 61.
func nine(prices string) string {
	return `{"R":"D","D":{"ID":9,"EXTID":"61","DS":"A - B","STARTDATE":"2026-11-28 09:46:50","SID":1,"S":"Soccer","MK":[],"O":{` + prices + `}}}`
}

// read decodes an answer of whichever bookmaker it is.
func read(t *testing.T, b odds.Bookmaker, body string) bookmaker.Detail {
	t.Helper()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	row, _ := registry.Lookup(b)
	d, err := row.DefaultSite(table).ReadDetail([]byte(body), bookmaker.Target{}, closingAt, closingAt)
	if err != nil {
		t.Fatalf("reading %s: %v", body, err)
	}
	return d
}

// shownIn writes what is stored: "3743 - 1 2.1" for an open outcome, with a "!" before the odds of one that is closed,
// and a "gone" behind those of a market that was withdrawn.
func shownIn(t *testing.T, framed []byte) string {
	t.Helper()
	var all []string
	for at, o := range outcomesIn(t, framed) {
		text := fmt.Sprintf("%s %s %s ", at.ID, at.Line, at.name)
		if !o.active {
			text += "!"
		}
		text += fmt.Sprint(o.odds)
		if o.withdrawn {
			text += " gone"
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// What was seen becomes open, closed, withdrawn or rejected in the same way at every bookmaker: the table of
// docs/mapping.md. Before each answer stands the whole one.
func TestClosing(t *testing.T) {
	t.Parallel()
	const line = `"handicap":10,`
	goals := func(rows ...string) string { return pawaMarket("5000", `,"handicapType":"NORMAL"`, rows...) }
	result := pawaMarket("3743", "", pawaRow("", "1 2.1", "X 3.3", "2 3.4"))
	btts := pawaMarket("3795", "", pawaRow("", "Yes 1.8", "No 1.9"))
	pawaBefore := pawa(3, result, goals(pawaRow(line, "Over 1.9", "Under 1.85")), btts)
	const pawaOpen = "3743 - 1 2.1, 3743 - 2 3.4, 3743 - X 3.3, 3795 - No 1.9, 3795 - Yes 1.8, 5000 2.5 "

	open := `,"status":0`
	goals18 := open + `,"specifier":"total=2.5"`
	sportyResult := sportyMarket("1", open, `1 "2.1"`, `2 "3.3"`, `3 "3.4"`)
	sportyBefore := sporty(sportyResult, sportyMarket("18", goals18, `12 "1.9"`, `13 "1.85"`))
	const sportyOpen = "3743 - 1 2.1, 3743 - 2 3.4, 3743 - X 3.3, 5000 2.5 "

	const nineResult = `"S_1X2_1":"2.1","S_1X2_X":"3.3","S_1X2_2":"3.4"`
	nineBefore := nine(nineResult + `,"S_OU@2.5_O":"1.9","S_OU@2.5_U":"1.85"`)

	for _, tt := range []struct {
		name          string
		book          odds.Bookmaker
		before, after string
		want          string
		rejected      string
	}{
		{"null prices", odds.BetPawa, pawaBefore, pawa(3, result, goals(pawaRow(line, "Over null", "Under null")), btts), pawaOpen + "Over !1.9, 5000 2.5 Under !1.85", ""},
		{"one null price", odds.BetPawa, pawaBefore, pawa(3, result, goals(pawaRow(line, "Over null", "Under 1.7")), btts), pawaOpen + "Over !1.9, 5000 2.5 Under 1.7", ""},
		{"blank prices", odds.BetPawa, pawaBefore, pawa(3, result, goals(pawaRow(line, `Over "n/a"`, `Under ""`)), btts), pawaOpen + "Over !1.9, 5000 2.5 Under !1.85", ""},
		{"no rows", odds.BetPawa, pawaBefore, pawa(3, result, goals(), btts), pawaOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", ""},
		{"no prices in a row", odds.BetPawa, pawaBefore, pawa(2, result, goals(pawaRow(line)), btts), pawaOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", ""},
		{"not listed", odds.BetPawa, pawaBefore, pawa(2, result, btts), pawaOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", ""},
		{"not listed, and counted", odds.BetPawa, pawaBefore, pawa(3, result, btts), pawaOpen + "Over !1.9, 5000 2.5 Under !1.85", "COUNT_MISMATCH 1"},
		{"an outcome not listed", odds.BetPawa, pawaBefore, pawa(3, result, goals(pawaRow(line, "Over 1.9")), btts), pawaOpen + "Over 1.9, 5000 2.5 Under !1.85", ""},
		{"without its line", odds.BetPawa, pawaBefore, pawa(3, result, goals(pawaRow("", "Over 1.9", "Under 1.85")), btts), pawaOpen + "Over !1.9, 5000 2.5 Under !1.85", "BAD_LINE 1"},
		{"without its line, and another gone", odds.BetPawa, pawaBefore, pawa(2, result, goals(pawaRow("", "Over 1.9", "Under 1.85"))), strings.ReplaceAll(strings.ReplaceAll(pawaOpen, "No 1.9", "No !1.9 gone"), "Yes 1.8", "Yes !1.8 gone") + "Over !1.9, 5000 2.5 Under !1.85", "BAD_LINE 1"},
		{"an entry that is none, and another gone", odds.BetPawa, pawaBefore, pawa(3, result, `{"marketType":{}}`, btts), pawaOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", "BAD_MARKET 1"},
		{"outcomes of another language", odds.BetPawa, pawaBefore, pawa(3, result, btts, goals(strings.NewReplacer(`"typeId":"0"`, `"typeId":"5001"`, `"typeId":"1"`, `"typeId":"5002"`).Replace(pawaRow(line, "Plus 1.95", "Moins 1.8")))), pawaOpen + "Over 1.95, 5000 2.5 Under 1.8", ""},
		{"outcomes of nobody's language", odds.BetPawa, pawaBefore, pawa(3, result, btts, goals(pawaRow(line, "Plus 1.95", "Moins 1.8"))), pawaOpen + "Over !1.9, 5000 2.5 Under !1.85", "NO_OUTCOMES 1 UNKNOWN_OUTCOME 2"},

		{"closed without a price", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", goals18, `!12 ""`, `!13 null`)), sportyOpen + "Over !1.9, 5000 2.5 Under !1.85", ""},
		{"said to be open, without a price", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", goals18, `12 "-"`, `13`)), sportyOpen + "Over !1.9, 5000 2.5 Under !1.85", ""},
		{"closed with a price", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", goals18, `!12 "1.7"`, `13 "2"`)), sportyOpen + "Over !1.7, 5000 2.5 Under 2", ""},
		{"a price of no use", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", goals18, `12 "1,9"`, `13 "-2"`)), sportyOpen + "Over !1.9, 5000 2.5 Under !1.85", "BAD_ODDS 2"},
		{"a closed market", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", `,"status":1,"specifier":"total=2.5"`, `12 "1.7"`, `13 "2"`)), sportyOpen + "Over !1.7, 5000 2.5 Under !2", ""},
		{"a closed market that lists nothing", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", `,"status":1,"specifier":"total=2.5"`)), sportyOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", ""},
		{"a banned market", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", goals18+`,"banned":true`, `12 "1.7"`, `13 "2"`)), sportyOpen + "Over !1.7, 5000 2.5 Under !2", ""},
		{"a line that is none", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", open+`,"specifier":"total=x"`, `12 "1.7"`, `13 "2"`)), sportyOpen + "Over !1.9, 5000 2.5 Under !1.85", "BAD_LINE 1"},
		{"a line that is none, and one that is", odds.SportyBet, sportyBefore, sporty(sportyResult, sportyMarket("18", open+`,"specifier":"total=x"`, `12 "1.7"`), sportyMarket("18", goals18, `12 "1.9"`, `13 "1.85"`)), sportyOpen + "Over 1.9, 5000 2.5 Under 1.85", "BAD_LINE 1"},
		{"a market that is listed nowhere", odds.SportyBet, sportyBefore, sporty(sportyResult, `7`), sportyOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", "BAD_MARKET 1"},

		{"prices of 1", odds.Bet9ja, nineBefore, nine(nineResult + `,"S_OU@2.5_O":"1","S_OU@2.5_U":"1"`), sportyOpen + "Over !1, 5000 2.5 Under !1", ""},
		{"no prices", odds.Bet9ja, nineBefore, nine(nineResult + `,"S_OU@2.5_O":"","S_OU@2.5_U":null`), sportyOpen + "Over !1.9, 5000 2.5 Under !1.85", ""},
		{"one key gone", odds.Bet9ja, nineBefore, nine(nineResult + `,"S_OU@2.5_O":"1.95"`), sportyOpen + "Over 1.95, 5000 2.5 Under !1.85", ""},
		{"all keys gone", odds.Bet9ja, nineBefore, nine(nineResult), sportyOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", ""},
		{"keys without a line", odds.Bet9ja, nineBefore, nine(nineResult + `,"S_OU@_O":"1.9"`), sportyOpen + "Over !1.9, 5000 2.5 Under !1.85", "BAD_LINE 1"},
		{"a key of nothing", odds.Bet9ja, nineBefore, nine(nineResult + `,"OU":"1.9"`), sportyOpen + "Over !1.9 gone, 5000 2.5 Under !1.85 gone", "BAD_MARKET 1"},
	} {
		t.Run(string(tt.book)+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			before := applied(t, nil, read(t, tt.book, tt.before).Snapshot)
			if got := shownIn(t, before); strings.Contains(got, "!") || !strings.Contains(got, "5000 2.5 Under 1.85") {
				t.Fatalf("before: %s", got)
			}
			d := read(t, tt.book, tt.after)
			after := applied(t, before, d.Snapshot)
			if got := shownIn(t, after); got != tt.want {
				t.Errorf("stored  %s\nwant    %s", got, tt.want)
			}
			if got := rejectedIn(d); got != tt.rejected {
				t.Errorf("refused %q, want %q", got, tt.rejected)
			}
			if again := applied(t, after, d.Snapshot); string(again) != string(after) {
				t.Error("the same answer again changes something")
			}
			if got, want := shownIn(t, applied(t, after, read(t, tt.book, tt.before).Snapshot)), shownIn(t, before); got != want {
				t.Errorf("and back: %s", got)
			}
		})
	}
}

func rejectedIn(d bookmaker.Detail) string {
	var all []string
	for reason, n := range d.Rejections {
		all = append(all, fmt.Sprint(reason, " ", n))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Answers that were once handled wrongly, where somebody keeps them beside the recorded ones: none of them is part of
// the project.
func TestClosing_Kept(t *testing.T) {
	t.Parallel()
	root := os.Getenv("RECORDED")
	if _, err := os.Stat(filepath.Join(root, "..", "cases")); root == "" || err != nil {
		t.Skip("nothing is kept beside RECORDED")
	}
	kept := func(name string) string {
		body, err := os.ReadFile(filepath.Join(root, "..", "cases", name+".json")) //nolint:gosec // whoever runs the test names the folder
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	before := kept("1-betpawa-before")
	sportyBefore := strings.ReplaceAll(kept("8-sportybet-banned"), `"banned": true`, `"banned": false`)
	const open = "3743 - 1 2.1, 3743 - 2 3.4, 3743 - X 3.3, "
	for name, tt := range map[string]struct {
		book   odds.Bookmaker
		before string
		want   string
	}{
		"1a-betpawa-price-null":                {odds.BetPawa, before, open + "3795 - No 1.9, 3795 - Yes 1.8, 4693 - 12 !1.3, 4693 - 1X !1.3, 4693 - X2 !1.7"},
		"1b-betpawa-no-odds-and-a-market-gone": {odds.BetPawa, before, open + "3795 - No !1.9 gone, 3795 - Yes !1.8 gone, 4693 - 12 !1.3, 4693 - 1X !1.3, 4693 - X2 !1.7"},
		"1c-betpawa-row-empty":                 {odds.BetPawa, before, open + "3795 - No 1.9, 3795 - Yes 1.8, 4693 - 12 !1.3 gone, 4693 - 1X !1.3 gone, 4693 - X2 !1.7 gone"},
		"5-betpawa-french":                     {odds.BetPawa, before, open + "3795 - No !1.9 gone, 3795 - Yes !1.8 gone, 4693 - 12 !1.3 gone, 4693 - 1X !1.3 gone, 4693 - X2 !1.7 gone, 5000 2.5 Over 1.9, 5000 2.5 Under 1.85"},
		"2-sportybet-closed-without-price":     {odds.SportyBet, sportyBefore, "3743 - 1 !2.1, 3743 - 2 !3.4, 3743 - X !3.3"},
		"8-sportybet-banned":                   {odds.SportyBet, sportyBefore, "3743 - 1 !2.1, 3743 - 2 !3.4, 3743 - X !3.3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			committed := applied(t, nil, read(t, tt.book, tt.before).Snapshot)
			d := read(t, tt.book, kept(name))
			after := applied(t, committed, d.Snapshot)
			if got := shownIn(t, after); got != tt.want || rejectedIn(d) != "" {
				t.Errorf("stored  %s\nwant    %s\nrefused %q", got, tt.want, rejectedIn(d))
			}
			if again := applied(t, after, d.Snapshot); string(again) != string(after) {
				t.Error("the same answer again changes something")
			}
		})
	}
}
