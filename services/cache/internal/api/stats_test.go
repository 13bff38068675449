package api_test

import (
	"testing"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
)

func (b *bundle) stats() *oddscachev1.GetStatsResponse {
	b.t.Helper()
	got, err := b.client.GetStats(b.t.Context(), &oddscachev1.GetStatsRequest{})
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

func TestGetStats(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if got := b.stats(); got.GetFreshness().GetState() != oddscachev1.FreshnessState_FRESHNESS_STATE_WARMING || got.GetTotalEvents() != 0 || got.GetHeapMb() <= 0 {
		t.Errorf("while warming: %v", got)
	}
	b.derbyWorld()
	b.world.PutSnapshot(feedtest.ID{Bookmaker: "bet9ja", ID: "waits"}, feedtest.Market("3743", .5, 2))
	b.sync()
	for _, r := range []*oddscachev1.GetEventRequest{bySrID("68995116"), byPawa(pawa.ID), bySrID("404")} {
		_, _ = b.client.GetEvent(t.Context(), r) // one of them is a miss
	}
	got := b.stats()
	b.freshnessIs(got.GetFreshness(), live)
	counted := feedtest.Counts{
		Events: got.GetTotalEvents(), Betpawa: got.GetBetpawaEvents(), Competitor: got.GetCompetitorEvents(),
		Snapshots: got.GetTotalSnapshots(), Markets: got.GetTotalMarkets(), Waiting: got.GetWaitingSnapshots(),
	}
	if want := b.world.Counts(); counted != want || want.Waiting != 1 || want.Snapshots != 3 {
		t.Errorf("counted %+v, want %+v", counted, want)
	}
	if got.GetHits() != 2 || got.GetMisses() != 1 || got.GetEvictedEvents() != 0 {
		t.Errorf("%d hits, %d misses, %d evicted; want 2, 1, 0", got.GetHits(), got.GetMisses(), got.GetEvictedEvents())
	}
	if mb := got.GetEstimatedMemoryMb(); mb <= 0 || mb > 1 {
		t.Errorf("estimated %v MB for one event", mb)
	}
	b.world.Kick(6 * time.Hour)
	b.world.EndCycle(time.Time{})
	b.sync()
	if got := b.stats(); got.GetTotalEvents() != 1 || got.GetEvictedEvents() != 0 {
		t.Errorf("a failed cycle evicted: %v", got)
	}
	b.world.EndCycle(b.world.Now.Add(-2 * time.Hour))
	b.sync()
	got = b.stats()
	if got.GetTotalEvents() != 0 || got.GetCompetitorEvents() != 0 || got.GetTotalSnapshots() != 0 || got.GetWaitingSnapshots() != 0 || got.GetEvictedEvents() != 1 {
		t.Errorf("after the cycle end: %v", got)
	}
}

// TestDescription makes sure that every rpc has a handler of ours, so that a new one is not forgotten.
func TestDescription(t *testing.T) {
	t.Parallel()
	generated, ours := oddscachev1.OddsCacheService_ServiceDesc, api.Description()
	if len(ours.Methods) != len(generated.Methods) || len(ours.Streams) != len(generated.Streams) || ours.Metadata != generated.Metadata {
		t.Errorf("description differs: %d methods, %d streams, %v", len(ours.Methods), len(ours.Streams), ours.Metadata)
	}
	for _, s := range ours.Streams {
		if s.Handler == nil {
			t.Errorf("stream %s has no handler", s.StreamName)
		}
	}
	for i, m := range ours.Methods {
		if m.Handler == nil || m.MethodName != generated.Methods[i].MethodName {
			t.Errorf("method %s has handler %v", generated.Methods[i].MethodName, m.Handler != nil)
		}
	}
}
