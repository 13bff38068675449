package cache_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	rpcclient "github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	cache "github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const service = "oddscache.v1.OddsCacheService"

// scraper serves a world's feed on a port of its own.
func scraper(t *testing.T, source *feedtest.Source) (addr string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawpb.NewCodec()), grpc.WaitForHandlers(true))
	oddscachev1.RegisterSnapshotFeedServiceServer(server, source)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }() // ends by Stop
	stop = func() { server.Stop(); <-served }
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

// start runs a cache that follows the given addresses.
func start(t *testing.T, feed string) (*cache.App, *grpc.ClientConn) {
	t.Helper()
	cfg := cache.DefaultConfig()
	cfg.Feed, cfg.Listen, cfg.AdminListen = feed, "127.0.0.1:0", "127.0.0.1:0"
	app, err := cache.New(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }() // ends by stop
	conn, err := rpcclient.New(app.Addr().String(), rpcclient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	return app, conn
}

func page(t *testing.T, app *cache.App, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+app.AdminAddr().String()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// TestAppFollowsAndServes runs the whole service over TCP: a standby and a writer in CACHE_FEED, lookups with
// min_revision, health, metrics, a scraper that dies.
func TestAppFollowsAndServes(t *testing.T) {
	t.Parallel()
	standby := feedtest.NewSource(feedtest.NewWorld("epoch-1"))
	standby.Reject(status.Error(codes.Unavailable, "not the writer"))
	world := feedtest.NewWorld("epoch-1")
	id := feedtest.ID{Bookmaker: feedtest.Betpawa, ID: "p1"}
	writer := feedtest.NewSource(world)
	standbyAddr, _ := scraper(t, standby)
	writerAddr, stopWriter := scraper(t, writer)
	writer.Reject(status.Error(codes.Unavailable, "not yet"))

	app, conn := start(t, standbyAddr+","+writerAddr)
	client := oddscachev1.NewOddsCacheServiceClient(conn)
	request := &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_BetpawaEventId{BetpawaEventId: "p1"}}
	if err := rpcclient.CheckHealth(t.Context(), app.Addr().String(), service); err == nil {
		t.Error("health is SERVING while there is nothing to serve")
	}
	if code, _ := page(t, app, "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("ready page says %d", code)
	}

	world.PutEvent(&oddscachev1.Event{SrId: "1", BetpawaEventId: "p1", Kickoff: timestamppb.New(world.Now.Add(time.Hour))})
	world.PutSnapshot(id, feedtest.Market("3743", .5, 2))
	writer.Reject(nil)
	until(t, func() bool { return rpcclient.CheckHealth(t.Context(), app.Addr().String(), service) == nil })

	world.PutSnapshot(id, feedtest.Market("3743", .5, 7))
	request.MinRevision = world.Log.View().Head
	got, err := client.GetEvent(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if odds := got.GetSnapshots()[0].GetMarkets()[0].GetOutcomes()[0].GetOdds(); odds != 7 {
		t.Errorf("read back odds %v, want 7", odds)
	}
	if state := got.GetFreshness().GetState(); state != oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE {
		t.Errorf("state is %v", state)
	}
	watch, err := client.WatchEvents(t.Context(), &oddscachev1.WatchEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := watch.Recv(); err != nil || m.GetUpdated().GetEvent().GetSrId() != "1" {
		t.Errorf("a watch began with %v, %v", m, err)
	}
	_, metrics := page(t, app, "/metrics")
	for _, line := range []string{
		`oddscache_cache_freshness{state="live"} 1`, `oddscache_cache_revision 3`, `oddscache_cache_lag_revisions 0`, `oddscache_cache_log_entries 2`,
		`oddscache_cache_feed_starts_total{mode="full",reason="requested"} 1`, `oddscache_cache_lookups_total{method="GetEvent",result="hit"} 1`,
		`oddscache_cache_held{kind="snapshots"} 1`, `oddscache_cache_feed_gaps_total 0`, `oddscache_cache_feed_digest_mismatches_total 0`,
		`oddscache_cache_feed_entries_total{kind="snapshot"} 2`,
		`oddscache_cache_watches 1`, `oddscache_cache_watches_started_total 1`,
		`oddscache_cache_watch_messages_total{kind="updated"} 1`,
		`grpc_server_handled_total{grpc_code="OK",grpc_method="GetEvent"`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics lack %s", line)
		}
	}

	stopWriter() // the cache answers on, and says how old its state is
	until(t, func() bool {
		got, err := client.GetEvent(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		return got.GetFreshness().GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_STALE
	})
	if _, metrics := page(t, app, "/metrics"); !strings.Contains(metrics, `oddscache_cache_feed_reconnects_total{reason="Unavailable"}`) {
		t.Error("metrics lack the reconnects")
	}
}

// until waits for a condition that other processes of the test bring about.
func until(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(30 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatal("it does not come true")
		}
	}
}

func TestNewClosesWhatItOpened(t *testing.T) {
	t.Parallel()
	cfg := cache.DefaultConfig()
	cfg.Listen, cfg.AdminListen, cfg.Feed = "127.0.0.1:0", "127.0.0.1:0", "no port"
	if _, err := cache.New(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "feed") {
		t.Errorf("got %v", err)
	}
	cfg.Feed = "127.0.0.1:1"
	app, err := cache.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Close(); err != nil {
		t.Error(err)
	}
}
