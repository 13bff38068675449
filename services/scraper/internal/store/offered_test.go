package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// TestOfferedReadsBackWhatIsCommitted leaves out what is withdrawn and what is not wanted.
func TestOfferedReadsBackWhatIsCommitted(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	line, err := odds.ParseLine("-1.5")
	if err != nil {
		t.Fatal(err)
	}
	outcomes := []odds.Outcome{{Name: "1", Odds: 2.5, Active: true}, {Name: "2", Odds: 1.4}}
	handicap := odds.Market{MarketKey: odds.MarketKey{ID: "3774", Line: line}, Name: "AH", Handicap: odds.Asian, Outcomes: outcomes}
	result := odds.Market{MarketKey: odds.MarketKey{ID: "3743"}, Name: "1X2", Outcomes: outcomes}
	goals := odds.Market{MarketKey: odds.MarketKey{ID: "5000"}, Name: "O/U", Outcomes: []odds.Outcome{{Name: "Over", Odds: 2}}}
	at := time.Now()
	capture := func(request uint64, markets ...odds.Market) {
		odds.SortMarkets(markets)
		b.MustApply(t, store.Batch{
			Events: []odds.Event{{SrID: "1", BetPawaEventID: "p1", Name: "e", Kickoff: at.Add(time.Hour), Sport: "football"}},
			Snapshots: []odds.Snapshot{{
				Bookmaker: odds.BetPawa, EventID: "p1", SrID: "1", Request: request, RequestedAt: at, CapturedAt: at,
				Markets: markets, Complete: true,
			}},
		})
	}
	offered := func() []odds.Market {
		s, _ := b.Committed(odds.BetPawa, "p1")
		markets, err := s.Offered(func(id string) bool { return id != "5000" })
		if err != nil {
			t.Fatal(err)
		}
		return markets
	}
	bare := func(m odds.Market) odds.Market { m.Name = ""; return m }
	same := cmp.Comparer(func(a, b odds.Line) bool { return a == b })
	capture(1, handicap, result, goals)
	if diff := cmp.Diff([]odds.Market{bare(result), bare(handicap)}, offered(), same); diff != "" {
		t.Error(diff)
	}
	capture(2, result, goals)
	if diff := cmp.Diff([]odds.Market{bare(result)}, offered(), same); diff != "" {
		t.Errorf("after the handicap was withdrawn: %s", diff)
	}
}
