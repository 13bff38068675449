package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// scraper is a service whose rpcs are the test's functions.
type scraper struct {
	oddscachev1.UnimplementedScraperServiceServer
	getCycle func(context.Context) error
	watch    func(grpc.ServerStreamingServer[oddscachev1.WatchProgressResponse]) error
}

func (s *scraper) GetCycle(ctx context.Context, _ *oddscachev1.GetCycleRequest) (*oddscachev1.GetCycleResponse, error) {
	return &oddscachev1.GetCycleResponse{}, s.getCycle(ctx)
}

func (s *scraper) RunCycle(ctx context.Context, _ *oddscachev1.RunCycleRequest) (*oddscachev1.RunCycleResponse, error) {
	return &oddscachev1.RunCycleResponse{}, s.getCycle(ctx)
}

func (s *scraper) WatchProgress(_ *oddscachev1.WatchProgressRequest, stream grpc.ServerStreamingServer[oddscachev1.WatchProgressResponse]) error {
	return s.watch(stream)
}

// logBuffer collects what the server logs.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// bundle is a running server and a connection to it.
type bundle struct {
	server   *server.Server
	conn     *grpc.ClientConn
	client   oddscachev1.ScraperServiceClient
	health   healthpb.HealthClient
	log      *logBuffer
	registry *prometheus.Registry
	stop     context.CancelFunc
	stopped  <-chan error // what Run returned
}

// setup runs a server with the given service; change may adjust its config.
func setup(t *testing.T, service *scraper, change func(*server.Config)) *bundle {
	t.Helper()
	return serve(t, func(r grpc.ServiceRegistrar) { oddscachev1.RegisterScraperServiceServer(r, service) }, change)
}

// serve is setup for any service.
func serve(t *testing.T, register func(grpc.ServiceRegistrar), change func(*server.Config)) *bundle {
	t.Helper()
	table, err := rpcerr.NewTable(rpcerr.Is(errNotWriter, codes.Unavailable, "NOT_WRITER"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{log: &logBuffer{}, registry: prometheus.NewRegistry()}
	cfg := server.Config{
		Listen: "127.0.0.1:0", Errors: table, Registry: b.registry, Tracing: true,
		Logger: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	b.server, err = server.New(cfg, register)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- b.server.Run(ctx) }() // ends by stop, in the cleanup at the latest
	b.stop, b.stopped = stop, stopped

	b.conn, err = grpc.NewClient("passthrough:///"+b.server.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = b.conn.Close()
		select {
		case <-stopped: // nobody has read it
		default:
		}
	})
	b.client, b.health = oddscachev1.NewScraperServiceClient(b.conn), healthpb.NewHealthClient(b.conn)
	return b
}

// ended stops the server and returns what Run returned.
func (b *bundle) ended(t *testing.T) error {
	t.Helper()
	b.stop()
	select {
	case err := <-b.stopped:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not stop")
		return nil
	}
}

// check fails the test unless err has the code and the reason.
func check(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	if status.Code(err) != code || rpcerr.Reason(err) != reason {
		t.Errorf("got %v with reason %q, want %v with %q", err, rpcerr.Reason(err), code, reason)
	}
}
