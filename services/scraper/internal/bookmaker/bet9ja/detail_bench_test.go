package bet9ja_test

import (
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bet9ja"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// BenchmarkDetail decodes and maps one recorded event. The largest of the three bookmakers' has to stay below 5 ms
// on one core.
func BenchmarkDetail(b *testing.B) {
	body := recordedtest.Body(b, recordedtest.Prematch, "bet9ja.json")
	table, err := mapping.Default()
	if err != nil {
		b.Fatal(err)
	}
	decoder := bet9ja.NewDecoder(table.Column(odds.Bet9ja, mapping.Bet9ja))
	now := time.Now()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decoder.Detail(body, bookmaker.Target{}, now, now); err != nil {
			b.Fatal(err)
		}
	}
}
