package upkeep_test

import (
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{PartitionsAhead: 2})
	b.MustApply(t, store.Batch{
		Events:    []odds.Event{storetest.Event("1", time.Now().Add(time.Hour), "p1")},
		Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "p1", "1", storetest.Numbered(300, 1.5))},
	})
	if _, err := b.Pool.Exec(t.Context(), "ANALYZE"); err != nil { // so that the estimates are there
		t.Fatal(err)
	}
	sizes, err := b.Store.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]upkeep.TableSize)
	for i, table := range sizes.Tables {
		if i > 0 && sizes.Tables[i-1].Table >= table.Table {
			t.Errorf("table %s does not come after %s", table.Table, sizes.Tables[i-1].Table)
		}
		byName[table.Table] = table
	}
	for table, rows := range map[string]int64{"events": 1, "snapshots": 1, "bookmakers": 3, "market_odds_history": 300} {
		if got := byName[table]; got.Rows != rows || got.Bytes <= got.IndexBytes || got.IndexBytes == 0 {
			t.Errorf("table %s: %+v, want %d rows in more bytes than its indexes have", table, got, rows)
		}
	}
	today := time.Now().UTC().Truncate(24 * time.Hour)
	if len(sizes.Days) != 3 || !sizes.Days[0].Day.Equal(today) || sizes.Days[0].Rows != 300 || sizes.Days[1].Rows != 0 {
		t.Errorf("days %+v, want 300 rows today and two days ahead", sizes.Days)
	}
	if sizes.DatabaseBytes < byName["market_odds_history"].Bytes || sizes.TodayShare <= 0 || sizes.TodayShare > 1 {
		t.Errorf("database of %d bytes, today's share %v", sizes.DatabaseBytes, sizes.TodayShare)
	}
}
