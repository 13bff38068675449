package api_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	rpcserver "github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maxWatches is the limit of the bundle's server.
const maxWatches = 20

// bundle is a world, the store that follows it, and a client that nobody here wrote: the generated one.
type bundle struct {
	t      testing.TB
	world  *feedtest.World
	store  *store.Store
	client oddscachev1.OddsCacheServiceClient
	conn   *grpc.ClientConn
	stop   func() // makes the server stop
	dial   func(...grpc.DialOption) *grpc.ClientConn
}

func setup(t testing.TB) *bundle {
	t.Helper()
	table, err := api.Errors()
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{t: t, world: feedtest.NewWorld("epoch-1"), store: store.New()}
	listener := bufconn.Listen(1 << 20)
	server, err := rpcserver.New(rpcserver.Config{
		Listener: listener, Errors: table, Codec: rawpb.NewCodec(), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, api.New(b.store, api.NewLookups(), watch.New(b.store, maxWatches)).Register)
	if err != nil {
		t.Fatal(err)
	}
	b.dial = func(options ...grpc.DialOption) *grpc.ClientConn {
		conn, err := grpc.NewClient("passthrough:///cache", append(options, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	b.conn = b.dial()
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }() // ends by stop
	t.Cleanup(func() {
		_ = b.conn.Close()
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	b.client = oddscachev1.NewOddsCacheServiceClient(b.conn)
	return b
}

// sync brings the store to the world's head, as a caught-up feed does.
func (b *bundle) sync() {
	b.t.Helper()
	x := b.store.Served()
	if x == nil || x.Epoch() != b.world.Epoch {
		x = store.NewIndex(b.world.Epoch)
	}
	v := b.world.Log.View()
	entries, to := v.After(x.Log().Head, 1<<30)
	done, err := x.Apply(feedlog.Batch{From: x.Log().Head, To: to, Entries: entries})
	if err != nil {
		b.t.Fatal(err)
	}
	b.store.CountEvicted(done.EvictedEvents)
	b.store.Serve(x)
	b.store.MarkCaughtUp()
}

var (
	pawa   = feedtest.ID{Bookmaker: feedtest.Betpawa, ID: "32299257"}
	sporty = feedtest.ID{Bookmaker: "sportybet", ID: "sr:match:68995116"}
	bet9ja = feedtest.ID{Bookmaker: "bet9ja", ID: "707096003"}
)

// derby is an event that three bookmakers list.
func derby(w *feedtest.World) *oddscachev1.Event {
	return &oddscachev1.Event{
		SrId: "68995116", BetpawaEventId: pawa.ID, Name: "Arsenal - Chelsea", HomeTeam: "Arsenal", AwayTeam: "Chelsea",
		Kickoff: timestamppb.New(w.Now.Add(3 * time.Hour)), Sport: "football", Country: "England", Tournament: "Premier League",
		CompetitorEvents: []*oddscachev1.CompetitorEvent{
			{Bookmaker: bet9ja.Bookmaker, CompetitorEventId: bet9ja.ID}, {Bookmaker: sporty.Bookmaker, CompetitorEventId: sporty.ID},
		},
	}
}

// derbyWorld is the derby with three snapshots, one of them confirmed twice later, and a cycle end.
func (b *bundle) derbyWorld() {
	w := b.world
	w.PutEvent(derby(w))
	for i, id := range []feedtest.ID{pawa, sporty, bet9ja} {
		w.PutSnapshot(id, feedtest.Market("1096", 0, 2+float64(i)), feedtest.Market("3743", .5, 3), feedtest.Market("3743", 1.5, 4), feedtest.Market("4693", 0, 5))
	}
	for range 2 {
		w.Kick(5 * time.Minute)
		w.Confirm(sporty)
	}
	w.EndCycle(w.Now.Add(-2 * time.Hour))
	b.sync()
}

// freshnessIs holds a response's freshness against the world.
func (b *bundle) freshnessIs(f *oddscachev1.Freshness, state oddscachev1.FreshnessState) {
	b.t.Helper()
	want := &oddscachev1.Freshness{Epoch: b.world.Epoch, Revision: b.world.Log.View().Head, State: state, LastCycleId: b.world.LastCycle()}
	if f.GetFeedAge().AsDuration() < 0 || f.GetFeedAge() == nil {
		b.t.Errorf("feed age is %v", f.GetFeedAge())
	}
	got := proto.CloneOf(f)
	got.FeedAge, got.LastCycleFinishedAt = nil, nil
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		b.t.Errorf("freshness (-want +got):\n%s", diff)
	}
}

const live = oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE

// rejected fails unless err has the code, the reason, and names the field.
func rejected(t *testing.T, err error, code codes.Code, reason, field string) {
	t.Helper()
	if status.Code(err) != code || rpcerr.Reason(err) != reason || rpcerr.Metadata(err)["field"] != field {
		t.Errorf("got %v, reason %q, metadata %v; want %v, %q about %q", err, rpcerr.Reason(err), rpcerr.Metadata(err), code, reason, field)
	}
}
