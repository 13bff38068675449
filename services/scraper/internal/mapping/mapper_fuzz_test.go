package mapping_test

import (
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// FuzzMapper hands in offers with any key, specifiers, outcomes and price: whatever comes out must be one of BetPawa's
// markets with a line on the grid.
func FuzzMapper(f *testing.F) {
	f.Add(false, "18", "total", "2.5", "12", "Over 2.5", 2.0)
	f.Add(false, "14", "hcp", "0:1", "1711", "", 4.75)
	f.Add(false, "14", "hcp", "255:0", "1711", "", 4.75)
	f.Add(false, "8", "goalnr", "-1", "7", "None", 11.0)
	f.Add(false, "143", "", "", "?", " 0-1 ", 1.33)
	f.Add(false, "45", "", "", "274", "", 9.75)
	f.Add(true, "S_OUA", mapping.AnyParam, "2.25", "O", "Over", 1.62)
	f.Add(true, "S_1X2HND", mapping.AnyParam, "-0", "1H", "1", 4.9)
	f.Add(true, "S_AH", mapping.AnyParam, "1e3", "1", "1", 4.9)
	f.Add(true, "S_HAOU", mapping.AnyParam, "0x1p1", "UA", "", 1.4)
	table, err := mapping.Default()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, second bool, key, param, value, code, text string, price float64) {
		b, column := odds.SportyBet, table.Column(odds.SportyBet, mapping.SportRadar)
		if second {
			b, column = odds.Bet9ja, table.Column(odds.Bet9ja, mapping.Bet9ja)
		}
		m := column.NewMapper()
		q := mapping.Quote{Code: []byte(code), Text: []byte(text)}
		if price >= 0 && price <= answer.MaxOdds {
			q.Price = answer.Priced(price)
		}
		o := mapping.Offer{Key: key, Name: text, Quotes: []mapping.Quote{q}}
		if param != "" {
			o.Params = []mapping.Param{{Name: param, Value: value}}
		}
		m.Add(&o)
		m.Add(&o)
		mapped := m.Finish()
		if key == "" || answer.Cut(key, answer.MaxID) == "" {
			return // the decoders refuse a market without an id
		}
		if err := evidence.Invariants(table, bookmaker.Detail{
			Snapshot:   odds.Snapshot{Bookmaker: b, Markets: mapped.Markets, Unread: mapped.Unread, Complete: true},
			Rejections: mapped.Rejections, Unmapped: mapped.Unmapped,
		}); err != nil {
			t.Fatal(err)
		}
		if len(mapped.Markets) == 0 && len(mapped.Unmapped) == 0 && mapped.Rejections.Total() == 0 &&
			!leftOut(column, key, code, text) {
			t.Fatal("the offer vanished without a trace")
		}
	})
}

// leftOut reports whether an outcome is left out by every row that its market feeds, which needs no count.
func leftOut(column mapping.Column, key, code, text string) bool {
	for _, s := range column.Sources([]byte(key)) {
		if !s.LeavesOut(mapping.Quote{Code: []byte(code), Text: []byte(text)}) {
			return false
		}
	}
	return true
}
