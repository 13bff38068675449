package cycle

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// answering is a bookmaker that answers every event.
type answering struct{ name odds.Bookmaker }

func (a answering) Bookmaker() odds.Bookmaker { return a.name }

func (a answering) Discover(context.Context) (bookmaker.Discovery, error) {
	return bookmaker.Discovery{}, nil
}

func (a answering) Fetch(_ context.Context, t bookmaker.Target) (bookmaker.Detail, error) {
	return bookmaker.Detail{Snapshot: odds.Snapshot{Bookmaker: a.name, EventID: t.EventID, SrID: t.SrID}}, nil
}

// absentFirst hands out slots of a real group, but none of one bookmaker in the first calls.
type absentFirst struct {
	*limit.Group
	absent odds.Bookmaker

	mu    sync.Mutex
	calls int // left in which it is absent
}

func (a *absentFirst) AcquireAll(ctx context.Context, names []odds.Bookmaker, waitTimeout time.Duration) ([]*limit.Permit, []odds.Bookmaker, error) {
	a.mu.Lock()
	absent := a.calls > 0 && slices.Contains(names, a.absent)
	if absent {
		a.calls--
	}
	a.mu.Unlock()
	if !absent {
		return a.Group.AcquireAll(ctx, names, waitTimeout)
	}
	others := slices.DeleteFunc(slices.Clone(names), func(b odds.Bookmaker) bool { return b == a.absent })
	permits, missing, err := a.Group.AcquireAll(ctx, others, waitTimeout)
	return permits, append(missing, a.absent), err
}

// nothingCommitted is a store without snapshots.
type nothingCommitted struct{}

func (nothingCommitted) Committed(odds.Bookmaker, string) (store.CommittedSnapshot, bool) {
	return store.CommittedSnapshot{}, false
}

func TestBookmakerThatWasMissedIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		calls   int
		fetched map[odds.Bookmaker]int
		skipped int64
	}{
		"it recovers":    {calls: 5, fetched: map[odds.Bookmaker]int{odds.BetPawa: 5, odds.Bet9ja: 5}},
		"it does not":    {calls: 10, fetched: map[odds.Bookmaker]int{odds.BetPawa: 5}, skipped: 5},
		"never was away": {calls: 0, fetched: map[odds.Bookmaker]int{odds.BetPawa: 5, odds.Bet9ja: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{odds.BetPawa: {Slots: 2}, odds.Bet9ja: {Slots: 2}})
			if err != nil {
				t.Fatal(err)
			}
			e := New(Config{}, []bookmaker.Client{answering{odds.BetPawa}, answering{odds.Bet9ja}},
				&absentFirst{Group: group, absent: odds.Bet9ja, calls: tc.calls}, 4, nil, slog.New(slog.DiscardHandler))
			r := &run{Engine: e, handle: &Handle{CycleID: "c"}, stats: newStats(), reviewer: review.Reviewer{Committed: nothingCommitted{}}}
			for _, srID := range []string{"1", "2", "3", "4", "5"} {
				r.targets = append(r.targets, &review.Target{SrID: srID, Kickoff: time.Now().Add(time.Hour), Listings: map[odds.Bookmaker]odds.Listing{
					odds.BetPawa: {Bookmaker: odds.BetPawa, EventID: "p" + srID, SrID: srID, Kickoff: time.Now()},
					odds.Bet9ja:  {Bookmaker: odds.Bet9ja, EventID: "n" + srID, SrID: srID, Kickoff: time.Now()},
				}})
			}
			out := make(chan review.Result, 20)
			r.fetchAll(t.Context(), out)
			got := make(map[odds.Bookmaker]int)
			for f := range out {
				for _, s := range f.Prepared {
					got[s.Bookmaker]++
				}
				if f.Event.BetPawaEventID == "" || len(f.Event.Competitors) != 1 {
					t.Errorf("event lost a bookmaker: %+v", f.Event)
				}
			}
			if diff := cmp.Diff(tc.fetched, got); diff != "" {
				t.Error(diff)
			}
			if skipped := r.stats.results[odds.Bet9ja].Skipped; skipped != tc.skipped {
				t.Errorf("%d skipped, want %d", skipped, tc.skipped)
			}
		})
	}
}
