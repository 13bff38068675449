package api

import (
	"context"
	"runtime/metrics"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// What the runtime measures, in bytes: what the last collection found alive, and, for a process that had no collection
// yet, everything allocated.
const (
	liveHeap      = "/gc/heap/live:bytes"
	allocatedHeap = "/memory/classes/heap/objects:bytes"
)

// megabyte is 10^6 bytes, as the .proto says.
const megabyte = 1e6

// GetStats counts what the cache holds; it answers while the cache warms up, too.
func (s *Server) GetStats(context.Context, *oddscachev1.GetStatsRequest) (*oddscachev1.GetStatsResponse, error) {
	v, _ := s.store.View() // without an index the view is empty, and that is the answer
	held := v.Stats()
	hits, misses := s.lookups.Total()
	return &oddscachev1.GetStatsResponse{
		BetpawaEvents:     held.BetpawaEvents,
		CompetitorEvents:  held.CompetitorEvents,
		TotalSnapshots:    held.Snapshots,
		TotalMarkets:      held.Markets,
		EstimatedMemoryMb: float64(held.Bytes) / megabyte,
		HeapMb:            heapBytes() / megabyte,
		Hits:              hits,
		Misses:            misses,
		EvictedEvents:     s.store.Evicted(),
		WaitingSnapshots:  held.Waiting,
		TotalEvents:       held.Events,
		Freshness:         freshnessOf(v),
	}, nil
}

// heapBytes measures the process's heap without stopping it.
func heapBytes() float64 {
	samples := []metrics.Sample{{Name: liveHeap}, {Name: allocatedHeap}}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 && s.Value.Uint64() > 0 {
			return float64(s.Value.Uint64())
		}
	}
	return 0
}
