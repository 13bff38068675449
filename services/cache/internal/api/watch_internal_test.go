package api

import (
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// sink is a stream that takes everything at once.
type sink struct {
	grpc.ServerStream
	size int // of the last message
}

func (s *sink) SendMsg(m any) error {
	if raw, is := m.(*rawpb.Message); is {
		s.size = raw.Data.Len()
	}
	return nil
}

// TestWatchMessagesAllocateLittle bounds what a message to a watch allocates: the number must not depend on how much the
// event holds, nor a byte of content be copied.
func TestWatchMessagesAllocateLittle(t *testing.T) { //nolint:paralleltest // allocations of others would count
	w := feedtest.NewWorld("epoch-1")
	w.PutEvent(&oddscachev1.Event{SrId: "1", BetpawaEventId: "p1", Kickoff: timestamppb.New(w.Now.Add(time.Hour))})
	var markets []*oddscachev1.CachedMarket
	for i := range 500 {
		markets = append(markets, feedtest.Market("3743", float64(i)/4, 2))
	}
	w.PutSnapshot(feedtest.ID{Bookmaker: feedtest.Betpawa, ID: "p1"}, markets...)
	s, x := store.New(), store.NewIndex(w.Epoch)
	entries, to := w.Log.View().After(0, 1<<30)
	if _, err := x.Apply(feedlog.Batch{To: to, Entries: entries}); err != nil {
		t.Fatal(err)
	}
	s.Serve(x)
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	e, out := v.BySrID("1"), &sink{}
	to1 := &watchStream{stream: out, part: frame.NewFilter(nil, nil)}
	mark := watch.Mark{View: v, Revision: to}
	for _, test := range []struct {
		name string
		send func() error
		size int
		most float64
	}{
		{"updated", func() error { return to1.Updated(mark, e) }, 40_000, 6},
		{"removed", func() error {
			return to1.Removed(mark, watch.Removal{SrID: "1", Bookmaker: "bet9ja", Reason: watch.Unlisted})
		}, 20, 6},
		{"synced", func() error { return to1.Synced(mark) }, 10, 6},
	} {
		allocs := testing.AllocsPerRun(200, func() {
			if err := test.send(); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %v allocations for %d bytes", test.name, allocs, out.size)
		if allocs > test.most || out.size < test.size {
			t.Errorf("%s: %v allocations for %d bytes, at most %v for at least %d", test.name, allocs, out.size, test.most, test.size)
		}
	}
}
