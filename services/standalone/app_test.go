package standalone_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/standalone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// servedWithin and stoppedWithin are generous: machines that run many tests at once are slow.
	servedWithin  = 2 * time.Minute
	stoppedWithin = 30 * time.Second
)

// output is what an app prints, read while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// smallConfig is the pair on free ports with few events and no cycle after the first.
func smallConfig(t *testing.T) standalone.Config {
	t.Helper()
	if _, err := postgres.Find(t.Context()); err != nil && os.Getenv("REQUIRE_POSTGRES") != "1" {
		t.Skipf("SKIPPED, it needs a real Postgres: %v (REQUIRE_POSTGRES=1 makes this a failure)", err)
	}
	cfg := standalone.DefaultConfig()
	cfg.Events, cfg.Interval = 24, time.Hour
	cfg.CacheListen, cfg.CacheAdminListen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.ScraperListen, cfg.ScraperAdminListen = "127.0.0.1:0", "127.0.0.1:0"
	return cfg
}

// started is a running app.
type started struct {
	app  *standalone.App
	out  *output
	stop context.CancelFunc
	done chan error
}

// start runs an app until stopped is called.
func start(t *testing.T, cfg standalone.Config) *started {
	t.Helper()
	s := &started{out: &output{}, done: make(chan error, 1)}
	var err error
	if s.app, err = standalone.New(cfg, s.out); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	t.Cleanup(stop)
	go func() { s.done <- s.app.Run(ctx) }()
	return s
}

// served waits until the cache serves the first cycle.
func (s *started) served(t *testing.T) {
	t.Helper()
	select {
	case <-s.app.Served():
	case err := <-s.done:
		t.Fatalf("ended before the first cycle was served: %v\n%s", err, s.out)
	case <-time.After(servedWithin):
		t.Fatalf("no cycle served within %v:\n%s", servedWithin, s.out)
	}
}

// stopped ends the app and waits for it.
func (s *started) stopped(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case err := <-s.done:
		if err != nil {
			t.Errorf("Run after an interrupt: %v", err)
		}
	case <-time.After(stoppedWithin):
		t.Fatalf("still running %v after the interrupt:\n%s", stoppedWithin, s.out)
	}
}

// The whole way: everything starts, the first cycle is served, an event is found by each of its ids, and an interrupt
// ends it all with nothing left, which TestMain checks for goroutines.
func TestFirstCycleIsServed(t *testing.T) {
	t.Parallel()
	s := start(t, smallConfig(t))
	s.served(t)

	conn, err := client.New(s.app.CacheAddr(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cache := oddscachev1.NewOddsCacheServiceClient(conn)
	listed, err := cache.ListEvents(t.Context(), &oddscachev1.ListEventsRequest{
		Bookmakers: []string{"betpawa", "sportybet", "bet9ja"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(listed.GetEvents()) == 0 {
		t.Fatalf("no event is listed by all three bookmakers:\n%s", s.out)
	}
	event := listed.GetEvents()[0].GetEvent()
	requests := []*oddscachev1.GetEventRequest{
		{Key: &oddscachev1.GetEventRequest_SrId{SrId: event.GetSrId()}},
		{Key: &oddscachev1.GetEventRequest_BetpawaEventId{BetpawaEventId: event.GetBetpawaEventId()}},
	}
	for _, c := range event.GetCompetitorEvents() {
		requests = append(requests, &oddscachev1.GetEventRequest{
			Key: &oddscachev1.GetEventRequest_CompetitorEvent{CompetitorEvent: c},
		})
	}
	if len(requests) != 4 {
		t.Errorf("event has %d kinds of ids, want 4: %v", len(requests), event)
	}
	for _, request := range requests {
		got, err := cache.GetEvent(t.Context(), request)
		if err != nil {
			t.Fatalf("GetEvent %v: %v", request, err)
		}
		if got.GetEvent().GetSrId() != event.GetSrId() || len(got.GetSnapshots()) != 3 {
			t.Errorf("GetEvent %v: event %s with %d snapshots, want %s with 3",
				request, got.GetEvent().GetSrId(), len(got.GetSnapshots()), event.GetSrId())
		}
	}
	s.stopped(t)

	for _, want := range []string{
		"private Postgres started", "cycle 1: found 24 events", "cycle 1: SUCCEEDED", "; cache LIVE with 24 events",
		"OddsCacheService/GetEvent", "everything has ended",
	} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, s.out)
		}
	}
}

// An interrupt before anything is served ends as cleanly.
func TestInterruptWhileStarting(t *testing.T) {
	t.Parallel()
	s := start(t, smallConfig(t))
	s.stopped(t)
}

// A port that is taken is an error that names it, and what was opened before is closed.
func TestPortIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := smallConfig(t)
	cfg.CacheListen = taken.Addr().String()
	s := start(t, cfg)
	select {
	case err := <-s.done:
		if err == nil || !strings.Contains(err.Error(), cfg.CacheListen) {
			t.Errorf("error is %v, want one that names %s", err, cfg.CacheListen)
		}
	case <-time.After(servedWithin):
		t.Errorf("still running:\n%s", s.out)
	}
}

// A data folder keeps what was stored: the second run resumes at a revision above the first's.
func TestDataDirIsKept(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts the pair twice")
	}
	cfg := smallConfig(t)
	dir, err := os.MkdirTemp("", "standalone")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	// Postgres as another user has to pass through.
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cfg.DataDir = filepath.Join(dir, "postgres")
	var revisions []int64
	for range 2 {
		s := start(t, cfg)
		s.served(t)
		conn, err := client.New(s.app.CacheAddr(), client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		stats, err := oddscachev1.NewOddsCacheServiceClient(conn).GetStats(t.Context(), &oddscachev1.GetStatsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		revisions = append(revisions, stats.GetFreshness().GetRevision())
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		s.stopped(t)
	}
	if revisions[1] <= revisions[0] {
		t.Errorf("revisions after the two runs are %v, want them to grow", revisions)
	}
}

func TestNewRejectsABadConfiguration(t *testing.T) {
	t.Parallel()
	cfg := standalone.DefaultConfig()
	cfg.LogLevel = "loud"
	if _, err := standalone.New(cfg, &output{}); err == nil || !strings.Contains(err.Error(), "loud") {
		t.Errorf("error is %v, want one that names the level", err)
	}
	cfg = standalone.DefaultConfig()
	cfg.Events = 0
	if _, err := standalone.New(cfg, &output{}); err == nil || !strings.Contains(err.Error(), "events is 0") {
		t.Errorf("error is %v, want one that names the field", err)
	}
}
