package api_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// bigWorld is an event with three snapshots of 170 markets each.
func (b *bundle) bigWorld() {
	b.world.PutEvent(derby(b.world))
	var markets []*oddscachev1.CachedMarket
	for i := range 170 {
		markets = append(markets, feedtest.Market(fmt.Sprint(10000+i), .5, 2))
	}
	for _, id := range []feedtest.ID{pawa, sporty, bet9ja} {
		b.world.PutSnapshot(id, markets...)
	}
	b.sync()
}

// TestHandlersAllocateLittle bounds what a handler allocates beside what gRPC does: the number must not depend on how
// much a response holds, nor a byte of content be copied.
func TestHandlersAllocateLittle(t *testing.T) { //nolint:paralleltest // allocations of others would count
	if racing {
		t.Skip("SKIPPED: the race detector allocates; make alloc-test counts without it")
	}
	b := setup(t)
	b.bigWorld()
	server := api.New(b.store, api.NewLookups(), watch.New(b.store, 1))
	market := bySrID("68995116")
	market.MarketIds = []string{"10100"}
	batch := &oddscachev1.BatchGetEventsRequest{}
	for range 20 {
		batch.Keys = append(batch.Keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: "68995116"}})
	}
	for _, test := range []struct {
		name   string
		call   func(context.Context) (*rawpb.Message, error)
		allocs float64
		bytes  uint64 // at most
	}{
		{"full event", func(ctx context.Context) (*rawpb.Message, error) { return server.GetEvent(ctx, bySrID("68995116")) }, 7, 1000},
		{"by BetPawa's id", func(ctx context.Context) (*rawpb.Message, error) { return server.GetEvent(ctx, byPawa(pawa.ID)) }, 7, 1000},
		{"one market", func(ctx context.Context) (*rawpb.Message, error) { return server.GetEvent(ctx, market) }, 2, 300},
		{"batch of 20", func(ctx context.Context) (*rawpb.Message, error) { return server.BatchGetEvents(ctx, batch) }, 36, 12_000},
		{"page of 1", func(ctx context.Context) (*rawpb.Message, error) {
			return server.ListEvents(ctx, &oddscachev1.ListEventsRequest{IncludeSnapshots: true})
		}, 20, 2500},
	} {
		size := 0
		call := func() {
			m, err := test.call(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			size = m.Data.Len()
			m.Data.Free() // as gRPC does when it has written a response
		}
		const runs = 200
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		allocs := testing.AllocsPerRun(runs, call)
		runtime.ReadMemStats(&after)
		bytes := (after.TotalAlloc - before.TotalAlloc) / (runs + 1)
		t.Logf("%s: %v allocations of %d bytes for a response of %d", test.name, allocs, bytes, size)
		if allocs > test.allocs || bytes > test.bytes {
			t.Errorf("%s: %v allocations of %d bytes, at most %v of %d are allowed", test.name, allocs, bytes, test.allocs, test.bytes)
		}
	}
}

// BenchmarkGetEvent is a lookup over gRPC in memory, client and server in one process; the client keeps the response's
// bytes and does not decode them.
func BenchmarkGetEvent(b *testing.B) {
	for _, name := range []string{"full", "one market"} {
		b.Run(name, func(b *testing.B) {
			s := setup(b)
			s.bigWorld()
			r := bySrID("68995116")
			if name == "one market" {
				r.MarketIds = []string{"10100"}
			}
			b.ReportAllocs()
			for b.Loop() {
				var m rawpb.Message
				err := s.conn.Invoke(b.Context(), oddscachev1.OddsCacheService_GetEvent_FullMethodName, r, &m, grpc.ForceCodecV2(rawpb.NewCodec()))
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
