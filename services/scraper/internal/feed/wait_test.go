package feed_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
)

func TestSlowReplicaBlocksNobody(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		slow, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "slow"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		fast, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "fast"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			w.append(t, content(fmt.Sprint("b", i%10), 500_000))
			fast.catchUp(t)
			synctest.Wait()
		}
		batches := slow.catchUp(t)
		for slow.at < w.log.View().Head {
			batches = append(batches, slow.catchUp(t)...)
		}
		total := 0
		for _, size := range batches {
			total += size
		}
		if total > 60*500_000 {
			t.Errorf("the slow replica got %d bytes: what it missed was not compacted", total)
		}
	})
}

func TestVisibleWaitsForTheSlowestLiveReplica(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		if b.server.AwaitVisible(t.Context(), 1) {
			t.Error("visible without a replica")
		}
		var replicas []*replica
		for _, id := range []string{"a", "b"} {
			r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: id}, feedlog.New(nil))
			if err != nil {
				t.Fatal(err)
			}
			r.catchUp(t)
			r.ack(t, 0)
			replicas = append(replicas, r)
		}
		w.append(t, event("1"))
		seen := make(chan bool, 1)
		go func() { seen <- b.server.AwaitVisible(t.Context(), 1) }()
		replicas[0].ack(t, 1)
		select {
		case <-seen:
			t.Fatal("visible before the second replica acknowledged")
		default:
		}
		replicas[1].ack(t, 1)
		if !<-seen {
			t.Error("not visible although all acknowledged")
		}
		replicas[0].ack(t, 1)
		go func() { seen <- b.server.AwaitVisible(t.Context(), 2) }()
		begin := time.Now()
		if <-seen || time.Since(begin) > 2*feed.LiveFor {
			t.Errorf("replicas that fell silent were waited for, %v", time.Since(begin))
		}
	})
}

func TestStalledWriterIsSilentBeforeItIsLost(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		w.append(t, event("1"))
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		r.catchUp(t)
		w.mu.Lock()
		w.expired = true // its lease is over, and it does not know yet
		w.mu.Unlock()
		w.append(t, event("2"))
		if m, err := r.stream.Recv(); err == nil {
			t.Errorf("a writer without its lease sent %v", m)
		}
	})
}

func TestCaughtUpIsOfThePresentOnly(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		for i := range 8 {
			w.append(t, content(fmt.Sprint("b", i), 500_000)) // more than the connection takes at once
		}
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the source waits for the replica to read, in the middle of what it saw first
		w.append(t, event("late"))
		r.catchUp(t)
		if r.at != w.log.View().Head {
			t.Errorf("caught up at revision %d, the head was at %d already", r.at, w.log.View().Head)
		}
	})
}
