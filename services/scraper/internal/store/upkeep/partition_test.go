package upkeep_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	own, admin := storetest.Limited(t)
	now, scraper := time.Now(), new(storetest.Clock)
	set := func(at time.Time) {
		now = at
		scraper.Set(at)
		storetest.SetHistoryClock(t, admin, at)
	}
	set(now)
	b := storetest.On(t, own, store.Config{HistoryRetention: 48 * time.Hour, PartitionsAhead: 2, Now: scraper.Now})
	k := upkeep.New(upkeep.Config{Retention: 48 * time.Hour, Ahead: 2, Now: scraper.Now}, own, new(upkeep.Counters), storetest.Logger(t))
	keep := func() {
		t.Helper()
		if err := k.Once(t.Context()); err != nil {
			t.Fatalf("upkeep: %v", err)
		}
	}
	keep()
	if diff := cmp.Diff(storetest.Days(now, 3), storetest.Partitions(t, admin)); diff != "" {
		t.Errorf("partitions after the first start (-want +got):\n%s", diff)
	}
	price := 2.0
	write := func() {
		price++
		s := storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": price})
		s.RequestedAt, s.CapturedAt = now.Add(-time.Second), now
		b.MustApply(t, store.Batch{Events: storetest.One(2).Events, Snapshots: []odds.Snapshot{s}})
	}
	first := now
	for range 5 {
		write()
		keep()
		set(now.Add(24 * time.Hour))
	}
	set(now.Add(-24 * time.Hour))
	oldest := now.Add(-48 * time.Hour)
	if got := storetest.Partitions(t, admin); got[0] != oldest.UTC().Format("20060102") || got[len(got)-1] != now.UTC().AddDate(0, 0, 2).Format("20060102") {
		t.Errorf("partitions after days of cycles: %v, want those from %v to two days after %v", got, oldest, now)
	}
	if got := b.Rows(t, "market_odds_history"); got != 3 {
		t.Errorf("history has %d rows of the last two days and today, want 3; first was at %v", got, first)
	}

	// Somebody reads the oldest partition for long: writers go on, and a later run drops it.
	set(now.Add(24 * time.Hour))
	reader, err := admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), "SELECT * FROM market_odds_history LIMIT 1"); err != nil {
		t.Fatal(err)
	}
	before := storetest.Partitions(t, admin)[0]
	if err := k.Once(t.Context()); err == nil {
		t.Error("upkeep dropped what is being read")
	}
	write()
	if got := storetest.Partitions(t, admin)[0]; got != before {
		t.Errorf("partition %s was dropped from under its reader", before)
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = k.Once(t.Context()) // unless the writer's own was first
	if got := storetest.Partitions(t, admin)[0]; got == before {
		t.Errorf("partition %s is still there", before)
	}
}

// A partition that somebody dropped by hand costs one batch's transaction, not its content.
func TestPartitionDroppedByHand(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	b.MustApply(t, storetest.One(2))
	if _, err := b.Pool.Exec(t.Context(), "DROP TABLE market_odds_history_"+time.Now().UTC().Format("20060102")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Apply(t.Context(), storetest.One(3)); err == nil {
		t.Error("Apply without a partition succeeded")
	}
	if r := b.MustApply(t, storetest.One(3)); r.MarketsChanged != 1 {
		t.Errorf("the same batch again: %+v", r)
	}
	b.CheckRestore(t)
}
