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
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// answering is a bookmaker that answers every event.
type answering struct{ name odds.Bookmaker }

func (a answering) Bookmaker() odds.Bookmaker { return a.name }

func (a answering) Discover(context.Context) (bookmaker.Discovery, error) {
	return bookmaker.Discovery{}, nil
}

func (a answering) Fetch(_ context.Context, asked bookmaker.Target) (bookmaker.Detail, error) {
	return bookmaker.Detail{Snapshot: odds.Snapshot{Bookmaker: a.name, EventID: asked.EventID, SrID: asked.SrID}}, nil
}

// absentFirst hands out slots of a real group, but none of one bookmaker in the first calls.
type absentFirst struct {
	*limit.Group
	absent odds.Bookmaker

	mu    sync.Mutex
	calls int // left in which it is absent
}

func (a *absentFirst) AcquireAll(ctx context.Context, names []odds.Bookmaker, patience time.Duration) ([]*limit.Permit, []odds.Bookmaker, error) {
	a.mu.Lock()
	absent := a.calls > 0 && slices.Contains(names, a.absent)
	if absent {
		a.calls--
	}
	a.mu.Unlock()
	if !absent {
		return a.Group.AcquireAll(ctx, names, patience)
	}
	others := slices.DeleteFunc(slices.Clone(names), func(b odds.Bookmaker) bool { return b == a.absent })
	permits, missing, err := a.Group.AcquireAll(ctx, others, patience)
	return permits, append(missing, a.absent), err
}

// nothingCommitted is a store without snapshots.
type nothingCommitted struct{}

func (nothingCommitted) Committed(odds.Bookmaker, string) (store.CommittedSnapshot, bool) {
	return store.CommittedSnapshot{}, false
}

func TestBookmakerThatWasMissedIsAskedOnceMore(t *testing.T) {
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
			r := &run{Engine: e, snapshots: nothingCommitted{}, ticket: &Ticket{CycleID: "c"}, tally: newTally(), whole: make(answered)}
			for _, srID := range []string{"1", "2", "3", "4", "5"} {
				r.targets = append(r.targets, &target{srID: srID, kickoff: time.Now().Add(time.Hour), listings: map[odds.Bookmaker]odds.Listing{
					odds.BetPawa: listing(odds.BetPawa, "p"+srID, srID, time.Now()), odds.Bet9ja: listing(odds.Bet9ja, "n"+srID, srID, time.Now()),
				}})
			}
			out := make(chan fetched, 20)
			r.fetchAll(t.Context(), out)
			got := make(map[odds.Bookmaker]int)
			for f := range out {
				for _, s := range f.snapshots {
					got[s.Bookmaker]++
				}
				if f.event.BetPawaEventID == "" || len(f.event.Competitors) != 1 {
					t.Errorf("event lost a bookmaker: %+v", f.event)
				}
			}
			if diff := cmp.Diff(tc.fetched, got); diff != "" {
				t.Error(diff)
			}
			if skipped := r.tally.results[odds.Bet9ja].Skipped; skipped != tc.skipped {
				t.Errorf("%d skipped, want %d", skipped, tc.skipped)
			}
		})
	}
}
