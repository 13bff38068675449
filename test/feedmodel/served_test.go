package feedmodel

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/feedtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

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
