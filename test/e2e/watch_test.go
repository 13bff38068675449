package e2e

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/testing/protocmp"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// consumer keeps what a watch tells it.
type consumer struct {
	t *testing.T
	*cluster.Cluster

	stream grpc.ServerStreamingClient[oddscachev1.WatchEventsResponse]
	leave  context.CancelFunc

	events map[string]*oddscachev1.EventSnapshots
	last   *oddscachev1.Freshness
}

// changes is what came between two points.
type changes struct {
	updated map[string]int
	removed []*oddscachev1.EventRemoved
}

// open begins where the consumer is.
func (c *consumer) open() {
	c.t.Helper()
	ctx, leave := context.WithTimeout(c.t.Context(), 2*time.Minute)
	c.t.Cleanup(leave)
	stream, err := c.Cache.WatchEvents(ctx, &oddscachev1.WatchEventsRequest{
		Epoch: c.last.GetEpoch(), Revision: c.last.GetRevision(), IncludeConfirmations: true,
	}, grpc.WaitForReady(true))
	if err != nil {
		c.t.Fatal(err)
	}
	c.stream, c.leave = stream, leave
}

// until takes messages up to a synced at a revision or later.
func (c *consumer) until(revision int64) changes {
	c.t.Helper()
	got := changes{updated: make(map[string]int)}
	for {
		m, err := c.stream.Recv()
		if err != nil {
			c.t.Fatalf("watching after %v: %v", c.last, err)
		}
		c.last = m.GetFreshness()
		switch m := m.GetMessage().(type) {
		case *oddscachev1.WatchEventsResponse_Updated:
			e := &oddscachev1.EventSnapshots{Event: m.Updated.GetEvent(), Snapshots: m.Updated.GetSnapshots()}
			c.events[e.GetEvent().GetSrId()] = e
			got.updated[e.GetEvent().GetSrId()]++
		case *oddscachev1.WatchEventsResponse_Removed:
			got.removed = append(got.removed, m.Removed)
			if m.Removed.Bookmaker == nil {
				delete(c.events, m.Removed.GetSrId())
			}
		case *oddscachev1.WatchEventsResponse_Synced:
			if c.last.GetRevision() >= revision {
				return got
			}
		}
	}
}

// agrees holds what the consumer has against what the cache lists.
func (c *consumer) agrees() {
	c.t.Helper()
	want := cluster.BySrID(all(c.t, c.Cluster, &oddscachev1.ListEventsRequest{IncludeSnapshots: true}))
	if diff := cluster.Diff(want, c.events); diff != "" {
		c.t.Errorf("the consumer differs (-list +consumer):\n%s", diff)
	}
}

// TestAWatchFollowsCyclesAndRestarts watches from before the first cycle on: new events, moved odds, a competitor's event
// that becomes another's, an eviction, and a cache that is started anew while odds move.
func TestAWatchFollowsCyclesAndRestarts(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL, Scraper: func(c *scraper.Config) { c.Grace = time.Second }})
	p.Live(t)
	c := &consumer{t: t, Cluster: p, events: make(map[string]*oddscachev1.EventSnapshots)}
	c.open()
	c.until(0)
	c.until(p.RunCycle(t, succeeded).GetRevision())
	c.agrees()
	if len(c.events) != len(football(w)) {
		t.Errorf("%d events were told, %d are offered", len(c.events), len(football(w)))
	}
	var listed []sim.Event
	for _, e := range football(w) {
		if len(e.Listings) == 3 {
			listed = append(listed, e)
		}
	}

	c.missMovedOdds(w, listed[0])
	c.seeAMove(w, listed[1])
	c.seeAnEviction(w, listed[2])
}

// missMovedOdds starts the cache anew while odds move.
func (c *consumer) missMovedOdds(w *cluster.World, e sim.Event) {
	move(c.t, w, e.SrID)
	c.leave()
	c.StopCache(c.t)
	revision := c.RunCycle(c.t, succeeded).GetRevision()
	c.StartCache(c.t)
	c.Reach(c.t, revision)
	c.open()
	if got := c.until(revision); got.updated[e.SrID] != 1 {
		c.t.Errorf("told of %v", got.updated)
	}
	c.agrees()
}

// seeAMove lets a competitor's event become another's.
func (c *consumer) seeAMove(w *cluster.World, e sim.Event) {
	const newSrID = "99999999"
	bookmaker := "bet9ja"
	if err := w.ChangeSrID(bookmaker, e.SrID, newSrID); err != nil {
		c.t.Fatal(err)
	}
	got := c.until(c.RunCycle(c.t, succeeded).GetRevision())
	want := []*oddscachev1.EventRemoved{{
		SrId: e.SrID, Bookmaker: &bookmaker, Reason: oddscachev1.RemovalReason_REMOVAL_REASON_UNLISTED,
	}}
	if diff := cmp.Diff(want, got.removed, protocmp.Transform()); diff != "" || got.updated[newSrID] == 0 {
		c.t.Errorf("removals (-want +got):\n%s\nupdated: %v", diff, slices.Sorted(maps.Keys(got.updated)))
	}
	c.agrees()
}

// seeAnEviction lets an event kick off and the grace pass.
func (c *consumer) seeAnEviction(w *cluster.World, e sim.Event) {
	kickoff := time.Now().Add(6 * time.Second)
	if err := w.Postpone(e.SrID, kickoff); err != nil {
		c.t.Fatal(err)
	}
	c.until(c.RunCycle(c.t, succeeded).GetRevision())
	cluster.Until(c.t, kickoff.Add(1500*time.Millisecond))
	got := c.until(c.RunCycle(c.t, succeeded).GetRevision())
	want := []*oddscachev1.EventRemoved{{SrId: e.SrID, Reason: oddscachev1.RemovalReason_REMOVAL_REASON_EVICTED}}
	if diff := cmp.Diff(want, got.removed, protocmp.Transform()); diff != "" {
		c.t.Errorf("removals (-want +got):\n%s", diff)
	}
	c.agrees()
}

// move changes the odds of one market at SportyBet.
func move(t *testing.T, w *cluster.World, srID string) {
	t.Helper()
	markets, err := w.Markets("sportybet", srID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range markets {
		if m.ID != "" {
			if err := w.MoveMarket("sportybet", srID, m.ID); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("event %s has no market at sportybet", srID)
}
