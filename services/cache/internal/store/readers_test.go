package store_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// TestReadersSeeWholeTransactions lets readers run against a writer that, in each transaction, rewrites all snapshots
// of two events and moves an id from one to the other and back. A reader must never see parts of two transactions in
// one event, an id that belongs to nobody or to an event that does not list it, a revision that claims more than is
// there, or a revision that falls.
func TestReadersSeeWholeTransactions(t *testing.T) {
	t.Parallel()
	w := feedtest.NewWorld("e1")
	moving := feedtest.ID{Bookmaker: "sportybet", ID: "moves"}
	kickoff := timestamppb.New(w.Now.Add(time.Hour))
	ids := map[string]feedtest.ID{"1": {Bookmaker: feedtest.Betpawa, ID: "p1"}, "2": {Bookmaker: feedtest.Betpawa, ID: "p2"}}
	var number atomic.Int64 // of the newest transaction that may be visible
	revisions := sync.Map{} // revision after a transaction -> its number
	write := func(n int64) {
		w.Tx(func() {
			market := feedtest.Market("3743", 0.5, 2)
			market.Name = strconv.FormatInt(n, 10)
			for i, srID := range []string{"1", "2"} {
				e := &oddscachev1.Event{SrId: srID, BetpawaEventId: ids[srID].ID, Kickoff: kickoff, Name: market.Name}
				if int64(i) == n%2 {
					e.CompetitorEvents = []*oddscachev1.CompetitorEvent{{Bookmaker: moving.Bookmaker, CompetitorEventId: moving.ID}}
				}
				w.PutEvent(e)
				w.PutSnapshot(ids[srID], market)
			}
			w.PutSnapshot(moving, market)
		})
		revisions.Store(w.Log.View().Head, n)
	}
	write(0)
	s := store.New()
	x := store.NewIndex("e1")
	pull(t, x, w, 1<<20, 1)
	s.Serve(x)

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for r := range 4 {
		readers.Go(func() { // ends when stop is closed
			last := int64(0)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				v, err := s.View()
				if err != nil {
					t.Error(err)
					return
				}
				if v.Revision() < last {
					t.Errorf("revision fell from %d to %d", last, v.Revision())
					return
				}
				last = v.Revision()
				known, _ := revisions.Load(v.Revision())
				claimed, _ := known.(int64)
				var e *store.Event
				switch (i + r) % 3 {
				case 0:
					e = v.ByKey(key(moving))
				case 1:
					e = v.BySrID("1")
				default:
					v.Ascend(store.Position{}, func(listed *store.Event) bool { e = listed; return false })
				}
				if e == nil {
					t.Error("an event or the id that moves was not found")
					return
				}
				got := decode(t, e)
				for _, snap := range got.GetSnapshots() {
					if n := snap.GetMarkets()[0].GetName(); n != got.GetEvent().GetName() {
						t.Errorf("event of transaction %s with a snapshot of %s", got.GetEvent().GetName(), n)
						return
					}
				}
				n, _ := strconv.ParseInt(got.GetEvent().GetName(), 10, 64)
				if n < claimed || n > number.Load() {
					t.Errorf("view of transaction %d shows %d, newest is %d", claimed, n, number.Load())
					return
				}
				if (i+r)%3 == 0 && len(got.GetEvent().GetCompetitorEvents()) != 1 {
					t.Error("the id led to an event that does not list it")
					return
				}
			}
		})
	}
	for n := range int64(3000) {
		number.Store(n + 1)
		write(n + 1)
		if n%500 == 499 { // a full sync, built in a staging index and swapped
			x = store.NewIndex("e1")
		}
		pull(t, x, w, 1<<20, 1)
		s.Serve(x)
	}
	close(stop)
	readers.Wait()
}

func TestWaitSpansASwap(t *testing.T) {
	t.Parallel()
	w := feedtest.NewWorld("e1")
	s, x := store.New(), store.NewIndex("e1")
	if _, err := s.Wait(t.Context(), 1); err == nil {
		t.Fatal("a store without an index was waited for")
	}
	s.Serve(x)
	w.EndCycle(time.Time{})
	w.EndCycle(time.Time{})
	got := make(chan int64, 1)
	go func() { // ends when the wait does, by the swap below
		v, err := s.Wait(t.Context(), 2)
		if err != nil {
			t.Error(err)
		}
		got <- v.Revision()
	}()
	staging := store.NewIndex("e1")
	pull(t, staging, w, 1<<20, 5)
	s.Serve(staging)
	if r := <-got; r != 2 {
		t.Errorf("waited until revision %d, want 2", r)
	}
}
