package api_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

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
