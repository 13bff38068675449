package versions_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/cachetest"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/versions"
)

// within bounds every wait for what must happen.
const within = time.Minute

func TestMain(m *testing.M) { cluster.Main(m) }

func recording(t *testing.T) *versions.Recording {
	t.Helper()
	r, err := versions.Read("testdata/feed.gob.zst")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPreviousSource lets the present cache follow what the previous scraper said: it must come to the same state, by the
// previous scraper's own digest and by what the previous cache answered.
func TestPreviousSource(t *testing.T) {
	t.Parallel()
	r := recording(t)
	tape := newTape(t, r)
	seen := &feedSeen{}
	cache := startCache(t, tape.addr, seen)

	last := progress(t, r.Streams[len(r.Streams)-1])
	var stats *oddscachev1.GetStatsResponse
	live := cluster.Poll(t, within, func() bool {
		var err error
		stats, err = cache.GetStats(t.Context(), &oddscachev1.GetStatsRequest{})
		f := stats.GetFreshness()
		return err == nil && f.GetRevision() == last.GetRevision() && f.GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
	})
	if !live {
		t.Fatalf("not live at %d within %v: %v", last.GetRevision(), within, stats)
	}
	if stats.GetEvictedEvents() == 0 {
		t.Error("no event was evicted: the recording does not show what it should")
	}
	var want []*oddscachev1.EventSnapshots
	for _, body := range r.Events {
		e := &oddscachev1.EventSnapshots{}
		if err := proto.Unmarshal(body, e); err != nil {
			t.Fatal(err)
		}
		want = append(want, e)
	}
	got := everything(t, cache)
	if len(got) != len(want) {
		t.Fatalf("the cache holds %d events, the previous one %d", len(got), len(want))
	}
	for i := range want {
		if !proto.Equal(want[i], got[i]) { // a difference takes much longer to find than that there is one
			t.Errorf("what the caches answer (-previous +present):\n%s", cmp.Diff(want[i], got[i], protocmp.Transform()))
		}
	}
	// Wait for two more heartbeats: each compares the digests.
	tape.heartbeats(t, 2)
	if n := seen.mismatches.Load() + seen.gaps.Load(); n != 0 {
		t.Errorf("%d digests or revisions did not fit", n)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if diff := cmp.Diff([]string{"full", "resume"}, seen.modes); diff != "" {
		t.Errorf("how the streams began (-want +got):\n%s", diff)
	}
}

// startCache runs the present cache.
func startCache(t *testing.T, feed string, seen *feedSeen) oddscachev1.OddsCacheServiceClient {
	t.Helper()
	listener := listen(t)
	c, err := cachetest.New(cachetest.Config{ID: "present", Feed: feed, Listener: listener, Observer: seen, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	background(t, c.Run)
	conn, err := client.New(listener.Addr().String(), client.Options{WaitForReady: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return oddscachev1.NewOddsCacheServiceClient(conn)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// progress is the last heartbeat of a stream.
func progress(t *testing.T, s versions.Stream) *oddscachev1.Progress {
	t.Helper()
	var last *oddscachev1.Progress
	for _, body := range s.From(false) {
		var m oddscachev1.StreamSnapshotsResponse
		if err := proto.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		if p := m.GetProgress(); p.GetCaughtUp() {
			last = p
		}
	}
	if last == nil {
		t.Fatal("the recorded stream has no caught-up progress")
	}
	return last
}

// tape is a source that says what was recorded, stream by stream. At the end of the last stream it repeats the last
// heartbeat, as a source does at which nothing happens.
type tape struct {
	oddscachev1.UnimplementedSnapshotFeedServiceServer

	addr  string
	test  *testing.T
	rec   *versions.Recording
	next  atomic.Int64
	beats chan struct{}
}

func newTape(t *testing.T, r *versions.Recording) *tape {
	t.Helper()
	listener := listen(t)
	source := &tape{addr: listener.Addr().String(), test: t, rec: r, beats: make(chan struct{})}
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawpb.NewCodec()))
	oddscachev1.RegisterSnapshotFeedServiceServer(server, source)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends by Stop
	t.Cleanup(func() { server.Stop(); serving.Wait() })
	return source
}

var errTape = errors.New("the recording does not fit")

// StreamSnapshots plays the next stream.
func (s *tape) StreamSnapshots(stream oddscachev1.SnapshotFeedService_StreamSnapshotsServer) error {
	n := int(s.next.Add(1)) - 1
	if n >= len(s.rec.Streams) {
		s.test.Errorf("the cache subscribed %d times, %d were recorded", n+1, len(s.rec.Streams))
		return errTape
	}
	if err := s.subscribed(stream, s.rec.Streams[n].From(true)[0]); err != nil {
		s.test.Errorf("stream %d: %v", n, err)
		return err
	}
	bodies := s.rec.Streams[n].From(false)
	for _, body := range bodies {
		if err := stream.SendMsg(rawpb.New(body)); err != nil {
			return err
		}
	}
	if n < len(s.rec.Streams)-1 {
		if err := acknowledged(stream, s.rec.Streams[n].From(true)); err != nil {
			s.test.Errorf("stream %d: %v", n, err)
		}
		return status.Error(codes.Unavailable, "it was cut off here")
	}
	for {
		select {
		case <-stream.Context().Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
		if err := stream.SendMsg(rawpb.New(bodies[len(bodies)-1])); err != nil {
			return err
		}
		select {
		case s.beats <- struct{}{}:
		default:
		}
	}
}

// subscribed requires that the present cache asks as the previous one did.
func (s *tape) subscribed(stream oddscachev1.SnapshotFeedService_StreamSnapshotsServer, recorded []byte) error {
	got, err := stream.Recv()
	if err != nil {
		return err
	}
	var want oddscachev1.StreamSnapshotsRequest
	if err := proto.Unmarshal(recorded, &want); err != nil {
		return err
	}
	got.GetSubscribe().ReplicaId = want.GetSubscribe().GetReplicaId()
	if !proto.Equal(got, &want) {
		return fmt.Errorf("%w: the cache sent %v, the previous one %v", errTape, got, &want)
	}
	return nil
}

// acknowledged waits until the cache has come as far as the previous one had.
func acknowledged(stream oddscachev1.SnapshotFeedService_StreamSnapshotsServer, recorded [][]byte) error {
	var last oddscachev1.StreamSnapshotsRequest
	if err := proto.Unmarshal(recorded[len(recorded)-1], &last); err != nil {
		return err
	}
	for at := int64(0); at < last.GetAck().GetRevision(); {
		m, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("the cache has acknowledged %d of %d: %w", at, last.GetAck().GetRevision(), err)
		}
		at = m.GetAck().GetRevision()
	}
	return nil
}

// heartbeats waits for some.
func (s *tape) heartbeats(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-s.beats:
		case <-time.After(within):
			t.Fatalf("no heartbeat within %v", within)
		}
	}
}

// feedSeen is what the cache was told of its feed.
type feedSeen struct {
	mismatches, gaps atomic.Int64
	mu               sync.Mutex
	modes            []string
}

func (f *feedSeen) Started(mode, _ string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.modes = append(f.modes, mode)
}
func (f *feedSeen) Gap()              { f.gaps.Add(1) }
func (f *feedSeen) Mismatch()         { f.mismatches.Add(1) }
func (*feedSeen) Disconnected(string) {}
