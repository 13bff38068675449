package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// The store is driven through random histories beside a model of plain maps, with restores in between.
func TestModel(t *testing.T) {
	t.Parallel()
	const grace = 2 * time.Hour
	outer := storetest.New(t, store.Config{Grace: grace})
	if err := outer.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	restores, moves, evictions := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		b := &storetest.Testbed{Pool: outer.Pool, Store: outer.Store}
		reset(t, b.Pool)
		b.MustAcquire(t)
		defer func() { _ = b.Release(context.Background()) }()
		model := world{events: map[string]odds.Event{}, snapshots: map[string]modelSnapshot{}}
		start := time.Now().UTC().Truncate(time.Microsecond)
		ids := [][]string{{"", "p1", "p2"}, {"", "s1", "s2", "s3"}, {"", "n1"}}
		srIDs := rapid.SampledFrom([]string{"1", "2", "3"})
		tick := 0

		drawEvent := func(t *rapid.T) odds.Event {
			// Hours around the cutoff, so that some are evicted, some stay, and some are postponed across it.
			kickoff := start.Add(time.Duration(rapid.IntRange(-4, 2).Draw(t, "kickoff")) * 30 * time.Minute).Add(-time.Hour)
			e := storetest.Event(srIDs.Draw(t, "sr_id"), kickoff, rapid.SampledFrom(ids[0]).Draw(t, "betpawa"),
				rapid.SampledFrom(ids[1]).Draw(t, "sportybet"), rapid.SampledFrom(ids[2]).Draw(t, "bet9ja"))
			e.Name = rapid.SampledFrom([]string{"x v y", "y v x"}).Draw(t, "name")
			return e
		}
		drawSnapshot := func(t *rapid.T) odds.Snapshot {
			i := rapid.IntRange(0, 2).Draw(t, "bookmaker")
			id := rapid.SampledFrom(ids[i][1:]).Draw(t, "id")
			bookmaker := registry.Names()[i]
			srID := model.owner(bookmaker, id)
			if srID == "" || rapid.IntRange(0, 9).Draw(t, "stray") == 0 {
				srID = srIDs.Draw(t, "sr_id")
			}
			prices := rapid.MapOfN(rapid.SampledFrom([]string{"1", "10", "2"}), rapid.SampledFrom([]float64{1.5, 2}), 1, 3).Draw(t, "prices")
			s := storetest.Capture(bookmaker, id, srID, prices)
			tick++
			s.Request = uint64(10 + tick - rapid.IntRange(0, 3).Draw(t, "late"))
			s.RequestedAt = start.Add(time.Duration(tick)*time.Second - 10*time.Minute)
			s.CapturedAt = s.RequestedAt.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "latency")) * time.Millisecond)
			s.Complete = rapid.Bool().Draw(t, "complete")
			for i := range s.Markets {
				spoil(t, &s.Markets[i])
			}
			for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "10", "2"}), 0, 2, rapid.ID).Draw(t, "unread") {
				s.Unread = append(s.Unread, odds.UnreadMarket{MarketKey: odds.MarketKey{ID: id}, AnyLine: rapid.Bool().Draw(t, "any line")})
			}
			return s
		}
		for range rapid.IntRange(5, 25).Draw(t, "operations") {
			switch rapid.SampledFrom([]string{"batch", "batch", "batch", "batch", "cycle", "restore"}).Draw(t, "operation") {
			case "batch":
				var batch store.Batch
				for range rapid.IntRange(0, 2).Draw(t, "events") {
					e := drawEvent(t)
					batch.Events = append(batch.Events, e)
					for _, c := range e.Competitors {
						if o := model.owner(c.Bookmaker, c.EventID); o != "" && o != e.SrID {
							moves++
						}
					}
					if _, known := model.events[e.SrID]; known || e.BetPawaEventID != "" || len(e.Competitors) > 0 {
						model.put(e)
					}
				}
				seen := map[string]bool{}
				for range rapid.IntRange(0, 3).Draw(t, "snapshots") {
					s := drawSnapshot(t)
					if k := fmt.Sprint(s.Bookmaker, s.EventID); !seen[k] {
						seen[k] = true
						batch.Snapshots = append(batch.Snapshots, s)
						model.capture(s)
					}
				}
				b.MustApply(t, batch)
			case "cycle":
				status := rapid.SampledFrom([]store.CycleStatus{store.Succeeded, store.Partial, store.Failed}).Draw(t, "status")
				c := b.MustCycle(t, status)
				if want := model.endCycle(c, grace); int64(want) != c.EvictedEvents {
					t.Fatalf("the cycle end evicted %d events, want %d", c.EvictedEvents, want)
				}
				evictions += int(c.EvictedEvents)
			case "restore":
				restores++
				b.CheckRestore(t)
				for k, s := range model.snapshots {
					s.request = 0
					model.snapshots[k] = s
				}
			}
			got := read(t, b.Log().View())
			ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".request" }, cmp.Ignore())
			if diff := cmp.Diff(model.events, got.events, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("events (-model +log):\n%s", diff)
			}
			if diff := cmp.Diff(model.snapshots, got.snapshots, cmp.AllowUnexported(modelSnapshot{}), ignore, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("snapshots (-model +log):\n%s", diff)
			}
			if live := b.Rows(t, "events") + b.Rows(t, "snapshots"); live != len(got.events)+len(got.snapshots) {
				t.Fatalf("the tables hold %d live rows, the log %d events and %d snapshots", live, len(got.events), len(got.snapshots))
			}
		}
		b.CheckRestore(t)
	})
	t.Logf("%d restores, %d moves, %d evicted events", restores, moves, evictions)
	if restores == 0 || moves == 0 || evictions == 0 {
		t.Errorf("the histories are too tame: %d restores, %d moves, %d evicted events", restores, moves, evictions)
	}
}
