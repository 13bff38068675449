package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// priced is a change without its instants and revision. Nothing is open in a market that is not available.
func priced(b odds.Bookmaker, price float64, available bool) store.HistoryChange {
	return store.HistoryChange{Bookmaker: b, Available: available, Outcomes: []odds.Outcome{
		{Name: "Yes", Odds: price, Active: available && price > 1}, {Name: "No", Odds: 2.5, Active: available},
	}}
}

var withoutInstants = cmpopts.IgnoreFields(store.HistoryChange{}, "CapturedAt", "Revision")

func TestHistoryIsReadPageByPage(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	kickoff := time.Now().Add(time.Hour)
	b.MustApply(t, store.Batch{Events: []odds.Event{storetest.Event("1", kickoff, "p1", "sr:match:1", "9"), storetest.Event("2", kickoff, "p2")}})
	put := func(snapshots ...odds.Snapshot) time.Time {
		b.MustApply(t, store.Batch{Snapshots: snapshots})
		return snapshots[0].CapturedAt
	}
	market := func(price float64) map[string]float64 { return map[string]float64{"100": price, "200": 3} }
	put(storetest.Capture(odds.BetPawa, "p1", "1", market(1.5)), storetest.Capture(odds.BetPawa, "p2", "2", market(9)))
	put(storetest.Capture(odds.SportyBet, "sr:match:1", "1", market(1.6)))
	gone := put(storetest.Capture(odds.BetPawa, "p1", "1", map[string]float64{"200": 3}))
	closed := put(storetest.Capture(odds.SportyBet, "sr:match:1", "1", market(1)))
	back := put(storetest.Capture(odds.BetPawa, "p1", "1", market(1.55)))
	put(storetest.Capture(odds.Bet9ja, "9", "1", market(1.7)))
	put(storetest.Capture(odds.SportyBet, "sr:match:1", "1", map[string]float64{"200": 3}))

	all := []store.HistoryChange{
		priced(odds.BetPawa, 1.5, true), priced(odds.SportyBet, 1.6, true), priced(odds.BetPawa, 1.5, false),
		priced(odds.SportyBet, 1, true), priced(odds.BetPawa, 1.55, true), priced(odds.Bet9ja, 1.7, true), priced(odds.SportyBet, 1, false),
	}
	query := store.HistoryQuery{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 3}
	list := func(q store.HistoryQuery) store.HistoryPage {
		page, err := b.Store.ListHistory(t.Context(), q)
		if err != nil {
			t.Fatalf("ListHistory(%+v): %v", q, err)
		}
		return page
	}
	var paged []store.HistoryChange
	for range 3 {
		page := list(query)
		newest := make(map[odds.Bookmaker]store.HistoryChange)
		for _, c := range paged {
			newest[c.Bookmaker] = c
		}
		before := make(map[odds.Bookmaker]store.HistoryChange)
		for _, c := range page.Before {
			before[c.Bookmaker] = c
		}
		if diff := cmp.Diff(newest, before); diff != "" {
			t.Errorf("state before the page after revision %d (-of pages before +got):\n%s", query.After, diff)
		}
		if len(page.Gaps) != 2 || !page.Gaps[0].From.Equal(gone.Truncate(time.Microsecond)) || !page.Gaps[0].To.Equal(back.Truncate(time.Microsecond)) ||
			page.Gaps[1].Bookmaker != odds.SportyBet || !page.Gaps[1].To.IsZero() {
			t.Errorf("gaps %+v, want betpawa's from %v to %v and sportybet's without an end", page.Gaps, gone, back)
		}
		paged = append(paged, page.Changes...)
		query.After = paged[len(paged)-1].Revision
	}
	if diff := cmp.Diff(all, paged, withoutInstants); diff != "" {
		t.Errorf("changes over all pages (-want +got):\n%s", diff)
	}

	for _, tt := range []struct {
		name          string
		change        func(*store.HistoryQuery)
		want, carried []store.HistoryChange
	}{
		{"one bookmaker", func(q *store.HistoryQuery) { q.Bookmakers = []odds.Bookmaker{odds.BetPawa} }, []store.HistoryChange{all[0], all[2], all[4]}, nil},
		{"from an instant on", func(q *store.HistoryQuery) { q.From = closed }, all[3:], []store.HistoryChange{all[2], all[1]}},
		{"up to an instant", func(q *store.HistoryQuery) { q.To = closed }, all[:3], nil},
		{"another event", func(q *store.HistoryQuery) { q.SrID = "2" }, []store.HistoryChange{priced(odds.BetPawa, 9, true)}, nil},
		{"unknown event", func(q *store.HistoryQuery) { q.SrID = "3" }, []store.HistoryChange{}, nil},
		{"line 0 is not no line", func(q *store.HistoryQuery) { q.Market.Line, _ = odds.QuarterLine(0) }, []store.HistoryChange{}, nil},
	} {
		q := store.HistoryQuery{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 100}
		tt.change(&q)
		page := list(q)
		if diff := cmp.Diff(tt.want, page.Changes, withoutInstants, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.carried, page.Before, withoutInstants, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s, before (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestHistoryOutlivesTheEvent(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{Grace: time.Nanosecond})
	b.MustApply(t, store.Batch{
		Events:    []odds.Event{storetest.Event("1", time.Now().Add(-time.Second), "p1")},
		Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "p1", "1", map[string]float64{"100": 1.5})},
	})
	if c := b.MustCycle(t, store.Succeeded); c.EvictedEvents != 1 {
		t.Fatalf("%d events evicted, want 1", c.EvictedEvents)
	}
	page, err := b.Store.ListHistory(t.Context(), store.HistoryQuery{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 10})
	if err != nil || len(page.Changes) != 1 {
		t.Errorf("history of an evicted event: %+v, %v, want one change", page.Changes, err)
	}
}

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

// The scraper's own role has no rights but those that migrate grants it.
func TestHistoryIsReadWithTheScrapersRights(t *testing.T) {
	t.Parallel()
	own, _ := storetest.Limited(t)
	b := storetest.On(t, own, store.Config{})
	b.MustApply(t, store.Batch{
		Events:    []odds.Event{storetest.Event("1", time.Now().Add(time.Hour), "p1")},
		Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "p1", "1", map[string]float64{"100": 1.5})},
	})
	page, err := b.Store.ListHistory(t.Context(), store.HistoryQuery{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 10})
	if err != nil || len(page.Changes) != 1 {
		t.Errorf("history %+v, %v", page, err)
	}
	if sizes, err := b.Store.Sizes(t.Context()); err != nil || sizes.DatabaseBytes == 0 || len(sizes.Days) == 0 {
		t.Errorf("sizes %+v, %v", sizes, err)
	}
}
