package store_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// The size of a real cycle: 1,291 events, of which the bookmakers offer 1,121, 1,276 and 1,225.
const (
	benchEvents  = 1291
	benchBatch   = 50 // events
	benchMarkets = 170
)

// offer is what the three bookmakers offer, as the benchmark's cycles capture it.
type offer struct {
	events    []odds.Event
	snapshots []odds.Snapshot
	rng       *rand.Rand
}

func newOffer() *offer {
	o := &offer{rng: rand.New(rand.NewPCG(1, 2))}
	offered := map[odds.Bookmaker]int{odds.BetPawa: 1121, odds.SportyBet: 1276, odds.Bet9ja: 1225}
	for i := range benchEvents {
		srID := fmt.Sprint(68_000_000 + i)
		ids := []string{fmt.Sprint(30_000_000 + i), "sr:match:" + srID, fmt.Sprint(707_000_000 + i)}
		for j, b := range []odds.Bookmaker{odds.BetPawa, odds.SportyBet, odds.Bet9ja} {
			if i >= offered[b] {
				ids[j] = ""
				continue
			}
			o.snapshots = append(o.snapshots, odds.Snapshot{Bookmaker: b, EventID: ids[j], SrID: srID, Complete: true, Markets: o.markets()})
		}
		o.events = append(o.events, storetest.Event(srID, time.Date(2040, 1, 1, i%24, 0, 0, 0, time.UTC), ids...))
	}
	return o
}

func (o *offer) price() float64 { return float64(101+o.rng.IntN(900)) / 100 }

// markets makes markets with 2 or 3 outcomes, a third of them with lines.
func (o *offer) markets() []odds.Market {
	names := [][]string{{"1", "X", "2"}, {"Yes", "No"}, {"Over", "Under"}}
	markets := make([]odds.Market, benchMarkets)
	for i := range markets {
		m := &markets[i]
		m.ID, m.Name = fmt.Sprint(3000+i/2), fmt.Sprintf("Market type %d | Full Time", i/2)
		m.Groups = []string{"all", "goals"}
		if i%2 == 1 {
			m.Line, _ = odds.QuarterLine(i)
		}
		for _, name := range names[(i/2)%3] {
			m.Outcomes = append(m.Outcomes, odds.Outcome{Name: name, Odds: o.price(), Active: true})
		}
	}
	odds.SortMarkets(markets)
	return markets
}

// move changes a share of all markets.
func (o *offer) move(share float64) {
	for i := range o.snapshots {
		for j := range o.snapshots[i].Markets {
			if o.rng.Float64() < share {
				o.snapshots[i].Markets[j].Outcomes[0].Odds = o.price()
			}
		}
	}
}

// close takes the price of a share of all outcomes, as BetPawa did of 3 in 100 that were recorded.
func (o *offer) close(share float64) {
	for i := range o.snapshots {
		for j := range o.snapshots[i].Markets {
			outcomes := o.snapshots[i].Markets[j].Outcomes
			for k := range outcomes {
				if o.rng.Float64() < share {
					outcomes[k].Odds, outcomes[k].Active = 0, false
				}
			}
		}
	}
}

// store captures everything in batches, as a cycle would, and adds up what the batches say.
func (o *offer) store(b *testing.B, w *storetest.Testbed) (sum store.BatchResult) {
	b.Helper()
	from := 0
	for first := 0; first < len(o.events); first += benchBatch {
		batch := store.Batch{Events: o.events[first:min(first+benchBatch, len(o.events))]}
		last := batch.Events[len(batch.Events)-1].SrID
		to := from
		for to < len(o.snapshots) && o.snapshots[to].SrID <= last {
			o.snapshots[to].RequestedAt, o.snapshots[to].CapturedAt = time.Now(), time.Now()
			to++
		}
		batch.Snapshots = o.snapshots[from:to]
		from = to
		r := w.MustApply(b, batch)
		sum.MarketsChanged += r.MarketsChanged
		sum.LookupsMS += r.LookupsMS
		sum.ProcessingMS += r.ProcessingMS
		sum.FlushMS += r.FlushMS
		sum.CommitMS += r.CommitMS
	}
	return sum
}

func BenchmarkCycle(b *testing.B) {
	for _, bench := range []struct {
		name   string
		share  float64
		closed float64
	}{{"first", 1, 0}, {"changed=5%", 0.05, 0}, {"unchanged", 0, 0}, {"unchanged/closed=3%", 0, 0.03}} {
		b.Run(bench.name, func(b *testing.B) {
			var sum store.BatchResult
			for b.Loop() {
				b.StopTimer()
				w := benchWriter(b)
				o := newOffer()
				if bench.share < 1 {
					o.store(b, w)
					o.move(bench.share)
				}
				if bench.closed > 0 {
					o.close(bench.closed)
					o.store(b, w)
				}
				b.StartTimer()
				sum = o.store(b, w)
				b.StopTimer()
				_ = w.Release(b.Context())
				b.StartTimer()
			}
			b.ReportMetric(float64(sum.MarketsChanged), "markets")
			b.ReportMetric(sum.LookupsMS, "lookups-ms")
			b.ReportMetric(sum.ProcessingMS, "processing-ms")
			b.ReportMetric(sum.FlushMS, "flush-ms")
			b.ReportMetric(sum.CommitMS, "commit-ms")
		})
	}
}

func BenchmarkWarmStart(b *testing.B) {
	w := benchWriter(b)
	o := newOffer()
	o.store(b, w)
	o.store(b, w) // confirmations too
	_ = w.Release(b.Context())
	for b.Loop() {
		w.MustAcquire(b)
		b.StopTimer()
		_ = w.Release(b.Context())
		b.StartTimer()
	}
	b.ReportMetric(float64(len(o.snapshots)), "snapshots")
	b.ReportMetric(float64(w.Log().View().Bytes)/1e6, "log-MB")
}

func benchWriter(b *testing.B) *storetest.Testbed {
	b.Helper()
	pool := pgtest.New(b, storetest.Migrated)
	w := &storetest.Testbed{Pool: pool, Store: store.New(pool, store.Config{}, slog.New(slog.DiscardHandler))}
	w.MustAcquire(b)
	return w
}
