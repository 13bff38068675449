package betpawa_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// A part that cannot be read is refused with the least that it may be, and keeps nothing else from being withdrawn:
// the answer is complete.
func TestDecoder_Detail_Unread(t *testing.T) {
	t.Parallel()
	over := func(rows string) string {
		return `{"marketType":{"id":"5000","name":"O/U","handicapType":"NORMAL"},"row":` + rows + `}`
	}
	tests := []struct {
		name, market string
		total        int // BetPawa's own count, the market beside included
		unread       string
		rejections   odds.Rejections
	}{
		{"rows that are no list", over(`{"handicap":10}`), 5, "5000 *", odds.Rejections{odds.BadMarket: 1}},
		{"a row that is none", over(`["10"]`), 2, "5000 *", odds.Rejections{odds.BadMarket: 1}},
		{"prices that are no list", over(`[{"handicap":10,"prices":{"name":"Over","odds":2}}]`), 2, "5000 2.5", odds.Rejections{odds.BadMarket: 1}},
		{"prices that are a text", over(`[{"handicap":10,"prices":"none"}]`), 2, "5000 2.5", odds.Rejections{odds.BadMarket: 1}},
		{"prices of null", over(`[{"handicap":10,"prices":null}]`), 2, "", odds.Rejections{}},
		{"a price that is none", over(`[{"handicap":10,"prices":["Over"]}]`), 2, "5000 2.5", odds.Rejections{odds.UnknownOutcome: 1, odds.NoOutcomes: 1}},
		{"lines that are none", over(`[{"prices":[{"name":"Over","odds":2}]},{"handicap":1.5,"prices":[{"name":"Over","odds":2}]}]`), 3, "5000 *", odds.Rejections{odds.BadLine: 2}},
		{"no id, several lines", `{"marketType":{"name":"O/U"},"row":[{"handicap":10},{"handicap":14},{"handicap":18}]}`, 4, "", odds.Rejections{odds.BadMarket: 1}},
		{"no name and no row of the tables", `{"marketType":{"id":"99"},"row":[{"handicap":10},{"handicap":14}]}`, 3, "99 *", odds.Rejections{odds.BadMarket: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const beside = `{"marketType":{"id":"3795","name":"BTTS"},"row":[{"prices":[{"name":"Yes","odds":2}]}]}`
			d, err := newDecoder(t).Detail(body(tt.total, tt.market, beside), bookmaker.Target{}, detailTime(), detailTime())
			if err != nil {
				t.Fatal(err)
			}
			if got := recordedtest.Unread(d.Snapshot); got != tt.unread || len(d.Snapshot.Markets) != 1 {
				t.Errorf("unread %q, want %q, beside %d markets", got, tt.unread, len(d.Snapshot.Markets))
			}
			if diff := cmp.Diff(tt.rejections, d.Rejections); diff != "" {
				t.Error(diff)
			}
			if !d.Snapshot.Complete {
				t.Errorf("not complete, though %d markets can be there", tt.total)
			}
		})
	}
}

// An answer that says nothing about prices is counted: one whose fields were renamed looks like it. One that says that
// everything is closed is not.
func TestDecoder_Detail_NoPrices(t *testing.T) {
	t.Parallel()
	for prices, counted := range map[string]int{
		`{"name":"1","quote":2},{"name":"X","quote":3}`:              1,
		`{"name":"1","price":null,"suspended":false},{"name":"X"}`:   1,
		`{"name":"1","odds":"abc"},{"name":"X","odds":""}`:           1,
		`{"name":"1","price":null,"suspended":true},{"name":"X"}`:    0,
		`{"name":"1","odds":0.0},{"name":"X"}`:                       0,
		`{"name":"1","odds":2},{"name":"X"}`:                         0,
		`{"name":"Un","typeId":"9","odds":2},{"name":"X","odds":""}`: 0,
		``: 0,
	} {
		market := `{"marketType":{"id":"3743","name":"1X2 - FT"},"row":[{"prices":[` + prices + `]}]}`
		d, err := newDecoder(t).Detail(body(1, market), bookmaker.Target{}, detailTime(), detailTime())
		if err != nil {
			t.Fatal(err)
		}
		if n := d.Rejections[odds.NoPrices]; n != counted || !d.Snapshot.Complete {
			t.Errorf("%s: NO_PRICES %d times, want %d; complete %t", prices, n, counted, d.Snapshot.Complete)
		}
	}
}
