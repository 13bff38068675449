package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// writer is a term whose log the test writes.
type writer struct {
	epoch string
	log   *feedlog.Log
	lost  chan struct{}
	// diverged is what Diverged calls.
	diverged func(revision int64) error

	mu      sync.Mutex // guards epoch and expired
	expired bool       // the lease ran out, and lost is still open
}

func newWriter(epoch string) *writer {
	return &writer{epoch: epoch, log: feedlog.New(nil), lost: make(chan struct{})}
}

func (w *writer) Epoch() string         { w.mu.Lock(); defer w.mu.Unlock(); return w.epoch }
func (w *writer) Log() *feedlog.Log     { return w.log }
func (w *writer) Lost() <-chan struct{} { return w.lost }
func (w *writer) Held() bool {
	select {
	case <-w.lost:
		return false
	default:
		w.mu.Lock()
		defer w.mu.Unlock()
		return !w.expired
	}
}
func (w *writer) Diverged(_ context.Context, revision int64) error { return w.diverged(revision) }

// append publishes one block of entries made for the revisions that follow the head.
func (w *writer) append(t *testing.T, entries ...func(revision int64) (*feedlog.Entry, error)) {
	t.Helper()
	from := w.log.View().Head
	block := make([]*feedlog.Entry, 0, len(entries))
	for i, entry := range entries {
		e, err := entry(from + int64(i) + 1)
		if err != nil {
			t.Fatal(err)
		}
		block = append(block, e)
	}
	if err := w.log.Append(from, from+int64(len(entries)), block); err != nil {
		t.Fatal(err)
	}
}

func event(id string) func(int64) (*feedlog.Entry, error) {
	return func(revision int64) (*feedlog.Entry, error) {
		return feedlog.NewEvent(revision, &oddscachev1.Event{SrId: id, Kickoff: timestamppb.New(time.Unix(revision, 0))})
	}
}

func content(id string, size int) func(int64) (*feedlog.Entry, error) {
	return func(revision int64) (*feedlog.Entry, error) {
		market, err := snapshot.AppendMarket(nil, &oddscachev1.CachedMarket{MarketId: "3743", Name: string(make([]byte, size))})
		if err != nil {
			return nil, err
		}
		h := snapshot.Header{SnapshotID: revision, Bookmaker: "betpawa", EventID: id, CapturedAt: time.Unix(revision, 0)}
		return feedlog.NewSnapshot(revision, snapshot.Append(nil, h, market, h.CapturedAt))
	}
}

func cycleEnd(id string, at time.Time) func(int64) (*feedlog.Entry, error) {
	return func(revision int64) (*feedlog.Entry, error) {
		return feedlog.NewCycleEnd(revision, &oddscachev1.CycleEnd{CycleId: id, FinishedAt: timestamppb.New(at)})
	}
}

// testbed is a server with one connection to it, inside a synctest bubble.
type testbed struct {
	server *feed.Server
	client oddscachev1.SnapshotFeedServiceClient
}

func inBubble(t *testing.T, test func(t *testing.T, b *testbed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		listener := bufconn.Listen(1 << 20)
		server := feed.New(slog.New(slog.DiscardHandler))
		rpc := grpc.NewServer(grpc.ForceServerCodecV2(rawpb.NewCodec()), grpc.WaitForHandlers(true))
		oddscachev1.RegisterSnapshotFeedServiceServer(rpc, server)
		var serving sync.WaitGroup
		serving.Go(func() { _ = rpc.Serve(listener) })
		conn, err := grpc.NewClient("passthrough:///feed", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16<<20)))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			server.Close()
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			rpc.Stop()
			serving.Wait()
			server.Wait()
		}()
		test(t, &testbed{server: server, client: oddscachev1.NewSnapshotFeedServiceClient(conn)})
	})
}

// replica is one that the test reads by hand.
type replica struct {
	stream oddscachev1.SnapshotFeedService_StreamSnapshotsClient
	start  *oddscachev1.Start
	log    *feedlog.Log
	at     int64
}

// follow opens a stream and returns it with its Start, or the error that came instead.
func (b *testbed) follow(ctx context.Context, sub *oddscachev1.Subscribe, log *feedlog.Log) (*replica, error) {
	stream, err := b.client.StreamSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(&oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{Subscribe: sub}}); err != nil {
		return nil, err
	}
	m, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	return &replica{stream: stream, start: m.GetStart(), log: log, at: log.View().Head}, nil
}

// catchUp applies batches until a caught-up progress, whose entries and digest must be the replica's own. It returns
// the sizes of the batches' frames.
func (r *replica) catchUp(t *testing.T) (sizes []int) {
	t.Helper()
	for {
		m, err := r.stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if p := m.GetProgress(); p != nil {
			if p.GetRevision() != r.at {
				t.Fatalf("progress at revision %d, entries lead to %d", p.GetRevision(), r.at)
			}
			if !p.GetCaughtUp() {
				continue
			}
			if v := r.log.View(); v.Digest != p.GetDigest() || int64(v.Entries) != p.GetEntries() {
				t.Fatalf("digest %x of %d entries, source says %x of %d", v.Digest, v.Entries, p.GetDigest(), p.GetEntries())
			}
			return sizes
		}
		sizes = append(sizes, r.apply(t, m.GetBatch()))
	}
}

func (r *replica) apply(t *testing.T, b *oddscachev1.Batch) int {
	t.Helper()
	if b.GetFromRevision() != r.at {
		t.Fatalf("batch from %d, replica at %d", b.GetFromRevision(), r.at)
	}
	size := 0
	var entries []*feedlog.Entry
	for _, m := range b.GetEntries() {
		var e *feedlog.Entry
		var err error
		switch k := m.GetEntry().(type) {
		case *oddscachev1.Entry_Event:
			e, err = feedlog.NewEvent(m.GetRevision(), k.Event)
		case *oddscachev1.Entry_CycleEnd:
			e, err = feedlog.NewCycleEnd(m.GetRevision(), k.CycleEnd)
		case *oddscachev1.Entry_Snapshot:
			var market []byte
			market, err = snapshot.AppendMarket(nil, k.Snapshot.GetMarkets()[0])
			if err != nil {
				t.Fatal(err)
			}
			h := snapshot.Header{
				SnapshotID: k.Snapshot.GetSnapshotId(), Bookmaker: k.Snapshot.GetBookmaker(),
				EventID: k.Snapshot.GetBookmakerEventId(), CapturedAt: k.Snapshot.GetCapturedAt().AsTime(),
			}
			e, err = feedlog.NewSnapshot(m.GetRevision(), snapshot.Append(nil, h, market, k.Snapshot.GetLastConfirmedAt().AsTime()))
		default:
			err = fmt.Errorf("entry %T", k)
		}
		if err != nil {
			t.Fatal(err)
		}
		size += len(e.Frame)
		entries = append(entries, e)
	}
	if err := r.log.Append(b.GetFromRevision(), b.GetToRevision(), entries); err != nil {
		t.Fatal(err)
	}
	r.at = b.GetToRevision()
	return size
}

func (r *replica) ack(t *testing.T, revision int64) {
	t.Helper()
	ack := &oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Ack{Ack: &oddscachev1.Ack{Revision: revision}}}
	if err := r.stream.Send(ack); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

var errTerm = errors.New("term is over")
