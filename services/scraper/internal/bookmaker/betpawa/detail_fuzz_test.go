package betpawa_test

import (
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/betpawa"
	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// FuzzDetail feeds the decoder any bytes: it must not panic, and whatever it makes of them must hold together.
func FuzzDetail(f *testing.F) {
	for _, seed := range detailSeeds() {
		f.Add([]byte(seed))
	}
	for _, body := range recordedtest.All(f, "betpawa") {
		f.Add(body)
	}
	table, err := mapping.Default()
	if err != nil {
		f.Fatal(err)
	}
	decoder := betpawa.NewDecoder(table.Column(odds.BetPawa, mapping.BetPawa))
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		detail, err := decoder.Detail(body, bookmaker.Target{}, at, at)
		if err := evidence.Invariants(table, detail); err != nil {
			t.Fatal(err)
		}
		if err == nil && (detail.Listing.SrID == "" || detail.Listing.EventID == "" || detail.Listing.Kickoff.IsZero()) {
			t.Fatalf("accepted without id or kickoff: %+v", detail.Listing)
		}
	})
}

// detailSeeds are small answers with what the decoder has to tell apart.
func detailSeeds() []string {
	return []string{
		``,
		`<html>`,
		`null`,
		`[]`,
		`{"id":1}`,
		`{"id":"1","name":"A - B","startTime":"2026-05-06T11:00:00Z","category":{"id":"2"},"widgets":[{"id":"7","type":"SPORTRADAR"}],"totalMarketCount":"1","markets":[{"marketType":{"id":"3743","name":"1X2 - FT","tabs":["all","popular"]},"row":[{"prices":[{"name":"1","typeId":"3744","odds":2.4},{"name":"X","typeId":"3745","odds":"3.1"},{"name":"2","price":1,"suspended":true}]}]}]}`,
		`{"id":"1","name":"A - B","startTime":"2026-05-06T11:00:00Z","category":{"id":"2"},"widgets":[{"id":"7","type":"SPORTRADAR"}],"totalMarketCount":1,"markets":[{"marketType":{"id":5000,"name":"O/U","handicapType":"NORMAL"},"row":[{"handicap":10,"specifier":{"total":"2.5"},"prices":[{"name":"Over","odds":2}]},{"handicap":"10","prices":[{"name":"Under","odds":1.8},{"name":"Over","odds":2.1}]},{"handicap":1e300,"prices":[]},{"prices":[{"name":"Over","odds":"NaN"}]}]}]}`,
		`{"id":"1","name":"A - B","startTime":"2026-05-06T11:00:00Z","category":{"id":"2"},"widgets":[{"id":"7","type":"SPORTRADAR"}],"totalMarketCount":3,"markets":[{"marketType":{"id":"3774","name":"AH","handicapType":"ASIAN"},"row":[{"prices":[{"name":"1","odds":-1},{"name":"2","odds":1e9}]},{"handicap":null,"prices":[{"name":"\u0000","odds":2}]},{"specifier":{"hcp":"-0.25"},"prices":[{"name":"1","odds":2}]}]}]}`,
		`{"id":"1","name":"A - B","startTime":"2026-05-06T11:00:00Z","category":{"id":"2"},"widgets":[{"id":"7","type":"SPORTRADAR"}],"totalMarketCount":2,"markets":[7,{"marketType":7},{"marketType":{"id":"9","name":"new"},"row":[{"prices":[{"name":"b","typeId":2,"odds":2},{"name":"a","typeId":"1","odds":2},7]},7]}]}`,
	}
}
