package encode

import (
	"fmt"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// BenchmarkCompare lays a prepared capture of 170 markets over what it was committed as: the same, with 3 in 100 outcomes
// that have no price, and with a market that is not listed any more.
func BenchmarkCompare(b *testing.B) {
	markets := func() []odds.Market {
		all := make([]odds.Market, 170)
		for i := range all {
			m := odds.Market{MarketKey: odds.MarketKey{ID: fmt.Sprint(3000 + i)}, Name: "Market type | Full Time", Groups: []string{"all", "goals"}}
			for j, name := range []string{"1", "X", "2"}[:2+i%2] {
				m.Outcomes = append(m.Outcomes, odds.Outcome{Name: name, Odds: 1.5 + float64(j), Active: true})
			}
			all[i] = m
		}
		return all
	}
	unpriced := markets()
	for i := 0; i < len(unpriced); i += 13 {
		unpriced[i].Outcomes[0] = odds.Outcome{Name: "1"}
	}
	for _, bench := range []struct {
		name  string
		again []odds.Market
	}{{"same", markets()}, {"unpriced", unpriced}, {"withdrawn", markets()[1:]}} {
		b.Run(bench.name, func(b *testing.B) {
			snapshot := func(m []odds.Market) odds.Snapshot {
				return odds.Snapshot{Markets: m, Complete: true, CapturedAt: time.Unix(1, 0)}
			}
			before := applied(b, applied(b, nil, snapshot(markets())), snapshot(bench.again))
			prepared := captureOf(snapshot(bench.again))
			prepared.Encode()
			for b.Loop() {
				c := prepared
				if result, err := Compare(before, &c); len(result.Content.Changed) > 0 || result.Reason != "" || err != nil {
					b.Fatalf("%d changed, %q, %v", len(result.Content.Changed), result.Reason, err)
				}
			}
		})
	}
}
