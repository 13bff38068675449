package server_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/test/bufconn"
)

// diary notes what happened, in order.
type diary struct {
	mu    sync.Mutex
	notes []string
}

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, s)
}

func (d *diary) before(t *testing.T, first, second string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	i, j := slices.Index(d.notes, first), slices.Index(d.notes, second)
	if i < 0 || j < 0 || i > j {
		t.Errorf("%q does not come before %q in %q", first, second, d.notes)
	}
}

func TestStopKeepsItsOrder(t *testing.T) {
	t.Parallel()
	var d diary
	inCall, release := make(chan struct{}), make(chan struct{})
	b := setup(t, &scraper{
		getCycle: func(context.Context) error {
			close(inCall)
			<-release
			d.note("call finished")
			return nil
		},
		watch: func(stream grpc.ServerStreamingServer[oddscachev1.WatchProgressResponse]) error {
			if err := stream.Send(&oddscachev1.WatchProgressResponse{}); err != nil {
				return err
			}
			<-stream.Context().Done()
			d.note("stream ended")
			close(release)
			return context.Cause(stream.Context())
		},
	}, func(c *server.Config) {
		c.Drain = func(context.Context) { d.note("drained") }
	})
	b.server.SetReady(true)

	watch, err := b.health.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: "oddscache.v1.ScraperService"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("health watch began with %v, %v", got, err)
	}
	stream, err := b.client.WatchProgress(t.Context(), &oddscachev1.WatchProgressRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	call := make(chan error, 1)
	go func() { // ends with the call
		_, err := b.client.GetCycle(context.Background(), &oddscachev1.GetCycleRequest{})
		call <- err
	}()
	<-inCall

	if err := b.ended(t); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if err := <-call; err != nil {
		t.Errorf("the call that was under way got %v", err)
	}
	_, err = stream.Recv()
	check(t, err, codes.Unavailable, server.ReasonShuttingDown)
	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("the health watch was told %v, %v; want NOT_SERVING before the end", got, err)
	}
	_, err = watch.Recv()
	check(t, err, codes.Unavailable, server.ReasonShuttingDown)
	d.before(t, "drained", "stream ended")
	d.before(t, "stream ended", "call finished")
}

func TestStopCutsWhatDoesNotFinish(t *testing.T) {
	t.Parallel()
	inCall := make(chan struct{})
	b := setup(t, &scraper{getCycle: func(ctx context.Context) error {
		close(inCall)
		<-ctx.Done()
		return ctx.Err()
	}}, func(c *server.Config) { c.Grace = 50 * time.Millisecond })
	call := make(chan error, 1)
	go func() { // ends with the call
		_, err := b.client.GetCycle(context.Background(), &oddscachev1.GetCycleRequest{})
		call <- err
	}()
	<-inCall
	if err := b.ended(t); err != nil {
		t.Errorf("Run returned %v", err)
	}
	check(t, <-call, codes.Unavailable, "") // the connection was cut, so nobody could give a reason
	if !strings.Contains(b.log.String(), "cutting rpcs") {
		t.Errorf("the log does not tell that rpcs were cut:\n%s", b.log)
	}
}

func TestRunWithAnEndedContext(t *testing.T) {
	t.Parallel()
	for range 50 {
		b := setup(t, &scraper{}, nil)
		if err := b.ended(t); err != nil {
			t.Fatalf("Run returned %v", err)
		}
	}
}

func TestRunReportsThatTheListenerBroke(t *testing.T) {
	t.Parallel()
	lis := bufconn.Listen(1 << 10)
	b := setup(t, &scraper{}, func(c *server.Config) { c.Listener = lis })
	_ = lis.Close()
	select {
	case err := <-b.stopped:
		if err == nil {
			t.Error("Run returned nil although nothing was served")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Run goes on without a listener")
	}
}

// dialer connects to lis, whatever the address.
func dialer(lis *bufconn.Listener) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }
}

// inMemory returns a connection over lis.
func inMemory(t *testing.T, lis *bufconn.Listener, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///memory", append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(dialer(lis)))...)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestUnaryCallsAreCapped(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		call   func(context.Context, oddscachev1.ScraperServiceClient) error
		limit  time.Duration // the caller's own; 0 for none
		lasts  time.Duration // what the handler takes
		took   time.Duration
		code   codes.Code
		reason string
	}{
		{name: "no deadline", call: getCycle, lasts: time.Hour, took: 30 * time.Second, code: codes.DeadlineExceeded, reason: "DEADLINE_EXCEEDED"},
		{name: "a later deadline", call: getCycle, limit: time.Hour, lasts: time.Hour, took: 30 * time.Second, code: codes.DeadlineExceeded, reason: "DEADLINE_EXCEEDED"},
		{name: "an earlier deadline", call: getCycle, limit: 2 * time.Second, lasts: time.Hour, took: 2 * time.Second, code: codes.DeadlineExceeded},
		{name: "in time", call: getCycle, lasts: 29 * time.Second, took: 29 * time.Second},
		{name: "uncapped", call: runCycle, lasts: time.Hour, took: time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lis := bufconn.Listen(1 << 16)
				b := setup(t, &scraper{getCycle: func(ctx context.Context) error {
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(test.lasts):
						return nil
					}
				}}, func(c *server.Config) {
					c.Listener = lis
					c.Uncapped = []string{oddscachev1.ScraperService_RunCycle_FullMethodName}
				})
				conn := inMemory(t, lis)
				ctx, cancel := context.WithCancel(t.Context())
				if test.limit > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), test.limit)
				}
				defer cancel()
				start := time.Now()
				err := test.call(ctx, oddscachev1.NewScraperServiceClient(conn))
				check(t, err, test.code, test.reason)
				if took := time.Since(start); took != test.took {
					t.Errorf("it took %v, want %v", took, test.took)
				}
				_ = conn.Close()
				if err := b.ended(t); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func getCycle(ctx context.Context, c oddscachev1.ScraperServiceClient) error {
	_, err := c.GetCycle(ctx, &oddscachev1.GetCycleRequest{})
	return err
}

func runCycle(ctx context.Context, c oddscachev1.ScraperServiceClient) error {
	_, err := c.RunCycle(ctx, &oddscachev1.RunCycleRequest{})
	return err
}

// TestQuietStreamsMayBePinged lets an hour pass on a stream that says nothing, with a client that pings every 10 s:
// with gRPC's default policy the connection is closed as a flood within a minute.
func TestQuietStreamsMayBePinged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lis := bufconn.Listen(1 << 16)
		b := setup(t, &scraper{watch: func(stream grpc.ServerStreamingServer[oddscachev1.WatchProgressResponse]) error {
			select {
			case <-stream.Context().Done():
				return stream.Context().Err()
			case <-time.After(time.Hour):
				return stream.Send(&oddscachev1.WatchProgressResponse{})
			}
		}}, func(c *server.Config) { c.Listener = lis })
		conn := inMemory(t, lis, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true,
		}))
		stream, err := oddscachev1.NewScraperServiceClient(conn).WatchProgress(t.Context(), &oddscachev1.WatchProgressRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Errorf("the quiet stream got %v", err)
		}
		_ = conn.Close()
		if err := b.ended(t); err != nil {
			t.Error(err)
		}
	})
}
