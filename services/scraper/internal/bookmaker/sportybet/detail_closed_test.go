package sportybet_test

import (
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// An answer that says nothing about prices is counted: one whose fields were renamed looks like it. One that says that
// everything is closed is not.
func TestDecoder_Detail_NoPrices(t *testing.T) {
	t.Parallel()
	market := func(members, outcomes string) string {
		return `{"id":"1","status":0` + members + `,"outcomes":[` + outcomes + `]}`
	}
	tests := []struct {
		name, answer string
		counted      int
	}{
		{"a renamed price", body(market("", `{"id":"1","price":"2","isActive":1},{"id":"2","price":"3","isActive":1}`)), 1},
		{"a renamed flag", body(market("", `{"id":"1","odds":"2","active":1},{"id":"2","odds":"3","active":1}`)), 1},
		{"blank prices of open outcomes", body(market("", `{"id":"1","odds":"","isActive":1}`)), 1},
		{"prices that cannot be read", body(market("", `{"id":"1","odds":"abc","isActive":1}`)), 1},
		{"closed outcomes", body(market("", `{"id":"1","odds":"","isActive":0},{"id":"2","odds":"","isActive":1}`)), 0},
		{"a closed market", body(strings.Replace(market("", `{"id":"1","odds":"","isActive":1}`), `"status":0`, `"status":1`, 1)), 0},
		{"a banned market", body(market(`,"banned":true`, `{"id":"1","isActive":1}`)), 0},
		{"a banned event", strings.Replace(body(market("", `{"id":"1","isActive":1}`)), `"eventId"`, `"banned":true,"eventId"`, 1), 0},
		{"one price", body(market("", `{"id":"1","odds":"","isActive":1},{"id":"2","odds":"3","isActive":1}`)), 0},
		{"no outcomes", body(market("", "")), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := newDecoder(t).Detail([]byte(tt.answer), bookmaker.Target{}, detailTime(), detailTime())
			if err != nil {
				t.Fatal(err)
			}
			if n := d.Rejections[odds.NoPrices]; n != tt.counted {
				t.Errorf("NO_PRICES %d times, want %d", n, tt.counted)
			}
			if !d.Snapshot.Complete {
				t.Error("not complete")
			}
		})
	}
}

// A banned event is closed, wherever in the answer that stands, and its prices are kept.
func TestDecoder_Detail_BannedEvent(t *testing.T) {
	t.Parallel()
	plain := body(`{"id":"1","status":0,"outcomes":[{"id":"1","odds":"2.1","isActive":1},{"id":"2","odds":"3.3","isActive":1}]}`)
	for name, tt := range map[string]struct {
		answer string
		open   bool
	}{
		"before the markets": {strings.Replace(plain, `"eventId"`, `"banned":true,"eventId"`, 1), false},
		"behind the markets": {strings.TrimSuffix(plain, "}}") + `,"banned":true}}`, false},
		"not a flag":         {strings.Replace(plain, `"eventId"`, `"banned":"yes","eventId"`, 1), false},
		"false":              {strings.Replace(plain, `"eventId"`, `"banned":false,"eventId"`, 1), true},
		"null":               {strings.Replace(plain, `"eventId"`, `"banned":null,"eventId"`, 1), true},
	} {
		d, err := newDecoder(t).Detail([]byte(tt.answer), bookmaker.Target{}, detailTime(), detailTime())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range d.Snapshot.Markets[0].Outcomes {
			if o.Active != tt.open || o.Odds < 2 {
				t.Errorf("%s: %v", name, o)
			}
		}
	}
}
