package replica_test

import (
	"sync/atomic"
	"testing"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// TestAMismatchAfterAFullSyncKeepsTheStream garbles digests again shortly after a full sync: the stream goes on,
// batches are applied, the state is stale, and the next full sync comes when its minute is over.
func TestAMismatchAfterAFullSyncKeepsTheStream(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.put(0, 5)
		b.settle(500 * time.Millisecond)
		var garble atomic.Int64 // messages yet to be garbled
		b.source.Inject(func(m any) feedtest.Fault {
			if _, is := m.(*oddscachev1.Progress); is && garble.Load() > 0 {
				garble.Add(-1)
				return feedtest.Garble
			}
			return feedtest.Pass
		})
		garble.Store(1)
		b.settle(2 * time.Second)
		b.follows(store.Live)
		b.saw(0, 1, "full requested", "full requested")

		garble.Store(10)
		b.settle(1100 * time.Millisecond)
		b.put(5, 7)
		b.settle(10 * time.Millisecond)
		b.follows(store.Stale)
		if _, ends, _, _ := b.observed.seen(); len(ends) != 1 {
			t.Errorf("streams ended with %q, want one end", ends)
		}
		garble.Store(0)
		b.settle(1100 * time.Millisecond)
		b.follows(store.Live)

		b.settle(time.Minute)
		garble.Store(1)
		b.settle(2 * time.Second)
		b.follows(store.Live)
		starts, _, _, _ := b.observed.seen()
		if len(starts) != 3 || starts[2] != "full requested" {
			t.Errorf("streams began with %q, want a third one in full", starts)
		}
	})
}
