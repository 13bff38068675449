package replica_test

import (
	"context"
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

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/replica"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// observed counts what the replica tells its observer.
type observed struct {
	mu                sync.Mutex
	starts, ends      []string // "full requested", "GAP"
	gaps, mismatches  int
	batches, snapshot int
	at                []time.Time // of disconnects
}

func (o *observed) Started(mode, reason string) {
	o.note(func() { o.starts = append(o.starts, mode+" "+reason) })
}
func (o *observed) Gap()      { o.note(func() { o.gaps++ }) }
func (o *observed) Mismatch() { o.note(func() { o.mismatches++ }) }
func (o *observed) Applied(done store.Applied, _ time.Duration) {
	o.note(func() { o.batches++; o.snapshot += done.Snapshots })
}

func (o *observed) Disconnected(reason string) {
	o.note(func() { o.ends = append(o.ends, reason); o.at = append(o.at, time.Now()) })
}

func (o *observed) note(do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	do()
}

// seen is a copy of what was counted.
func (o *observed) seen() (starts, ends []string, gaps, mismatches int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.starts...), append([]string(nil), o.ends...), o.gaps, o.mismatches
}

// bench is a source, a replica that follows it over gRPC in memory, and its store, in one bubble of time.
type bench struct {
	t        *testing.T
	world    *feedtest.World
	source   *feedtest.Source
	store    *store.Store
	replica  *replica.Replica
	observed *observed
}

func inBubble(t *testing.T, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := feedtest.NewWorld("epoch-1")
		b := &bench{t: t, world: w, source: feedtest.NewSource(w), store: store.New(), observed: &observed{}}
		listener := bufconn.Listen(1 << 16)
		server := grpc.NewServer(grpc.ForceServerCodecV2(rawpb.NewCodec()), grpc.WaitForHandlers(true))
		oddscachev1.RegisterSnapshotFeedServiceServer(server, b.source)
		var running sync.WaitGroup
		running.Go(func() { _ = server.Serve(listener) })
		conn, err := grpc.NewClient("passthrough:///feed", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
		if err != nil {
			t.Fatal(err)
		}
		b.replica, err = replica.New(replica.Config{
			ID: "replica-1", Conn: conn, Store: b.store, Observer: b.observed, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		running.Go(func() {
			if err := b.replica.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		defer func() {
			stop()
			_ = conn.Close()
			server.Stop()
			running.Wait()
		}()
		test(b)
	})
}

// put writes events n.. with a snapshot each.
func (b *bench) put(from, to int) {
	for i := from; i < to; i++ {
		id := feedtest.ID{Bookmaker: feedtest.Betpawa, ID: fmt.Sprint("p", i)}
		b.world.PutEvent(&oddscachev1.Event{SrId: fmt.Sprint(i), BetpawaEventId: id.ID, Kickoff: timestamppb.New(b.world.Now.Add(time.Hour))})
		b.world.PutSnapshot(id, feedtest.Market("3743", .5, float64(i+2)))
	}
}

// settle lets everything happen that happens within d.
func (b *bench) settle(d time.Duration) {
	<-time.After(d) // a bubble's time: it passes when nothing else can happen
	synctest.Wait()
}

// follows fails unless the store serves the world's head in the given state.
func (b *bench) follows(state store.State) {
	b.t.Helper()
	v, err := b.store.View()
	if err != nil {
		b.t.Fatal(err)
	}
	want := b.world.Log.View()
	if v.Epoch() != b.world.Epoch || v.Revision() != want.Head || b.store.Served().Log().Digest != want.Digest {
		b.t.Errorf("serves %s %d, digest %x; want %s %d, %x", v.Epoch(), v.Revision(), b.store.Served().Log().Digest, b.world.Epoch, want.Head, want.Digest)
	}
	if v.Freshness.State != state {
		b.t.Errorf("state is %v, want %v; age %v", v.Freshness.State, state, v.Freshness.Age)
	}
}

// saw fails unless exactly these streams began, and these gaps and mismatches were counted.
func (b *bench) saw(gaps, mismatches int, starts ...string) {
	b.t.Helper()
	got, ends, g, m := b.observed.seen()
	if fmt.Sprint(got) != fmt.Sprint(starts) || g != gaps || m != mismatches {
		b.t.Errorf("streams %q, %d gaps, %d mismatches (ends %q); want %q, %d, %d", got, g, m, ends, starts, gaps, mismatches)
	}
}
