//go:build !race

package api_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
)

// heap is what is alive after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // finalizers and pools of the first
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestASlowWatchCostsNothing opens watches that nobody reads, writes everything many times, and reads one of them: the
// heap must not have grown by what they missed, nor by a state of the world that they hold on to, and the one that is
// read is sent each event once, in its newest state.
func TestASlowWatchCostsNothing(t *testing.T) { //nolint:paralleltest // the memory of others would count
	b := setup(t)
	const events, rounds, watches = 300, 20, 10
	write := func(odds float64) {
		m := feedtest.Market("3743", .5, odds)
		m.Name = strings.Repeat("x", 20_000)
		for i := range events {
			b.world.PutSnapshot(feedtest.ID{Bookmaker: feedtest.Betpawa, ID: fmt.Sprint("p", i)}, m)
		}
		b.sync()
	}
	for i := range events {
		b.world.PutEvent(&oddscachev1.Event{
			SrId: fmt.Sprint(1000 + i), BetpawaEventId: fmt.Sprint("p", i), Kickoff: timestamppb.New(b.world.Now.Add(time.Hour)),
		})
	}
	write(2)
	// A window that does not grow: what the client's side keeps of what it received is on the same heap.
	const window = 1 << 16
	conn := b.dial(grpc.WithStaticStreamWindowSize(window), grpc.WithStaticConnWindowSize(window))
	defer conn.Close()
	client := oddscachev1.NewOddsCacheServiceClient(conn)
	var read interface {
		Recv() (*oddscachev1.WatchEventsResponse, error)
	}
	for range watches {
		stream, err := client.WatchEvents(t.Context(), &oddscachev1.WatchEventsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		first, err := stream.Recv()
		if err != nil || first.GetUpdated() == nil {
			t.Fatalf("a watch began with %v, %v", first, err)
		}
		read = stream
	}
	before := heap()
	for i := range rounds {
		write(float64(3 + i))
	}
	grown := heap() - before
	t.Logf("%d watches that are not read: the heap grew by %d kB while %d kB were written", watches, grown/1000, rounds*events*20)
	if most := int64(watches * 200_000); grown > most {
		t.Errorf("the heap grew by %d, at most %d is what streams may hold", grown, most)
	}
	newest := make(map[string]int)
	stale := 0
	for {
		m, err := read.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetSynced() != nil {
			if m.GetFreshness().GetRevision() == b.world.Log.View().Head {
				break
			}
			continue // a heartbeat
		}
		if u := m.GetUpdated(); u.GetSnapshots()[0].GetMarkets()[0].GetOutcomes()[0].GetOdds() == 2+rounds {
			newest[u.GetEvent().GetSrId()]++
		} else {
			stale++ // what the transport had before
		}
	}
	t.Logf("read then: %d events in their newest state, %d messages that were under way", len(newest), stale)
	for id, n := range newest {
		if n != 1 {
			t.Errorf("event %s was sent %d times", id, n)
		}
	}
	if len(newest) != events || stale > 20 {
		t.Errorf("%d of %d events were sent in their newest state, and %d messages were stale", len(newest), events, stale)
	}
}
