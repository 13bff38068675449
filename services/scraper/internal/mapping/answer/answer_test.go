package answer_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/rawjson"
)

func scalar(t *testing.T, text string) rawjson.Scalar {
	t.Helper()
	c, ok := rawjson.New([]byte(text))
	if !ok {
		t.Fatalf("%s is not valid", text)
	}
	return c.Scalar()
}

func TestPrice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want float64
		ok   bool
	}{
		{`"1.01"`, 1.01, true},
		{`100000`, 100_000, true},
		{`0`, 0, true},
		{`100000.01`, 0, false},
		{`-0.01`, 0, false},
		{`"nan"`, 0, false},
		{`null`, 0, false},
		{`true`, 0, false},
	}
	for _, tt := range tests {
		if got, ok := answer.Price(scalar(t, tt.text)); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %g %t, want %g %t", tt.text, got, ok, tt.want, tt.ok)
		}
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
