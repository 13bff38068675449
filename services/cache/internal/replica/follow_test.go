package replica_test

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/replica"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

func TestFollowsFromNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		if f := b.store.Freshness(); f.State != store.Warming {
			t.Errorf("before anything the state is %v", f.State)
		}
		b.settle(10 * time.Millisecond) // an empty log is caught up with, too
		b.follows(store.Live)
		b.source.MaxBatchBytes = 300
		b.put(0, 50)
		b.settle(10 * time.Millisecond)
		b.follows(store.Live)
		if got := b.source.Acked(); got != 100 {
			t.Errorf("acknowledged %d, want 100", got)
		}
		b.settle(10 * time.Second)
		b.follows(store.Live)
		b.saw(0, 0, "full requested")
		if got := b.replica.SourceHead(); got != 100 {
			t.Errorf("source's head is %d, want 100", got)
		}
	})
}

func TestResumesAfterACutAtEveryMessage(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.source.MaxBatchBytes = 300
		b.put(0, 10)
		b.settle(time.Second)
		var untilCut atomic.Int64
		b.source.Inject(func(any) feedtest.Fault {
			if untilCut.Add(-1) == 0 {
				return feedtest.Cut
			}
			return feedtest.Pass
		})
		for i := range 12 {
			untilCut.Store(int64(i + 1))
			b.put(10+10*i, 20+10*i)
			b.settle(5 * time.Second)
			b.follows(store.Live)
		}
		starts, _, gaps, mismatches := b.observed.seen()
		if len(starts) < 8 || gaps != 0 || mismatches != 0 {
			t.Errorf("%d streams, %d gaps, %d mismatches", len(starts), gaps, mismatches)
		}
		for i, s := range starts {
			if want := map[bool]string{true: "full requested", false: "resume resumable"}[i == 0]; s != want {
				t.Errorf("stream %d began with %q, want %q", i, s, want)
			}
		}
	})
}

func TestFullIsServedWhenItIsCaughtUp(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.put(0, 5)
		b.settle(time.Second)
		old := b.world
		b.world = feedtest.NewWorld("epoch-2") // a restore: another history, at a lower revision
		b.put(100, 102)
		b.source.Serve(b.world)
		b.source.MaxBatchBytes = 100
		var hang atomic.Bool
		hang.Store(true)
		oldHead := old.Log.View().Head
		b.source.Inject(func(m any) feedtest.Fault {
			if p, is := m.(*oddscachev1.Progress); is && hang.Load() && p.GetRevision() == 4 {
				return feedtest.Drop // everything was sent, and the replica is not told so
			}
			if batch, is := m.(feedlog.Batch); is && batch.From >= oldHead {
				return feedtest.Cut // the old stream ends
			}
			return feedtest.Pass
		})
		old.EndCycle(time.Time{})
		b.settle(2 * time.Second)
		v, err := b.store.View()
		if err != nil || v.Epoch() != "epoch-1" || v.BySrID("0") == nil || v.Freshness.State != store.Stale {
			t.Errorf("while the full sync runs: %v, epoch %q, state %v", err, v.Epoch(), v.Freshness.State)
		}
		hang.Store(false)
		b.settle(2 * time.Second)
		b.follows(store.Live)
		if v, _ := b.store.View(); v.BySrID("0") != nil || v.BySrID("100") == nil {
			t.Error("the old history's event is still there, or the new one's is not")
		}
		b.saw(0, 0, "full requested", "full unknown_epoch")
	})
}

func TestADroppedBatchIsAGap(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.put(0, 5)
		b.settle(time.Second)
		var dropped atomic.Bool
		b.source.Inject(func(m any) feedtest.Fault {
			if _, is := m.(feedlog.Batch); is && !dropped.Swap(true) {
				return feedtest.Drop
			}
			return feedtest.Pass
		})
		b.put(5, 6)
		b.settle(2 * time.Second)
		b.follows(store.Live)
		b.saw(1, 0, "full requested", "resume resumable")
	})
}

func TestADigestMismatchRequestsAFullSyncOnceAMinute(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.put(0, 5)
		b.settle(time.Second)
		var garbled atomic.Int64
		var garble atomic.Bool
		garble.Store(true)
		b.source.Inject(func(m any) feedtest.Fault {
			if _, is := m.(*oddscachev1.Progress); is && garble.Load() {
				garbled.Add(1)
				return feedtest.Garble
			}
			return feedtest.Pass
		})
		b.settle(1100 * time.Millisecond)
		v, err := b.store.View()
		if err != nil || v.Freshness.State != store.Stale || v.BySrID("0") == nil {
			t.Errorf("after a mismatch: %v, state %v", err, v.Freshness.State)
		}
		b.settle(50 * time.Second)
		starts, _, _, _ := b.observed.seen()
		if len(starts) != 2 || starts[1] != "full requested" {
			t.Errorf("in the first minute streams began with %q", starts)
		}
		garble.Store(false)
		b.settle(20 * time.Second)
		b.follows(store.Live)
		if _, _, gaps, mismatches := b.observed.seen(); gaps != 0 || mismatches != int(garbled.Load()) || mismatches < 2 {
			t.Errorf("%d gaps, %d mismatches of %d", gaps, mismatches, garbled.Load())
		}
	})
}

func TestASilentSourceIsLeft(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.put(0, 5)
		b.settle(500 * time.Millisecond)
		var hang atomic.Bool
		hang.Store(true)
		b.source.Inject(func(any) feedtest.Fault {
			if hang.Load() {
				return feedtest.Hang
			}
			return feedtest.Pass
		})
		b.settle(store.LiveFor)
		if f := b.store.Freshness(); f.State != store.Stale {
			t.Errorf("after %v of silence the state is %v, age %v", store.LiveFor, f.State, f.Age)
		}
		hang.Store(false)
		b.settle(replica.Silence)
		b.follows(store.Live)
		if _, ends, _, _ := b.observed.seen(); len(ends) != 1 || ends[0] != "SILENT" {
			t.Errorf("streams ended with %q", ends)
		}
		b.saw(0, 0, "full requested", "resume resumable")
	})
}

func TestASourceThatIsBehindIsNotFollowed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.put(0, 5)
		b.settle(time.Second)
		current := b.world
		stale := feedtest.NewWorld("epoch-1") // the same history, as a writer knew it that has lost its lease
		b.world = stale
		b.put(0, 4)
		var cut atomic.Bool
		b.source.Inject(func(any) feedtest.Fault {
			if !cut.Swap(true) {
				return feedtest.Cut
			}
			return feedtest.Pass
		})
		b.source.Serve(stale)
		b.settle(10 * time.Second)
		b.world = current
		if v, err := b.store.View(); err != nil || v.Revision() != 10 || v.BySrID("4") == nil {
			t.Errorf("a stale source was followed to %d: %v", v.Revision(), err)
		}
		b.saw(0, 0, "full requested") // it is turned down at its Start
		b.source.Serve(current)
		b.settle(10 * time.Second)
		b.follows(store.Live)
	})
}

func TestRejectionsAreTriedForEver(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.source.Reject(status.Error(codes.Unavailable, "not the writer"))
		b.put(0, 3)
		b.settle(10 * time.Minute)
		_, ends, _, _ := b.observed.seen()
		if len(ends) < 100 || ends[0] != "Unavailable" {
			t.Errorf("%d tries in ten minutes, the first ended with %q", len(ends), ends[0])
		}
		for i, at := range b.observed.at[1:] {
			if pause := at.Sub(b.observed.at[i]); pause < 100*time.Millisecond || pause > 5100*time.Millisecond {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		if f := b.store.Freshness(); f.State != store.Warming || f.EverCaughtUp {
			t.Errorf("state is %+v", f)
		}
		b.source.Reject(nil)
		b.settle(6 * time.Second)
		b.follows(store.Live)
	})
}

func TestEvictionsAreCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.put(0, 5)
		b.settle(time.Second)
		b.world.EndCycle(b.world.Now.Add(2 * time.Hour))
		b.settle(time.Second)
		b.follows(store.Live)
		if v, _ := b.store.View(); v.Stats().Events != 0 || b.store.Evicted() != 5 {
			t.Errorf("%d events are held, %d were evicted", v.Stats().Events, b.store.Evicted())
		}
	})
}
