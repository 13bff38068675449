package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

func TestEviction(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	now := time.Now()
	postponed := storetest.Event("400", now.Add(-3*time.Hour), "4")
	b.MustApply(t, store.Batch{
		Events: []odds.Event{
			storetest.Event("100", now.Add(-3*time.Hour), "1", "s1"), storetest.Event("200", now.Add(-time.Hour), "2"), storetest.Event("300", now.Add(time.Hour), "3", "s3"), postponed,
		},
		Snapshots: []odds.Snapshot{
			storetest.Capture(odds.BetPawa, "1", "100", storetest.Numbered(2, 2)), storetest.Capture(odds.SportyBet, "s1", "100", storetest.Numbered(2, 2)),
			storetest.Capture(odds.BetPawa, "2", "200", storetest.Numbered(2, 2)), storetest.Capture(odds.SportyBet, "s3", "300", storetest.Numbered(2, 2)),
			storetest.Capture(odds.BetPawa, "4", "400", storetest.Numbered(2, 2)),
		},
	})
	before := b.Keys(0)
	if c := b.MustCycle(t, store.Failed); c.EvictedEvents != 0 || !slices.Equal(b.Keys(0)[:len(before)], before) {
		t.Errorf("a failed cycle evicted: %+v", c)
	}
	postponed.Kickoff = now.Add(24 * time.Hour)
	// A re-created fixture: the snapshot under the old id is listed by nobody.
	b.MustApply(t, store.Batch{Events: []odds.Event{postponed, storetest.Event("300", now.Add(time.Hour), "3", "s3new")}})

	c := b.MustCycle(t, store.Partial)
	if c.EvictedEvents != 1 || c.FinishedAt.IsZero() || c.Revision != b.Log().View().Head {
		t.Errorf("the cycle end: %+v", c)
	}
	var end oddscachev1.CycleEnd
	if err := proto.Unmarshal(b.Log().View().LastCycle.Body, &end); err != nil {
		t.Fatal(err)
	}
	var removed []string
	for _, r := range end.GetRemoved() {
		if s := r.GetSnapshot(); s != nil {
			removed = append(removed, s.GetBookmaker()+"/"+s.GetBookmakerEventId())
		} else {
			removed = append(removed, r.GetSrId())
		}
	}
	if want := []string{"100", "betpawa/1", "sportybet/s1", "sportybet/s3"}; !cmp.Equal(removed, want) {
		t.Errorf("removed %v, want %v", removed, want)
	}
	if got := end.GetEvictKickoffBefore().AsTime(); !got.Equal(c.FinishedAt.Add(-2 * time.Hour)) {
		t.Errorf("cutoff %v, want 2 h before %v", got, c.FinishedAt)
	}
	for _, srID := range []string{"200", "300", "400"} {
		if _, ok := b.Event(srID); !ok {
			t.Errorf("event %s was evicted", srID)
		}
	}
	if _, ok := b.EventOf(odds.SportyBet, "s1"); ok {
		t.Error("the evicted event is still found by its id")
	}
	if events, snapshots := b.Rows(t, "events"), b.Rows(t, "snapshots"); events != 3 || snapshots != 2 {
		t.Errorf("the tables hold %d events and %d snapshots, want 3 and 2", events, snapshots)
	}
	if history := b.Rows(t, "market_odds_history"); history != 10 {
		t.Errorf("history has %d rows, want all 10", history)
	}
	b.CheckRestore(t)
}

// The bound is strict: an event exactly at the cutoff stays.
func TestEvictionAtTheCutoff(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{Grace: time.Hour})
	// A cutoff that is a little ahead stands, since it does not go back with small steps: it makes the bound exact.
	cutoff := time.Now().Add(50*time.Second - time.Hour).UTC().Truncate(time.Microsecond)
	if _, err := b.Pool.Exec(t.Context(), "UPDATE feed_state SET evict_kickoff_before = $1", cutoff); err != nil {
		t.Fatal(err)
	}
	b.CheckRestore(t)
	b.MustApply(t, store.Batch{Events: []odds.Event{
		storetest.Event("100", cutoff.Add(-time.Microsecond), "1"), storetest.Event("200", cutoff, "2"), storetest.Event("300", cutoff.Add(time.Microsecond), "3"),
	}})
	if c := b.MustCycle(t, store.Succeeded); c.EvictedEvents != 1 {
		t.Errorf("evicted %d events, want the one before the cutoff", c.EvictedEvents)
	}
	if _, ok := b.Event("100"); ok {
		t.Error("the event before the cutoff is there")
	}
	b.CheckRestore(t)
}

func TestCycles(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	if err := b.BeginCycle(t.Context(), "not a uuid", time.Now()); !errors.Is(err, store.ErrCycle) {
		t.Errorf("BeginCycle without a UUID: %v", err)
	}
	if _, err := b.EndCycle(t.Context(), store.Cycle{ID: uuid.NewString(), Status: store.Failed}); !errors.Is(err, store.ErrCycle) {
		t.Errorf("EndCycle of a cycle that never began: %v", err)
	}
	left := uuid.Must(uuid.NewV7()).String()
	started := time.Now().UTC().Truncate(time.Microsecond)
	if err := b.BeginCycle(t.Context(), left, started); err != nil {
		t.Fatal(err)
	}
	if c, err := b.Store.GetCycle(t.Context(), left); err != nil || c.Status != store.Running || !c.StartedAt.Equal(started) || c.Revision != 0 {
		t.Errorf("the running cycle: %+v, %v", c, err)
	}

	id := uuid.Must(uuid.NewV7()).String()
	for range 2 { // beginning twice is the retry of a caller that got no answer
		if err := b.BeginCycle(t.Context(), id, started); err != nil {
			t.Fatalf("BeginCycle: %v", err)
		}
	}
	if c, err := b.Store.GetCycle(t.Context(), left); err != nil || c.Status != store.Failed {
		t.Errorf("the cycle that was left running: %+v, %v", c, err)
	}
	if _, err := b.EndCycle(t.Context(), store.Cycle{ID: id, Status: store.Running}); !errors.Is(err, store.ErrCycle) {
		t.Errorf("EndCycle as RUNNING: %v", err)
	}
	ended, err := b.EndCycle(t.Context(), store.Cycle{
		ID: id, Status: store.Partial, Events: 5, Snapshots: 4, MarketsChanged: 3, Reason: "bet9ja: \x00 was sent",
		Bookmakers: []store.BookmakerResult{
			{Bookmaker: odds.Bet9ja, Listed: 9, DiscoveryError: "a \x00 byte", Rejections: odds.Rejections{odds.NotJSON: 2}, LatencyP50MS: 1.5},
		},
	})
	if err != nil {
		t.Fatalf("EndCycle: %v", err)
	}
	got, err := b.Store.GetCycle(t.Context(), id)
	if err != nil {
		t.Fatalf("GetCycle: %v", err)
	}
	if diff := cmp.Diff(ended, got); diff != "" {
		t.Errorf("the cycle as ended and as read (-ended +read):\n%s", diff)
	}
	if _, err := b.EndCycle(t.Context(), store.Cycle{ID: id, Status: store.Failed}); !errors.Is(err, store.ErrCycle) {
		t.Errorf("EndCycle twice: %v", err)
	}
	if err := b.BeginCycle(t.Context(), id, time.Now()); !errors.Is(err, store.ErrCycle) {
		t.Errorf("BeginCycle with the id of an ended cycle: %v", err)
	}

	page, err := b.Store.ListCycles(t.Context(), "", 1)
	if err != nil || len(page) != 1 || page[0].ID != id {
		t.Errorf("first page: %+v, %v", page, err)
	}
	page, err = b.Store.ListCycles(t.Context(), id, 10)
	if err != nil || len(page) != 1 || page[0].ID != left {
		t.Errorf("second page: %+v, %v", page, err)
	}
	if _, err := b.Store.GetCycle(t.Context(), uuid.NewString()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("GetCycle of no cycle: %v", err)
	}
	if _, err := b.Store.ListCycles(t.Context(), "x", 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ListCycles before no cycle: %v", err)
	}
	b.CheckRestore(t)
}

// Cycle ends older than the log keeps raise its floor, before and after a restore alike.
func TestOldCycleEnds(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	for range 3 {
		b.MustCycle(t, store.Succeeded)
	}
	_, err := b.Pool.Exec(t.Context(), "UPDATE cycles SET finished_at = finished_at - interval '7 days 1 hour' WHERE revision <= 2")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.MustAcquire(t)
	if v := b.Log().View(); v.Floor != 2 || v.Entries != 1 || v.Head != 3 {
		t.Errorf("floor %d, %d entries, head %d; want 2, 1, 3", v.Floor, v.Entries, v.Head)
	}
	b.MustCycle(t, store.Succeeded)
	b.CheckRestore(t)
	_, err = b.Pool.Exec(t.Context(), "UPDATE cycles SET finished_at = finished_at - interval '60 days' WHERE revision <= 2")
	if err != nil {
		t.Fatal(err)
	}
	b.MustCycle(t, store.Failed)
	if got := b.Rows(t, "cycles"); got != 3 {
		t.Errorf("%d cycles are left, want 3: two are past retention", got)
	}
	b.CheckRestore(t)
	if v := b.Log().View(); v.Floor != 2 || v.Entries != 3 {
		t.Errorf("floor %d, %d entries; want 2 and 3", v.Floor, v.Entries)
	}
}

// Cycles are listed in the order in which they ended, although the id of one is of a clock that was ahead.
func TestCyclesAreListedByTheirEnds(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	var ran []string
	for _, id := range []string{"01a00000-0000-7000-8000-000000000001", "01ffffff-0000-7000-8000-000000000002", "01a00000-0000-7000-8000-000000000003"} {
		if err := b.BeginCycle(t.Context(), id, time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.EndCycle(t.Context(), store.Cycle{ID: id, Status: store.Succeeded}); err != nil {
			t.Fatal(err)
		}
		ran = append([]string{id}, ran...)
	}
	const running = "01900000-0000-7000-8000-000000000004"
	if err := b.BeginCycle(t.Context(), running, time.Now()); err != nil {
		t.Fatal(err)
	}
	ran = append([]string{running}, ran...)
	var listed []string
	for before := ""; ; before = listed[len(listed)-1] {
		page, err := b.Store.ListCycles(t.Context(), before, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		listed = append(listed, page[0].ID)
	}
	if !slices.Equal(listed, ran) {
		t.Errorf("listed %v, want %v", listed, ran)
	}
}
