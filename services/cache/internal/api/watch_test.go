package api_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
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

func TestWatchEventsSendsStateAndChanges(t *testing.T) {
	t.Parallel()
	inBubble(t, func(_ *testing.T, b *bundle) {
		w := b.world
		w.PutEvent(friendly(w))
		w.PutSnapshot(pawaFriendly, feedtest.Market("3743", .5, 2))
		w.PutSnapshot(bet9jaFriendly, feedtest.Market("3743", .5, 3))
		b.derbyWorld()
		all := b.watch(&oddscachev1.WatchEventsRequest{})
		england := b.watch(&oddscachev1.WatchEventsRequest{Country: "England", Bookmakers: []string{"sportybet"}, MarketIds: []string{"4693"}})
		confirmed := b.watch(&oddscachev1.WatchEventsRequest{SrIds: []string{"70000001"}, IncludeConfirmations: true})
		soon := b.watch(&oddscachev1.WatchEventsRequest{KickoffTo: timestamppb.New(w.Now.Add(10 * time.Hour))})
		of := func(srID string) *oddscachev1.WatchEventsResponse { return updated(w.Expected(srID)) }
		inPart := func(bookmaker, marketID string) *oddscachev1.WatchEventsResponse {
			return updated(feedtest.Filtered(w.Expected("68995116"), []string{bookmaker}, []string{marketID}))
		}
		b.sends(all, of("68995116"), of("70000001"), synced())
		b.sends(england, inPart("sportybet", "4693"), synced())
		b.sends(confirmed, of("70000001"), synced())
		b.sends(soon, of("68995116"), of("70000001"), synced())

		w.PutSnapshot(sporty, feedtest.Market("4693", 0, 7))
		w.Kick(time.Minute)
		w.Confirm(bet9jaFriendly)
		b.sync()
		b.sends(all, of("68995116"), synced())
		b.sends(england, inPart("sportybet", "4693"), synced())
		b.sends(confirmed, of("70000001"), synced())

		w.PutSnapshot(bet9ja, feedtest.Market("4693", 0, 8)) // not what england requested
		b.sync()
		b.sends(all, of("68995116"), synced())
		b.sends(england)
		b.sends(confirmed)
		<-time.After(watch.Heartbeat) // the revision goes on without changes
		b.sync()
		b.sends(england, synced())
		b.sends(confirmed, synced())
		_, _ = all.taken()
		_, _ = soon.taken()

		later := proto.CloneOf(friendly(w)) // leaves the window, and bet9ja is gone from it
		later.Kickoff, later.CompetitorEvents = timestamppb.New(w.Now.Add(30*time.Hour)), nil
		w.PutEvent(later)
		b.sync()
		b.sends(all, of("70000001"), removed("70000001", "bet9ja", oddscachev1.RemovalReason_REMOVAL_REASON_UNLISTED), synced())
		b.sends(confirmed, of("70000001"), removed("70000001", "bet9ja", oddscachev1.RemovalReason_REMOVAL_REASON_UNLISTED), synced())
		b.sends(soon, removed("70000001", "", oddscachev1.RemovalReason_REMOVAL_REASON_FILTERED), synced())
		b.sends(england)

		w.Kick(12 * time.Hour)
		w.EndCycle(w.Now.Add(-2 * time.Hour))
		b.sync()
		b.sends(all, removed("68995116", "", oddscachev1.RemovalReason_REMOVAL_REASON_EVICTED), synced())
		b.sends(england, removed("68995116", "", oddscachev1.RemovalReason_REMOVAL_REASON_EVICTED), synced())
		b.sends(confirmed)
	})
}

// TestWatchEventsResumes cuts a watch at its messages and goes on, on the same index and on one that was rebuilt.
func TestWatchEventsResumes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *bundle) {
		b.derbyWorld()
		w := b.watch(&oddscachev1.WatchEventsRequest{})
		came, _ := w.taken()
		if len(came) != 2 || came[0].GetFreshness().GetRevision() != 0 || came[1].GetSynced() == nil {
			t.Fatalf("the watch began with %v", came)
		}
		at := came[1].GetFreshness()
		w.close()
		again := b.watch(&oddscachev1.WatchEventsRequest{Epoch: at.GetEpoch(), Revision: at.GetRevision()})
		b.sends(again, synced())
		b.world.PutEvent(friendly(b.world))
		b.world.PutSnapshot(sporty, feedtest.Market("4693", 0, 7))
		rebuilt := store.New()
		b.store, rebuilt = rebuilt, b.store
		b.sync() // an index of the same history, made of the source's log alone
		rebuilt.Serve(b.store.Served())
		b.store = rebuilt
		b.sync()
		b.sends(again, updated(b.world.Expected("70000001")), updated(b.world.Expected("68995116")), synced())
		late := b.watch(&oddscachev1.WatchEventsRequest{Epoch: at.GetEpoch(), Revision: at.GetRevision()})
		b.sends(late, updated(b.world.Expected("70000001")), updated(b.world.Expected("68995116")), synced())
	})
}

// TestWatchEventsWaitsForItsRevision resumes at a replica that is behind.
func TestWatchEventsWaitsForItsRevision(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *bundle) {
		b.derbyWorld()
		b.world.PutEvent(friendly(b.world))
		r := &oddscachev1.WatchEventsRequest{Epoch: "epoch-1", Revision: b.world.Log.View().Head}
		w := b.watch(r)
		<-time.After(watch.WaitTimeout / 2)
		if came, err := w.taken(); len(came) > 0 || err != nil {
			t.Errorf("a replica that is behind sent %v, %v", came, err)
		}
		b.sync()
		b.sends(w, synced())
		r.Revision++
		w = b.watch(r)
		<-time.After(watch.WaitTimeout + time.Second)
		_, err := w.taken()
		rejected(t, err, codes.Unavailable, "REVISION_NOT_REACHED", "")
	})
}

func TestWatchEventsShowsHowCurrentItIs(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *bundle) {
		b.derbyWorld()
		w := b.watch(&oddscachev1.WatchEventsRequest{})
		_, _ = w.taken()
		<-time.After(store.LiveFor + watch.Heartbeat + time.Millisecond)
		came, err := w.taken()
		if err != nil || len(came) < 3 {
			t.Fatalf("%d messages in %v, %v", len(came), store.LiveFor+watch.Heartbeat, err)
		}
		for i, m := range came {
			want := oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
			if m.GetFreshness().GetFeedAge().AsDuration() > store.LiveFor {
				want = oddscachev1.FreshnessState_FRESHNESS_STATE_STALE
			}
			if m.GetSynced() == nil || m.GetFreshness().GetState() != want || i == len(came)-1 && want == live {
				t.Errorf("message %d of %d is %v", i, len(came), m)
			}
		}
	})
}

func TestWatchEventsEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *bundle) {
		_, err := b.watch(&oddscachev1.WatchEventsRequest{}).taken()
		rejected(t, err, codes.Unavailable, "WARMING", "")
		b.derbyWorld()
		for _, r := range []*oddscachev1.WatchEventsRequest{{Epoch: "epoch-0", Revision: 1}, {Epoch: "epoch-0"}} {
			_, err = b.watch(r).taken()
			rejected(t, err, codes.OutOfRange, "EPOCH_CHANGED", "")
		}
		for range 2 { // cycle ends that are older than the log keeps them
			b.world.Kick(8 * 24 * time.Hour)
			b.world.EndCycle(b.world.Now.Add(-2 * time.Hour))
			b.sync()
		}
		_, err = b.watch(&oddscachev1.WatchEventsRequest{Epoch: "epoch-1", Revision: 2}).taken()
		rejected(t, err, codes.OutOfRange, "REVISION_COMPACTED", "")

		var open []*watching
		for range maxWatches {
			open = append(open, b.watch(&oddscachev1.WatchEventsRequest{}))
		}
		_, _ = open[0].taken()
		_, err = b.watch(&oddscachev1.WatchEventsRequest{}).taken()
		rejected(t, err, codes.ResourceExhausted, "TOO_MANY_WATCHES", "")
		for _, w := range open[1:] {
			w.close()
		}
		_, _ = open[0].taken()
		w := b.watch(&oddscachev1.WatchEventsRequest{})
		b.sends(w, synced())

		b.world = feedtest.NewWorld("epoch-2")
		b.sync()
		for _, w := range []*watching{open[0], w} {
			_, err = w.taken()
			rejected(t, err, codes.OutOfRange, "EPOCH_CHANGED", "")
		}
	})
}

// TestWatchEventsEndsWithTheServer stops a server under open watches.
func TestWatchEventsEndsWithTheServer(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *bundle) {
		b.derbyWorld()
		w := b.watch(&oddscachev1.WatchEventsRequest{})
		_, _ = w.taken()
		b.stop()
		_, err := w.taken()
		rejected(t, err, codes.Unavailable, "SHUTTING_DOWN", "")
	})
}

func TestWatchEventsRejections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	bad := func(field string, r *oddscachev1.WatchEventsRequest) {
		t.Helper()
		stream, err := b.client.WatchEvents(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		if errors.Is(err, io.EOF) {
			t.Fatal("the stream ended in order")
		}
		rejected(t, err, codes.InvalidArgument, "INVALID_FIELD", field)
	}
	long := string(make([]byte, 201))
	bad("sr_ids", &oddscachev1.WatchEventsRequest{SrIds: make([]string, 501)})
	bad("sr_ids[1]", &oddscachev1.WatchEventsRequest{SrIds: []string{"1", ""}})
	bad("sr_ids[0]", &oddscachev1.WatchEventsRequest{SrIds: []string{"sr:match:1"}})
	bad("bookmakers", &oddscachev1.WatchEventsRequest{Bookmakers: make([]string, 51)})
	bad("market_ids", &oddscachev1.WatchEventsRequest{MarketIds: make([]string, 501)})
	bad("country", &oddscachev1.WatchEventsRequest{Country: long})
	bad("tournament", &oddscachev1.WatchEventsRequest{Tournament: long})
	bad("epoch", &oddscachev1.WatchEventsRequest{Epoch: long})
	bad("epoch", &oddscachev1.WatchEventsRequest{Revision: 3})
	bad("revision", &oddscachev1.WatchEventsRequest{Epoch: "epoch-1", Revision: -1})
	bad("kickoff_from", &oddscachev1.WatchEventsRequest{KickoffFrom: &timestamppb.Timestamp{Nanos: -1}})
	bad("kickoff_to", &oddscachev1.WatchEventsRequest{KickoffFrom: timestamppb.New(time.Unix(2, 0)), KickoffTo: timestamppb.New(time.Unix(1, 0))})
}
