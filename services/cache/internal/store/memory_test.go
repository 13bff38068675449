//go:build !race

package store_test

import (
	"runtime"
	"testing"

	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// heap is what is alive after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // finalizers and pools of the first
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestBytesAreTheHeap holds the accounted bytes against the growth of the heap. It runs alone: others' garbage would
// count.
func TestBytesAreTheHeap(t *testing.T) { //nolint:paralleltest // see above
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it fills the memory of a whole cache")
	}
	for _, test := range []struct {
		name            string
		events, markets int
		bookmakers      []string
		overhead        float64 // live heap over payload, at most
	}{
		{"100 events", 100, 170, []string{"betpawa", "sportybet", "bet9ja"}, 1.4},
		{"1,000 events", 1000, 170, []string{"betpawa", "sportybet", "bet9ja"}, 1.25},
		{"1,500 events, 5 bookmakers, small", 1500, 45, []string{"betpawa", "sportybet", "bet9ja", "msport", "betking"}, 1.35},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &bulk{bookmakers: test.bookmakers, markets: test.markets}
			before := heap()
			x := store.NewIndex("e1")
			payload := b.fill(t, x, 0, test.events)
			report := func(what string) {
				t.Helper()
				grown, counted := heap()-before, x.View().Stats().Bytes
				ratio := float64(counted) / float64(grown)
				t.Logf("%s: payload %d, heap grew by %d (%.3f of payload), accounted %d (%.3f of the heap)",
					what, payload, grown, float64(grown)/float64(payload), counted, ratio)
				if ratio < .95 || ratio > 1.05 {
					t.Errorf("%s: accounted %d bytes, the heap grew by %d", what, counted, grown)
				}
			}
			report("full")
			if grown := float64(heap() - before); grown > test.overhead*float64(payload) {
				t.Errorf("heap grew by %.0f for a payload of %d", grown, payload)
			}
			for event := range test.events / 4 { // new content takes the old one's place
				b.put(t, x, event)
			}
			report("after new content")
			b.evict(t, x, 0, test.events/2)
			payload /= 2
			report("after evicting half")
			if s := x.View().Stats(); s.Events != int64(test.events-test.events/2) || s.Waiting != 0 {
				t.Errorf("%d events are held, %d snapshots wait", s.Events, s.Waiting)
			}
			runtime.KeepAlive(x)
		})
	}
}
