package watch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a world, two replicas of it and a consumer that watches one of them.
type bench struct {
	plan     plan
	world    *feedtest.World
	stores   [2]*store.Store
	watches  [2]*watch.Watches
	consumer *consumer

	on      int // the replica that is watched
	stream  *stepping
	leave   context.CancelFunc
	ended   chan error
	running sync.WaitGroup
}

func newBench(p plan) *bench {
	b := &bench{plan: p, world: feedtest.NewWorld("e1"), consumer: &consumer{
		filter: p.filter, history: make(map[int64]map[string]*oddscachev1.EventSnapshots), counts: make(map[string]int),
	}}
	b.note()
	for i := range b.stores {
		b.stores[i] = store.New()
		b.watches[i] = watch.New(b.stores[i], 1)
		b.swap(i)
	}
	return b
}

// note keeps what is true now.
func (b *bench) note() {
	all := make(map[string]*oddscachev1.EventSnapshots)
	for _, id := range b.world.Events() {
		all[id] = proto.CloneOf(b.world.Expected(id))
	}
	b.consumer.history[b.world.Log.View().Head] = all
}

// apply brings an index to the world's head, while the watch waits for the consumer or for news: what is sent in the
// middle of it may be newer than the view.
func (b *bench) apply(i int, x *store.Index) error {
	synctest.Wait()
	if x.Log().Head < b.world.Log.View().Floor { // the source would not resume it
		x = store.NewIndex("e1")
	}
	entries, to := b.world.Log.View().After(x.Log().Head, 1<<30)
	if _, err := x.Apply(feedlog.Batch{From: x.Log().Head, To: to, Entries: entries}); err != nil {
		return err
	}
	b.stores[i].Serve(x)
	b.stores[i].MarkCaughtUp()
	return nil
}

func (b *bench) swap(i int) error { return b.apply(i, store.NewIndex("e1")) }

// open begins a stream.
func (b *bench) open(on int, epoch string, revision int64) {
	ctx, leave := context.WithCancel(context.Background())
	b.on, b.leave, b.ended = on, leave, make(chan error, 1)
	b.stream = &stepping{ctx: ctx, part: frame.NewFilter(b.plan.filter.watch.Bookmakers, b.plan.filter.marketIDs), out: make(chan message)}
	stream, ended := b.stream, b.ended
	b.running.Go(func() {
		ended <- b.watches[on].Follow(ctx, watch.Request{Filter: b.plan.filter.watch, Epoch: epoch, Revision: revision}, stream)
	})
}

func (b *bench) close() {
	b.leave()
	b.running.Wait()
	b.consumer.cut()
}

// resume goes on at a replica.
func (b *bench) resume(on int, atSynced bool) {
	revision, count := b.consumer.last.revision, b.consumer.counts
	if atSynced {
		revision = b.consumer.synced
	}
	epoch := b.consumer.last.epoch
	switch visible := b.visible(on); {
	case epoch == "":
		count["cut before the first message"]++
	case revision == 0:
		count["cut before the first synced"]++
	case visible < revision:
		count["resumed at a replica that is behind"]++
	case !b.consumer.inSync:
		count["cut in a round"]++
	}
	b.close()
	if revision == 0 && b.stores[on].Served().View().Floor() > 0 { // what was sent before a synced could be gone unnoticed
		b.begin(on)
		return
	}
	b.open(on, epoch, revision)
}

// begin starts from scratch, with nothing.
func (b *bench) begin(on int) {
	b.consumer.events, b.consumer.last, b.consumer.synced = make(map[string]had), message{}, 0
	b.open(on, "", 0)
}

func (b *bench) visible(i int) int64 {
	v, err := b.stores[i].View()
	if err != nil {
		return 0
	}
	return v.Revision()
}

// take takes up to n messages. A stream that its replica could not serve in time is taken up at the other one.
func (b *bench) take(n int) error {
	for range n {
		synctest.Wait()
		select {
		case m := <-b.stream.out:
			if err := b.consumer.take(m); err != nil {
				return err
			}
		case err := <-b.ended:
			if err := b.goOn(err); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// goOn does what a consumer does about the end of its stream.
func (b *bench) goOn(err error) error {
	var behind *store.NotReachedError
	var compacted *watch.CompactedError
	b.close()
	switch floor := b.stores[b.on].Served().View().Floor(); {
	case errors.As(err, &behind) && behind.Visible < behind.Wanted:
		b.consumer.counts["gave a replica up"]++
		b.open(1-b.on, b.consumer.last.epoch, behind.Wanted)
	case errors.As(err, &compacted) && compacted.Revision < compacted.Oldest && compacted.Oldest == floor:
		b.consumer.counts["resumed too late"]++
		b.begin(b.on)
	default:
		return fmt.Errorf("the watch ended: %w", err)
	}
	return nil
}

func (b *bench) do(s step) error {
	switch s.kind {
	case write:
		s.op.Do(b.world)
		b.note()
	case follow:
		return b.apply(s.replica, b.stores[s.replica].Served())
	case swap:
		b.consumer.counts["swaps"]++
		return b.swap(s.replica)
	case take:
		return b.take(s.n)
	case cut:
		b.resume(s.replica, s.atSynced)
	case restart:
		if s.n > 2 { // seldom
			return nil
		}
		b.close()
		b.begin(s.replica)
	case pass:
		<-time.After(time.Duration(s.n) * 700 * time.Millisecond)
	}
	return nil
}

// run runs a history to its quiet end, where the consumer must have what the world has.
func (b *bench) run() error {
	b.consumer.cut()
	b.begin(0)
	defer func() { b.close() }()
	for i, s := range b.plan.steps {
		if err := b.do(s); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	for i := range b.stores {
		if err := b.apply(i, b.stores[i].Served()); err != nil {
			return err
		}
	}
	const plenty = 1000
	if err := b.take(plenty); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	<-time.After(watch.Heartbeat)
	if err := b.take(plenty); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	if head := b.world.Log.View().Head; !b.consumer.inSync || b.consumer.synced != head {
		return fmt.Errorf("quiet at revision %d (%t), the world is at %d", b.consumer.synced, b.consumer.inSync, head)
	}
	return nil
}

// TestAConsumerHasWhatIsTrue runs drawn histories: writes of every kind, two replicas that follow at their own pace or
// are rebuilt, a consumer that takes messages when it likes, is cut at any of them and goes on at either replica. After
// every synced it must have what was true at that revision, and be sent no event twice in one state.
func TestAConsumerHasWhatIsTrue(t *testing.T) {
	t.Parallel()
	counts := make(map[string]int)
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		var failure error
		synctest.Test(t, func(*testing.T) {
			b := newBench(p)
			failure = b.run()
			for what, n := range b.consumer.counts {
				counts[what] += n
			}
		})
		if failure != nil {
			rt.Fatalf("filter %+v: %v\nsteps: %v", p.filter, failure, p.steps)
		}
	})
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%s: %d", what, counts[what])
	}
	for _, what := range []string{
		"updated", "synced", "swaps", "ahead", "cut in a round", "cut before the first synced", "cut before the first message",
		"resumed at a replica that is behind", "taken back 1", "taken back 2", "removed 3",
	} {
		if counts[what] == 0 {
			t.Errorf("no history had: %s", what)
		}
	}
}
