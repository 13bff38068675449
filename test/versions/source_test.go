package versions_test

import (
	"context"
	"log/slog"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/feedtest"
	"github.com/oddscache/oddscache/test/cluster"
)

// writer is a term that lasts, with the log that was recorded.
type writer struct {
	epoch string
	log   *feedlog.Log
}

func (w *writer) Epoch() string                       { return w.epoch }
func (w *writer) Log() *feedlog.Log                   { return w.log }
func (*writer) Lost() <-chan struct{}                 { return nil }
func (*writer) Held() bool                            { return true }
func (*writer) Diverged(context.Context, int64) error { panic("the recorded replica is never ahead") }

// TestPreviousReplica lets the present scraper's feed serve a replica that says, byte by byte, what the previous cache
// said: subscribe from nothing, resume, acknowledge.
func TestPreviousReplica(t *testing.T) {
	t.Parallel()
	r := recording(t)
	// The log as it stood when the recording ended, and as the previous cache had it when each stream began.
	source := &writer{log: feedlog.New(nil)}
	before := make([]*feedlog.Log, len(r.Streams))
	for i, s := range r.Streams {
		before[i] = feedlog.New(nil)
		for _, earlier := range r.Streams[:i] {
			play(t, before[i], earlier.From(false))
		}
		source.epoch = play(t, source.log, s.From(false))
	}
	listener := listen(t)
	server, err := feedtest.New(feedtest.Config{Listener: listener, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	server.Lead(source)
	background(t, server.Run)
	conn, err := client.New(listener.Addr().String(), client.Options{WaitForReady: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for i, s := range r.Streams {
		mode := oddscachev1.StreamMode_STREAM_MODE_RESUME
		if i == 0 {
			mode = oddscachev1.StreamMode_STREAM_MODE_FULL
		}
		follow(t, conn, s.From(true), before[i], source, mode)
		if t.Failed() {
			t.Fatalf("stream %d of %d", i, len(r.Streams))
		}
	}
	if !cluster.Poll(t, within, func() bool { open, _ := server.Replicas(); return open == 0 }) {
		t.Error("the source still serves streams that were closed")
	}
}

// play applies a recorded stream's batches to a log, and returns its epoch. Entries of a full sync are batches too.
func play(t *testing.T, log *feedlog.Log, bodies [][]byte) (epoch string) {
	t.Helper()
	for _, body := range bodies {
		if batch, is := feedlog.BatchIn(body); is {
			b, err := feedlog.DecodeBatch(batch, nil)
			if err == nil {
				err = log.Append(b.From, b.To, b.Entries)
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		var m oddscachev1.StreamSnapshotsResponse
		if err := proto.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		if start := m.GetStart(); start != nil {
			epoch = start.GetEpoch()
		}
	}
	return epoch
}

// follow sends what was recorded and takes what comes until it is caught up: that must be the source's state.
func follow(t *testing.T, conn *grpc.ClientConn, output [][]byte, log *feedlog.Log, source *writer, mode oddscachev1.StreamMode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	stream, err := conn.NewStream(ctx, &oddscachev1.SnapshotFeedService_ServiceDesc.Streams[0],
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range output {
		if err := stream.SendMsg(rawpb.New(body)); err != nil {
			t.Fatal(err)
		}
	}
	for started := false; ; {
		var m rawpb.Message
		if err := stream.RecvMsg(&m); err != nil {
			t.Fatalf("after %d messages of the previous replica: %v", len(output), err)
		}
		if batch, is := feedlog.BatchIn(m.Bytes()); is {
			b, err := feedlog.DecodeBatch(batch, nil)
			if err == nil {
				err = log.Append(b.From, b.To, b.Entries)
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		var response oddscachev1.StreamSnapshotsResponse
		if err := proto.Unmarshal(m.Bytes(), &response); err != nil {
			t.Fatal(err)
		}
		if start := response.GetStart(); start != nil {
			started = true
			if start.GetMode() != mode || start.GetEpoch() != source.epoch {
				t.Errorf("the stream began %v, want %v of epoch %s", start, mode, source.epoch)
			}
		}
		p := response.GetProgress()
		if !p.GetCaughtUp() {
			continue
		}
		want := source.log.View()
		if got := log.View(); !started || got.Head != want.Head || got.Digest != want.Digest || p.GetDigest() != want.Digest {
			t.Errorf("caught up at %d with digest %x, told %x; the source is at %d with %x", got.Head, got.Digest, p.GetDigest(), want.Head, want.Digest)
		}
		return
	}
}

// background runs what is served until the test ends.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }() // ends with ctx; the clean-up waits for it
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}
