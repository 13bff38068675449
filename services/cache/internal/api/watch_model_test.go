package api_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// watchStep is a step of a drawn history: writes, then a replica that follows or is rebuilt, then a consumer that takes
// a number of messages off its stream, is perhaps cut, and then goes on at a replica.
type watchStep struct {
	ops     []feedtest.Op
	replica int
	rebuild bool
	takes   int
	cut     bool
	resume  int
}

func drawWatchStep(t *rapid.T) watchStep {
	return watchStep{
		ops:     rapid.SliceOfN(rapid.Custom(feedtest.DrawOp), 0, 4).Draw(t, "ops"),
		replica: rapid.IntRange(0, 1).Draw(t, "replica"), rebuild: rapid.IntRange(0, 7).Draw(t, "rebuild") == 0,
		takes: rapid.IntRange(0, 8).Draw(t, "takes"), cut: rapid.IntRange(0, 2).Draw(t, "cut") == 0, resume: rapid.IntRange(0, 1).Draw(t, "resume"),
	}
}

// mirror is a consumer that keeps what it is sent.
type mirror struct {
	events map[string]*oddscachev1.EventSnapshots
	last   *oddscachev1.Freshness
}

func (c *mirror) take(m *oddscachev1.WatchEventsResponse) {
	c.last = m.GetFreshness()
	if u := m.GetUpdated(); u != nil {
		c.events[u.GetEvent().GetSrId()] = &oddscachev1.EventSnapshots{Event: u.GetEvent(), Snapshots: u.GetSnapshots()}
	}
	if r := m.GetRemoved(); r != nil && r.Bookmaker == nil {
		delete(c.events, r.GetSrId())
	}
}

// sameAsLookups holds what the consumer has against what ListEvents and GetEvent answer.
func (c *mirror) sameAsLookups(b *bundle, r *oddscachev1.WatchEventsRequest) error {
	listed, err := b.client.ListEvents(b.t.Context(), &oddscachev1.ListEventsRequest{Country: r.GetCountry(), PageSize: 100})
	if err != nil {
		return err
	}
	want := make(map[string]*oddscachev1.EventSnapshots)
	for _, e := range listed.GetEvents() {
		request := bySrID(e.GetEvent().GetSrId())
		request.Bookmakers = r.GetBookmakers()
		got, err := b.client.GetEvent(b.t.Context(), request)
		if err != nil {
			return err
		}
		want[e.GetEvent().GetSrId()] = &oddscachev1.EventSnapshots{Event: got.GetEvent(), Snapshots: got.GetSnapshots()}
	}
	if diff := cmp.Diff(want, c.events, protocmp.Transform()); diff != "" {
		return fmt.Errorf("the consumer differs (-lookups +consumer):\n%s", diff)
	}
	return nil
}

// runWatchHistory runs a history over gRPC.
func runWatchHistory(t *testing.T, steps []watchStep, r *oddscachev1.WatchEventsRequest) error {
	t.Helper()
	replicas := [2]*bundle{setup(t), setup(t)}
	replicas[1].world = replicas[0].world
	world, on := replicas[0].world, 0
	for _, b := range replicas {
		b.sync()
	}
	c := &mirror{events: make(map[string]*oddscachev1.EventSnapshots)}
	stream := replicas[on].watch(r)
	open := func(at int) {
		on = at
		if c.last != nil {
			r.Epoch, r.Revision = c.last.GetEpoch(), c.last.GetRevision()
		}
		stream = replicas[on].watch(r)
	}
	for _, s := range steps {
		for _, op := range s.ops {
			op.Do(world)
		}
		b := replicas[s.replica]
		if s.rebuild || b.store.Served().Log().Head < world.Log.View().Floor {
			b.rebuild()
		}
		b.sync()
		came, err := stream.taken()
		switch {
		case status.Code(err) == codes.OutOfRange: // weeks have gone by
			c.events, c.last, r.Epoch, r.Revision = make(map[string]*oddscachev1.EventSnapshots), nil, "", 0
			open(on)
			continue
		case err != nil:
			return err
		case !s.cut:
			s.takes = len(came)
		}
		for _, m := range came[:min(s.takes, len(came))] {
			c.take(m)
		}
		if s.cut { // what came behind is lost
			stream.close()
			open(s.resume)
		}
	}
	for _, b := range replicas {
		if b.store.Served().Log().Head < world.Log.View().Floor {
			b.rebuild()
		}
		b.sync()
	}
	<-time.After(watch.Heartbeat)
	came, err := stream.taken()
	if status.Code(err) == codes.OutOfRange {
		return nil
	}
	for _, m := range came {
		c.take(m)
	}
	stream.close()
	if err != nil || c.last.GetRevision() != world.Log.View().Head {
		return fmt.Errorf("the watch is at %v, the world at %d: %w", c.last, world.Log.View().Head, err)
	}
	return c.sameAsLookups(replicas[on], r)
}

// rebuild serves an index made of the source's log alone.
func (b *bundle) rebuild() {
	served := b.store
	b.store = store.New()
	b.sync()
	served.Serve(b.store.Served())
	b.store = served
}

// TestWatchingIsLookingUp runs drawn histories over gRPC: after quiet a consumer that was cut and resumed at either of
// two replicas has what lookups answer.
func TestWatchingIsLookingUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawWatchStep), 1, 15).Draw(rt, "steps")
		r := &oddscachev1.WatchEventsRequest{IncludeConfirmations: true}
		if rapid.Bool().Draw(rt, "filtered") {
			r.Country, r.Bookmakers = "Kenya", []string{"betpawa", "bet9ja"}
		}
		var failure error
		synctest.Test(t, func(t *testing.T) { failure = runWatchHistory(t, steps, r) })
		if failure != nil {
			rt.Fatalf("%v: %v", r, failure)
		}
	})
}
