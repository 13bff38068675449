package bookmaker_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestID(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bookmaker.ID{
		`"33289995"`: "33289995", `33289995`: "33289995", `" 7 "`: "7", `""`: "", `null`: "", `"sr:match:1"`: "sr:match:1",
		`-3`: "-3",
	} {
		var id bookmaker.ID
		if err := json.Unmarshal([]byte(raw), &id); err != nil || id != want {
			t.Errorf("%s: %q, %v; want %q", raw, id, err, want)
		}
	}
	for _, raw := range []string{`1.5`, `1e3`, `true`, `{}`, `[1]`, `99999999999999999999`} {
		var id bookmaker.ID
		if err := json.Unmarshal([]byte(raw), &id); err == nil {
			t.Errorf("%s was read as %q", raw, id)
		}
	}
}

func TestParseSrID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"68995116": "68995116", "sr:match:68995116": "68995116", "\t68995116": "68995116",
		"": "", "0": "", "000": "", "sr:match:": "", "sr:season:12": "", "12a": "", "-1": "", "1.5": "", "١٢": "",
		"1234567890123456789": "", "068995116": "", "sr:match:068995116": "", "00000007": "", "+7": "", "6 8": "",
	} {
		got, ok := bookmaker.ParseSrID(s)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t; want %q", s, got, ok, want)
		}
	}
}

func TestPlausibleKickoff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC)
	for want, times := range map[bool][]time.Time{
		true:  {now, now.AddDate(1, 11, 0), now.AddDate(-1, 0, 0)},
		false: {{}, time.Unix(0, 0), now.AddDate(2, 0, 1), now.AddDate(8000, 0, 0)},
	} {
		for _, at := range times {
			if bookmaker.PlausibleKickoff(at, now) != want {
				t.Errorf("%s: want %t", at, want)
			}
		}
	}
}

func TestThrottledIsARejectionWhereThereWasABody(t *testing.T) {
	t.Parallel()
	for how, want := range map[bookmaker.Throttling]bool{
		bookmaker.TooManyRequests: false, bookmaker.Forbidden: false, bookmaker.EmptyAnswer: true, bookmaker.NoJSON: true,
	} {
		var err error = &bookmaker.Throttled{How: how, Status: 200}
		var rejected *odds.Rejected
		if !errors.Is(err, bookmaker.ErrThrottled) || errors.As(err, &rejected) != want {
			t.Errorf("%v: refused %v, want %t", err, rejected, want)
		}
	}
}
