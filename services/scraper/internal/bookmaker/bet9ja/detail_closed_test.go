package bet9ja_test

import (
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// An answer of which no price can be read is counted; one in which every price is "1" says that all is closed.
func TestDecoder_Detail_NoPrices(t *testing.T) {
	t.Parallel()
	for prices, counted := range map[string]int{
		`"S_1X2_1":"","S_1X2_X":null`:          1,
		`"S_1X2_1":{"v":"2"},"S_NEW_1":"n/a"`:  1,
		`"S_1X2_1":"1","S_1X2_X":""`:           0,
		`"S_1X2_1":"","S_NEW_1":"2"`:           0,
		``:                                     0,
		`"S_1X2_1":"abc","S_OU@2.5_O":"-2.50"`: 1,
	} {
		d, err := newDecoder(t).Detail([]byte(body(prices, "")), bookmaker.Target{}, detailTime(), detailTime())
		if err != nil {
			t.Fatal(err)
		}
		if n := d.Rejections[odds.NoPrices]; n != counted || !d.Snapshot.Complete {
			t.Errorf("%s: NO_PRICES %d times, want %d; complete %t", prices, n, counted, d.Snapshot.Complete)
		}
	}
}
