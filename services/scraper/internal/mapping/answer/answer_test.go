package answer_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
)

func scalar(t *testing.T, text string) (s jsonscan.Scalar) {
	t.Helper()
	if err := jsonscan.Read([]byte(text), func(c *jsonscan.Cursor) { s = c.Scalar() }); err != nil {
		t.Fatalf("reading %s: %v", text, err)
	}
	return s
}

func TestPrice(t *testing.T) {
	t.Parallel()
	type reported struct {
		odds                        float64
		active, unreadable, reports bool
	}
	for text, want := range map[string]reported{
		`"1.01"`:    {odds: 1.01, active: true, reports: true},
		`100000`:    {odds: 100_000, active: true, reports: true},
		`1`:         {odds: 1, reports: true},
		`"1.00"`:    {odds: 1, reports: true},
		`0`:         {reports: true},
		`100000.01`: {unreadable: true},
		`-0.01`:     {unreadable: true},
		`"nan"`:     {unreadable: true},
		`"1,90"`:    {unreadable: true},
		`"abc"`:     {unreadable: true},
		`true`:      {unreadable: true},
		`{}`:        {unreadable: true},
		`null`:      {}, `""`: {}, `" "`: {}, `"-"`: {}, `"n/a"`: {}, `"N/A"`: {},
	} {
		p := answer.ReadPrice(scalar(t, text))
		if got := (reported{p.Odds, p.Active(), p.Unreadable(), p.Reports()}); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
		if p.Closed = true; p.Active() || !p.Reports() || p.Odds != want.odds {
			t.Errorf("%s, closed: %+v", text, p)
		}
	}
	if p := answer.ReadPrice(jsonscan.Scalar{}); p.Active() || p.Unreadable() || p.Reports() {
		t.Errorf("no price at all: %+v", p)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	long, err := json.Marshal(strings.Repeat("é", answer.MaxName))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		`" Home\u0000 by\n1 "`: "Home by1",
		`"Malmö FF"`:           "Malmö FF",
		"\"a\xffb\"":           "a�b",
		`7`:                    "7",
		`{}`:                   "",
		string(long):           strings.Repeat("é", answer.MaxName/2),
	}
	for text, want := range tests {
		got := answer.Name(scalar(t, text))
		if got != want || !utf8.ValidString(got) || len(got) > answer.MaxName {
			t.Errorf("%.20s: %q, want %q", text, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"0": true, "68995116": true, "": false, "1a": false, "-1": false, "٣": false, strings.Repeat("1", 21): false} {
		if got := answer.Digits(id); got != want {
			t.Errorf("%q: %t, want %t", id, got, want)
		}
	}
}
