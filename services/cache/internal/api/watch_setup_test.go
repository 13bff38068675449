package api_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
)

// watching is a client's end of a watch, read by a goroutine of its own until close.
type watching struct {
	leave   context.CancelFunc
	reading sync.WaitGroup

	mu   sync.Mutex // guards what follows
	came []*oddscachev1.WatchEventsResponse
	err  error // why the stream ended
}

func (b *bundle) watch(r *oddscachev1.WatchEventsRequest) *watching {
	b.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	stream, err := b.client.WatchEvents(ctx, r)
	if err != nil {
		b.t.Fatal(err)
	}
	w := &watching{leave: leave}
	w.reading.Go(func() { // ends with the stream
		for {
			m, err := stream.Recv()
			w.mu.Lock()
			if err != nil {
				w.err = err
			} else {
				w.came = append(w.came, m)
			}
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	b.t.Cleanup(w.close)
	return w
}

func (w *watching) close() {
	w.leave()
	w.reading.Wait()
}

// taken are the messages that came since, once everything that can happen has; in a bubble only.
func (w *watching) taken() ([]*oddscachev1.WatchEventsResponse, error) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	came := w.came
	w.came = nil
	return came, w.err
}

// sends fails unless exactly these messages came, apart from their freshness, and the last one is a live synced at the
// world's head.
func (b *bundle) sends(w *watching, want ...*oddscachev1.WatchEventsResponse) {
	b.t.Helper()
	came, err := w.taken()
	if err != nil {
		b.t.Fatal(err)
	}
	if len(came) > 0 {
		b.freshnessIs(came[len(came)-1].GetFreshness(), live)
	}
	for i, m := range came {
		if f := m.GetFreshness(); f.GetEpoch() != b.world.Epoch || f.GetState() != live || i < len(came)-1 && f.GetRevision() >= b.world.Log.View().Head {
			b.t.Errorf("message %d of %d has freshness %v", i, len(came), f)
		}
		m.Freshness = nil
	}
	if diff := cmp.Diff(want, came, protocmp.Transform()); diff != "" {
		b.t.Errorf("the watch was sent (-want +got):\n%s", diff)
	}
}

func updated(a *oddscachev1.EventSnapshots) *oddscachev1.WatchEventsResponse {
	return &oddscachev1.WatchEventsResponse{Message: &oddscachev1.WatchEventsResponse_Updated{
		Updated: &oddscachev1.EventUpdated{Event: a.GetEvent(), Snapshots: a.GetSnapshots()},
	}}
}

func removed(srID, bookmaker string, reason oddscachev1.RemovalReason) *oddscachev1.WatchEventsResponse {
	r := &oddscachev1.EventRemoved{SrId: srID, Reason: reason}
	if bookmaker != "" {
		r.Bookmaker = &bookmaker
	}
	return &oddscachev1.WatchEventsResponse{Message: &oddscachev1.WatchEventsResponse_Removed{Removed: r}}
}

func synced() *oddscachev1.WatchEventsResponse {
	return &oddscachev1.WatchEventsResponse{Message: &oddscachev1.WatchEventsResponse_Synced{Synced: &oddscachev1.WatchSynced{}}}
}

// friendly is an event that two bookmakers list, later than the derby.
func friendly(w *feedtest.World) *oddscachev1.Event {
	return &oddscachev1.Event{
		SrId: "70000001", BetpawaEventId: "p9", Name: "Nairobi - Lagos", Kickoff: timestamppb.New(w.Now.Add(9 * time.Hour)),
		Country: "World", Tournament: "Friendlies",
		CompetitorEvents: []*oddscachev1.CompetitorEvent{{Bookmaker: "bet9ja", CompetitorEventId: "b9"}},
	}
}

var pawaFriendly, bet9jaFriendly = feedtest.ID{Bookmaker: feedtest.Betpawa, ID: "p9"}, feedtest.ID{Bookmaker: "bet9ja", ID: "b9"}

// inBubble sets up a server in a bubble of test time.
func inBubble(t *testing.T, test func(t *testing.T, b *bundle)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, setup(t)) })
}
