package store_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// TestNoKeyIsBehindAnother lets readers ask for the same events by one id after another, while a writer rewrites them,
// and many others, in every transaction, and moves an id from one to another and back. What a reader finds must
// never be of an older transaction than what it found before.
func TestNoKeyIsBehindAnother(t *testing.T) {
	t.Parallel()
	const (
		events       = 200 // many: the writer lets readers have the processor in the middle
		transactions = 40
	)
	w := feedtest.NewWorld("e1")
	moving := feedtest.ID{Bookmaker: "sportybet", ID: "moves"}
	first := w.Now.Add(time.Hour)
	write := func(n int) {
		kickoff := timestamppb.New(first.Add(time.Duration(n) * time.Minute)) // tells transactions apart
		w.Tx(func() {
			for i := range events {
				id := strconv.Itoa(i)
				e := &oddscachev1.Event{
					SrId: id, BetpawaEventId: "p" + id, Kickoff: kickoff,
					CompetitorEvents: []*oddscachev1.CompetitorEvent{{Bookmaker: "bet9ja", CompetitorEventId: "b" + id}},
				}
				if i == n%2 {
					e.CompetitorEvents = append(e.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: moving.Bookmaker, CompetitorEventId: moving.ID})
				}
				w.PutEvent(e)
			}
		})
	}
	write(0)
	s, x := store.New(), store.NewIndex("e1")
	pull(t, x, w, 1<<30, 1)
	s.Serve(x)
	ways := []func(store.View) *store.Event{
		func(v store.View) *store.Event { return v.ByKey(key(moving)) },
	}
	for _, id := range []string{"0", "1", strconv.Itoa(events - 1)} {
		ways = append(ways,
			func(v store.View) *store.Event { return v.BySrID(id) },
			func(v store.View) *store.Event { return v.ByKey(store.Key{Bookmaker: store.Betpawa, ID: "p" + id}) },
			func(v store.View) *store.Event { return v.ByKey(store.Key{Bookmaker: "bet9ja", ID: "b" + id}) })
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for r := range 3 {
		readers.Go(func() { // ends when stop is closed
			newest := first
			for i := r; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				way := i * (r + 3) % len(ways)
				e := ways[way](x.View())
				if e == nil {
					t.Errorf("way %d: not found", way)
					return
				}
				if e.Kickoff.Before(newest) {
					t.Errorf("way %d: found what was written %v before what it found last", way, newest.Sub(e.Kickoff))
					return
				}
				newest = e.Kickoff
			}
		})
	}
	for n := range transactions {
		write(n + 1)
		pull(t, x, w, 1<<30, 1)
	}
	close(stop)
	readers.Wait()
}
