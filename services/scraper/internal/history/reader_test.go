package history_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oddscache/oddscache/services/scraper/internal/history"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// priced is a change without its instants and revision. Nothing is open in a market that is not available.
func priced(b odds.Bookmaker, price float64, available bool) history.Change {
	return history.Change{Bookmaker: b, Available: available, Outcomes: []odds.Outcome{
		{Name: "Yes", Odds: price, Active: available && price > 1}, {Name: "No", Odds: 2.5, Active: available},
	}}
}

var withoutInstants = cmpopts.IgnoreFields(history.Change{}, "CapturedAt", "Revision")

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

	all := []history.Change{
		priced(odds.BetPawa, 1.5, true), priced(odds.SportyBet, 1.6, true), priced(odds.BetPawa, 1.5, false),
		priced(odds.SportyBet, 1, true), priced(odds.BetPawa, 1.55, true), priced(odds.Bet9ja, 1.7, true), priced(odds.SportyBet, 1, false),
	}
	query := history.Query{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 3}
	list := func(q history.Query) history.Page {
		page, err := history.NewReader(b.Store.HistoryReaders()).List(t.Context(), q)
		if err != nil {
			t.Fatalf("List(%+v): %v", q, err)
		}
		return page
	}
	var paged []history.Change
	for range 3 {
		page := list(query)
		newest := make(map[odds.Bookmaker]history.Change)
		for _, c := range paged {
			newest[c.Bookmaker] = c
		}
		before := make(map[odds.Bookmaker]history.Change)
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
		change        func(*history.Query)
		want, carried []history.Change
	}{
		{"one bookmaker", func(q *history.Query) { q.Bookmakers = []odds.Bookmaker{odds.BetPawa} }, []history.Change{all[0], all[2], all[4]}, nil},
		{"from an instant on", func(q *history.Query) { q.From = closed }, all[3:], []history.Change{all[2], all[1]}},
		{"up to an instant", func(q *history.Query) { q.To = closed }, all[:3], nil},
		{"another event", func(q *history.Query) { q.SrID = "2" }, []history.Change{priced(odds.BetPawa, 9, true)}, nil},
		{"unknown event", func(q *history.Query) { q.SrID = "3" }, []history.Change{}, nil},
		{"line 0 is not no line", func(q *history.Query) { q.Market.Line, _ = odds.QuarterLine(0) }, []history.Change{}, nil},
	} {
		q := history.Query{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 100}
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
	page, err := history.NewReader(b.Store.HistoryReaders()).List(t.Context(), history.Query{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 10})
	if err != nil || len(page.Changes) != 1 {
		t.Errorf("history of an evicted event: %+v, %v, want one change", page.Changes, err)
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
	page, err := history.NewReader(b.Store.HistoryReaders()).List(t.Context(), history.Query{SrID: "1", Market: odds.MarketKey{ID: "100"}, Limit: 10})
	if err != nil || len(page.Changes) != 1 {
		t.Errorf("history %+v, %v", page, err)
	}
	if sizes, err := b.Store.Sizes(t.Context()); err != nil || sizes.DatabaseBytes == 0 || len(sizes.Days) == 0 {
		t.Errorf("sizes %+v, %v", sizes, err)
	}
}
