package feedmodel

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// TestReconnectsLeaveNothingBehind breaks a cache's connections a thousand times.
func TestReconnectsLeaveNothingBehind(t *testing.T) { //nolint:paralleltest // measures the process
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it measures for many seconds")
	}
	unraced(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(Rules{}, false)
		if err := w.open(); err != nil {
			t.Fatal(err)
		}
		step := func(i int) {
			if err := w.write(Op{Tx: []Op{{Kind: PutEvent, Event: &oddscachev1.Event{SrId: "101", Name: fmt.Sprint(i)}, N: 1}}}, acknowledged); err != nil {
				t.Fatal(err)
			}
			w.replicas[0].wires(func(w *wire) { _ = w.Close() })
			if err := w.settle(); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 20 {
			step(i)
		}
		w.forget()
		before := measure()
		for i := range 1000 {
			step(i)
		}
		w.forget() // the record grows, not the feed
		after := measure()
		after.flat(t, before)
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
}

// TestConnectionsLeaveNothingBehind connects and goes away a thousand times over TCP.
func TestConnectionsLeaveNothingBehind(t *testing.T) { //nolint:paralleltest // measures the process
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it measures for many seconds")
	}
	unraced(t)
	f := serveFeed(t, 50)
	for range 50 {
		f.visit(t)
	}
	before := measure()
	began := time.Now()
	for range 1000 {
		f.visit(t)
	}
	took := time.Since(began)
	f.quiet(t)
	after := measure()
	t.Logf("1000 full syncs of %d entries in %v", f.writer.log.View().Entries, took.Round(time.Millisecond))
	after.flat(t, before)
}

// Bounds of what an idle replica may cost the scraper.
const (
	idleReplicas = 50
	idleBytes    = 3 << 20
	idleShare    = 0.01 // of a core
)

// TestIdleReplicasCostLittle follows with fifty replicas. Both ends run in this process, so what is measured is more
// than what the scraper pays.
func TestIdleReplicasCostLittle(t *testing.T) { //nolint:paralleltest // measures the process
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it measures for many seconds")
	}
	unraced(t)
	f := serveFeed(t, 300)
	f.visit(t)
	f.quiet(t)
	before := measure()
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	caughtUp := make(chan struct{}, idleReplicas)
	visible := make(chan time.Time, idleReplicas)
	for i := range idleReplicas {
		following.Go(func() { f.follow(ctx, fmt.Sprint("idle-", i), caughtUp, visible) })
	}
	for range idleReplicas {
		<-caughtUp
	}
	settled := measure()
	const idle = 5 * time.Second
	cpu := processCPU()
	wait(idle)
	share := (processCPU() - cpu).Seconds() / idle.Seconds() / idleReplicas
	each := float64(max(0, int64(settled.heap)-int64(before.heap))) / idleReplicas
	t.Logf("an idle replica costs %.2f MiB and %.2f %% of a core, both ends together", each/(1<<20), 100*share)
	if each > idleBytes || share > idleShare {
		t.Errorf("more than %d bytes or %.0f %%", idleBytes, 100*idleShare)
	}
	var delays []time.Duration
	for i := range 40 {
		for len(visible) > 0 {
			<-visible
		}
		began := time.Now()
		f.write(t, fmt.Sprint(i))
		for range idleReplicas {
			delays = append(delays, (<-visible).Sub(began))
		}
	}
	slices.Sort(delays)
	t.Logf("published → received by %d replicas: p50 %v, p99 %v", idleReplicas, delays[len(delays)/2], delays[len(delays)*99/100])
	stop()
	following.Wait()
	f.quiet(t)
	sent := 0
	for _, n := range f.frames {
		sent += n
	}
	t.Logf("%d entries were sent, %d were encoded", sent, len(f.frames))
	if want := int(f.writer.log.View().Head); len(f.frames) > want || sent < idleReplicas*600 {
		t.Errorf("%d encodings of %d entries", len(f.frames), want)
	}
}
