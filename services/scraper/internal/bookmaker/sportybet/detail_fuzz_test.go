package sportybet_test

import (
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/sportybet"
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
	for _, body := range recordedtest.All(f, "sportybet") {
		f.Add(body)
	}
	table, err := mapping.Default()
	if err != nil {
		f.Fatal(err)
	}
	decoder := sportybet.NewDecoder(table.Column(odds.SportyBet, mapping.SportRadar))
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
		`{"bizCode":"19000","message":"no"}`,
		`{"bizCode":10000,"data":null}`,
		`{"bizCode":10000,"data":{"eventId":"sr:match:7","estimateStartTime":1778065200000,"sport":{"id":"sr:sport:1","category":{"name":"China","tournament":{"id":"sr:tournament:1","name":"L"}}},"markets":[{"id":"1","status":0,"outcomes":[{"id":"1","odds":"2.4","isActive":1,"desc":"Home"},{"id":"2","odds":"3.1","isActive":0},{"id":"3","odds":2,"isActive":true},{"id":"4","odds":"2","isActive":1}]}]}}`,
		`{"bizCode":10000,"data":{"eventId":"sr:match:7","estimateStartTime":1778065200000,"sport":{"id":"sr:sport:1","category":{"name":"China","tournament":{"id":"sr:tournament:1","name":"L"}}},"markets":[{"id":18,"specifier":"total=2.5","status":1,"outcomes":[{"id":"12","odds":"NaN","isActive":1},{"id":"13","odds":"1e400","isActive":1}]},{"id":"18","specifier":"total=nan","status":0,"outcomes":[]},{"id":"18","specifier":"total=2.5|minsnr=10","status":0,"outcomes":[]}]}}`,
		`{"bizCode":10000,"data":{"eventId":"sr:match:7","estimateStartTime":1778065200000,"sport":{"id":"sr:sport:1","category":{"name":"China","tournament":{"id":"sr:tournament:1","name":"L"}}},"markets":[{"id":"14","specifier":"hcp=0:1","status":0,"outcomes":[{"id":"1711","odds":"5","isActive":1}]},{"id":"14","specifier":"hcp=0:1","status":0,"outcomes":[{"id":"1711","odds":"6","isActive":1}]},{"id":"16","specifier":"hcp=-0.25","status":0,"outcomes":[{"id":"1714","odds":"2","isActive":"1"},{"id":1714,"odds":"2","isActive":1}]}]}}`,
		`{"bizCode":10000,"data":{"eventId":"sr:match:7","estimateStartTime":1778065200000,"sport":{"id":"sr:sport:1","category":{"name":"China","tournament":{"id":"sr:tournament:1","name":"L"}}},"markets":[7,{"id":"142","status":0,"outcomes":[{"id":"9","desc":" 0-3 ","odds":"1.1","isActive":1},7]},{"id":"40","specifier":"type=prematch","status":"x","outcomes":{}}]}}`,
	}
}
