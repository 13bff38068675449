package e2e

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/cluster"
)

const (
	// shuttingDown is the reason of what ends with its server.
	shuttingDown = "SHUTTING_DOWN"
	// cacheGrace and scraperGrace are the services' own grace periods, and what is left for them to exit.
	cacheGrace, scraperGrace = 10 * time.Second, 22 * time.Second
)

// watchHealth follows a service's health, whose first answer is SERVING.
func watchHealth(t *testing.T, client healthpb.HealthClient, service string) healthpb.Health_WatchClient {
	t.Helper()
	health, err := client.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := health.Recv(); err != nil || m.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("health begins with %v, %v", m, err)
	}
	return health
}

// ended reads a stream to its end, which must be the server's stop.
func ended[M any](t *testing.T, what string, recv func() (M, error)) {
	t.Helper()
	for {
		_, err := recv()
		if err == nil {
			continue
		}
		if status.Code(err) != codes.Unavailable || rpcerr.Reason(err) != shuttingDown {
			t.Errorf("%s ended with %v, want UNAVAILABLE and %s", what, err, shuttingDown)
		}
		return
	}
}

// TestStoppedCacheFinishesItsLookups stops a cache that is asked all the time: health goes first, watches are told,
// a lookup that waits for a revision gets it since the feed is left last, and no caller sees anything but UNAVAILABLE.
func TestStoppedCacheFinishesItsLookups(t *testing.T) {
	t.Parallel()
	p := startProcesses(t, cluster.Config{})
	revision := runCycle(t, p).GetRevision()
	p.Await(t, live, revision)
	health := watchHealth(t, healthpb.NewHealthClient(p.Caches[0].Conn), oddscachev1.OddsCacheService_ServiceDesc.ServiceName)
	watch, err := p.Cache.WatchEvents(t.Context(), &oddscachev1.WatchEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Recv(); err != nil {
		t.Fatal(err)
	}

	var callers sync.WaitGroup
	var served atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range 8 {
		callers.Go(func() { // ends with ctx, or with the cache
			for ctx.Err() == nil {
				_, err := p.Cache.ListEvents(ctx, &oddscachev1.ListEventsRequest{PageSize: 1})
				switch status.Code(err) {
				case codes.OK:
					served.Add(1)
				case codes.Unavailable:
					return
				default:
					if ctx.Err() == nil {
						t.Errorf("a lookup during the stop: %v", err)
					}
					return
				}
			}
		})
	}
	waited := make(chan error, 1)
	go func() { // ends with the revision, or with the cache; read below
		stats, err := p.Cache.BatchGetEvents(t.Context(), &oddscachev1.BatchGetEventsRequest{
			Keys: []*oddscachev1.EventKey{{Key: &oddscachev1.EventKey_SrId{SrId: "1"}}}, MinRevision: revision + 1,
		})
		if err == nil && stats.GetFreshness().GetRevision() <= revision {
			t.Errorf("answered at revision %d, asked for one above %d", stats.GetFreshness().GetRevision(), revision)
		}
		waited <- err
	}()
	cluster.Poll(t, 30*time.Second, func() bool { return served.Load() > 1000 })

	p.Caches[0].Terminate()
	if m, err := health.Recv(); err != nil || m.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health says %v, %v before anything ends, want NOT_SERVING", m, err)
	}
	ended(t, "the watch", watch.Recv)
	runCycle(t, p) // what the waiting lookup waits for
	if err := <-waited; err != nil {
		t.Errorf("a lookup that was under way: %v", err)
	}
	if err := p.Caches[0].Wait(cacheGrace); err != nil {
		t.Error(err)
	}
	stop()
	callers.Wait()
}

// TestStoppedScraperGivesItsLeaseBack stops a scraper in the middle of a cycle.
func TestStoppedScraperGivesItsLeaseBack(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := startProcesses(t, cluster.Config{Site: w.URL})
	runCycle(t, p)
	w.SetFaults(sim.Fault{Bookmaker: "bet9ja", Kind: sim.Slow, Delay: 5 * time.Second, Scope: sim.Details})
	health := watchHealth(t, healthpb.NewHealthClient(p.Scrapers[0].Conn), oddscachev1.ScraperService_ServiceDesc.ServiceName)
	progress, err := p.Scraper.WatchProgress(t.Context(), &oddscachev1.WatchProgressRequest{})
	if err != nil {
		t.Fatal(err)
	}
	feed, err := p.Feed.StreamSnapshots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	subscribe := &oddscachev1.StreamSnapshotsRequest_Subscribe{Subscribe: &oddscachev1.Subscribe{ReplicaId: t.Name()}}
	if err := feed.Send(&oddscachev1.StreamSnapshotsRequest{Message: subscribe}); err != nil {
		t.Fatal(err)
	}
	cycle, err := p.Scraper.RunCycle(t.Context(), &oddscachev1.RunCycleRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for { // until the cycle asks for details
		if m, err := progress.Recv(); err != nil {
			t.Fatal(err)
		} else if m.GetBatchStored() != nil {
			break
		}
	}

	p.Scrapers[0].Terminate()
	if m, err := health.Recv(); err != nil || m.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health says %v, %v before anything ends, want NOT_SERVING", m, err)
	}
	ended(t, "the progress", progress.Recv)
	for {
		if _, err := feed.Recv(); err != nil {
			if status.Code(err) != codes.Unavailable {
				t.Errorf("the feed ended with %v, want UNAVAILABLE", err)
			}
			break
		}
	}
	if err := p.Scrapers[0].Wait(scraperGrace); err != nil {
		t.Error(err)
	}

	conn := connect(t, p.DatabaseURL)
	var held bool
	var outcome string
	if err := conn.QueryRow(t.Context(), "SELECT lease_until IS NOT NULL FROM feed_state").Scan(&held); err != nil || held {
		t.Errorf("the lease is still held (%v)", err)
	}
	err = conn.QueryRow(t.Context(), "SELECT status FROM cycles WHERE cycle_id = $1", cycle.GetCycle().GetCycleId()).Scan(&outcome)
	if err != nil || outcome != "FAILED" {
		t.Errorf("the interrupted cycle is %q (%v), want FAILED", outcome, err)
	}
}

// TestLivenessIsNotReadiness takes away what each service needs: both go on living, and say what they wait for.
func TestLivenessIsNotReadiness(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts processes")
	}
	server := pgtest.Server(t, postgres.Options{})
	if err := cluster.Migrate(t.Context(), server.URL("postgres")); err != nil {
		t.Fatal(err)
	}
	p := processes(t, cluster.Config{DatabaseURL: server.URL("postgres")})
	page := func(admin, path string) (int, string) {
		resp, err := http.Get("http://" + admin + path) //nolint:forbidigo,noctx // a page of a process that the test owns
		if err != nil {
			return 0, err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	becomes := func(what, admin string, code int) {
		t.Helper()
		var last string
		if !cluster.Poll(t, 30*time.Second, func() bool { c, body := page(admin, "/readyz"); last = body; return c == code }) {
			t.Errorf("%s does not answer %d: %s", what, code, last)
		}
		if code, body := page(admin, "/healthz"); code != http.StatusOK {
			t.Errorf("%s is not alive: %d %s", what, code, body)
		}
	}
	p.StartCache(t)
	becomes("a cache without a scraper", p.Caches[0].Admin, http.StatusServiceUnavailable)
	p.StartScraper(t)
	becomes("a scraper", p.Scrapers[0].Admin, http.StatusOK)
	becomes("a cache", p.Caches[0].Admin, http.StatusOK)
	if err := server.Halt(); err != nil {
		t.Fatal(err)
	}
	becomes("a scraper without its database", p.Scrapers[0].Admin, http.StatusServiceUnavailable)
	becomes("a cache that has something to answer from", p.Caches[0].Admin, http.StatusOK)
	if _, body := page(p.Scrapers[0].Admin, "/readyz"); !strings.Contains(body, "database") {
		t.Errorf("the scraper does not say what it waits for: %q", body)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	becomes("a scraper whose database came back", p.Scrapers[0].Admin, http.StatusOK)
	http.DefaultClient.CloseIdleConnections() //nolint:forbidigo // opened above
}
