package feedmodel

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/feedtest"
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

// served is a feed over TCP.
type served struct {
	server *feedtest.Server
	writer *writer
	addr   string

	mu     sync.Mutex
	frames map[*byte]int // how often every encoded entry was sent
}

// count counts the encoded entries that streams are given to send.
func (f *served) count(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, &counted{stream, f})
}

type counted struct {
	grpc.ServerStream

	f *served
}

// SendMsg counts the slices of a batch by where they lie in memory; the first is the batch's own header.
func (c *counted) SendMsg(m any) error {
	if raw, is := m.(*rawpb.Message); is {
		c.f.mu.Lock()
		for _, part := range raw.Data[1:] {
			c.f.frames[unsafe.SliceData(part.ReadOnlyData())]++
		}
		c.f.mu.Unlock()
	}
	return c.ServerStream.SendMsg(m)
}

// serveFeed serves a log of some events until the test ends.
func serveFeed(t *testing.T, events int) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &served{addr: listener.Addr().String(), frames: make(map[*byte]int)}
	f.server, err = feedtest.New(feedtest.Config{
		Listener: listener, Logger: slog.New(slog.DiscardHandler), Options: []grpc.ServerOption{grpc.ChainStreamInterceptor(f.count)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.writer, err = acquire(Rules{}, newDatabase(), func() string { return "" }, func() {}); err != nil {
		t.Fatal(err)
	}
	f.server.Lead(f.writer)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- f.server.Run(ctx) }() // ends by stop
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for i := range events {
		f.write(t, fmt.Sprint(i))
	}
	return f
}

// write publishes an event with content of a few kilobytes.
func (f *served) write(t *testing.T, id string) {
	t.Helper()
	e := &oddscachev1.Event{SrId: id, BetpawaEventId: "p" + id, Name: "Event " + id}
	writes := []Write{
		{Op: Op{Kind: PutEvent, Event: e, N: 1}, At: begin, Seq: 1},
		{Op: Op{Kind: PutContent, ID: ID{betpawa, "p" + id}, N: 100}, At: begin, Seq: 2},
	}
	if _, err := f.writer.apply(writes, acknowledged); err != nil {
		t.Fatal(err)
	}
}

// open subscribes over a connection of its own.
func (f *served) open(ctx context.Context, id string) (oddscachev1.SnapshotFeedService_StreamSnapshotsClient, *grpc.ClientConn, error) {
	conn, err := grpc.NewClient(f.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, nil, err
	}
	stream, err := oddscachev1.NewSnapshotFeedServiceClient(conn).StreamSnapshots(ctx)
	if err == nil {
		err = stream.Send(&oddscachev1.StreamSnapshotsRequest{
			Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{Subscribe: &oddscachev1.Subscribe{ReplicaId: id}},
		})
	}
	return stream, conn, err
}

// visit takes a full sync and goes away.
func (f *served) visit(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, conn, err := f.open(ctx, "visitor")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for {
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetProgress().GetCaughtUp() {
			return
		}
	}
}

// follow acknowledges what it gets until ctx ends; caughtUp gets one value, visible one for every batch after that.
func (f *served) follow(ctx context.Context, id string, caughtUp chan<- struct{}, visible chan<- time.Time) {
	stream, conn, err := f.open(ctx, id)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	for first := true; ; {
		m, err := stream.Recv()
		if err != nil {
			return
		}
		if b := m.GetBatch(); b != nil {
			_ = stream.Send(&oddscachev1.StreamSnapshotsRequest{
				Message: &oddscachev1.StreamSnapshotsRequest_Ack{Ack: &oddscachev1.Ack{Revision: b.GetToRevision()}},
			})
			if !first {
				visible <- time.Now()
			}
		}
		if first && m.GetProgress().GetCaughtUp() {
			first = false
			caughtUp <- struct{}{}
		}
	}
}

// quiet waits until the server has noticed that everybody left.
func (f *served) quiet(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; wait(20 * time.Millisecond) {
		open, _ := f.server.Replicas()
		if open == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d streams are still open", open)
		}
	}
}

// unraced skips what measures memory and processor time, which the race detector spoils.
func unraced(t *testing.T) {
	t.Helper()
	if racing {
		t.Skip("measures what the race detector changes: see make model-test")
	}
}

// footprint is what the process holds.
type footprint struct {
	goroutines, descriptors int
	heap                    uint64 // and stacks
}

func measure() footprint {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fds, _ := os.ReadDir("/proc/self/fd") // none on other systems
	return footprint{runtime.NumGoroutine(), len(fds), m.HeapAlloc + m.StackInuse}
}

// flat fails unless f is what it was before, up to what moves by itself.
func (f footprint) flat(t *testing.T, before footprint) {
	t.Helper()
	t.Logf("before %+v, after %+v", before, f)
	if f.goroutines > before.goroutines+5 || f.descriptors > before.descriptors+5 || f.heap > before.heap+2<<20 {
		t.Errorf("something was left behind: before %+v, after %+v", before, f)
	}
}

// processCPU is the processor time that the process has used.
func processCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// wait waits in real time.
func wait(d time.Duration) { <-time.After(d) }
