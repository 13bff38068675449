package client_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	rpcclient "github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const serviceName = "oddscache.v1.ScraperService"

var errNotWriter = errors.New("not the writer")

func fine(int64) error { return nil }

// unavailableUntil is UNAVAILABLE until the nth call.
func unavailableUntil(nth int64) func(int64) error {
	return func(n int64) error {
		if n < nth {
			return errNotWriter
		}
		return nil
	}
}

func TestUnavailableIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		respond func(int64) error
		options rpcclient.Options
		call    func(context.Context, oddscachev1.ScraperServiceClient) error
		calls   int64
		code    codes.Code
	}{
		{name: "until it is there", respond: unavailableUntil(3), call: getCycle, calls: 3},
		{name: "but not for ever", respond: unavailableUntil(99), call: getCycle, calls: 4, code: codes.Unavailable},
		{
			name: "nor when NoRetry lists it", respond: unavailableUntil(3), call: runCycle, calls: 1, code: codes.Unavailable,
			options: rpcclient.Options{NoRetry: []string{oddscachev1.ScraperService_RunCycle_FullMethodName}},
		},
		{
			name: "others still are", respond: unavailableUntil(3), call: getCycle, calls: 3,
			options: rpcclient.Options{NoRetry: []string{oddscachev1.ScraperService_RunCycle_FullMethodName}},
		},
		{
			name: "nor any other code", call: getCycle, calls: 1, code: codes.Internal,
			respond: func(int64) error { return errors.New("a bug") },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, service := network{}, &scraper{respond: test.respond}
				n.serve(t, "one:1", service, true)
				// The name is not resolved by DNS, which knows no bubble; two addresses make it a list.
				err := test.call(t.Context(), n.connect(t, "one:1,one:1", test.options))
				if status.Code(err) != test.code || service.calls.Load() != test.calls {
					t.Errorf("called %d times and got %v; want %d times and %v", service.calls.Load(), err, test.calls, test.code)
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

// TestAListFindsTheWriter has one standby that answers UNAVAILABLE, and one writer.
func TestAListFindsTheWriter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, standby, writer := network{}, &scraper{respond: unavailableUntil(1 << 60)}, &scraper{respond: fine}
		n.serve(t, "standby:1", standby, true)
		n.serve(t, "writer:2", writer, true)
		client := n.connect(t, " standby:1 ,writer:2,", rpcclient.Options{WaitForReady: true})
		if err := getCycle(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // until both connections are ready
		for range 19 {
			if err := getCycle(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		if writer.calls.Load() != 20 || standby.calls.Load() == 0 {
			t.Errorf("the writer was called %d times, the standby %d", writer.calls.Load(), standby.calls.Load())
		}
	})
}

func TestHealthLeavesOutWhoIsNotReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, standby, writer := network{}, &scraper{respond: fine}, &scraper{respond: fine}
		standbyServer := n.serve(t, "standby:1", standby, false)
		n.serve(t, "writer:2", writer, true)
		client := n.connect(t, "standby:1,gone:9,writer:2", rpcclient.Options{HealthService: serviceName, WaitForReady: true})
		call := func() {
			for range 10 {
				if err := getCycle(t.Context(), client); err != nil {
					t.Fatal(err)
				}
			}
		}
		call()
		if standby.calls.Load() != 0 {
			t.Errorf("the one that is not ready was called %d times", standby.calls.Load())
		}
		standbyServer.SetReady(true)
		synctest.Wait()
		call()
		if standby.calls.Load() == 0 {
			t.Error("it was not called when it had become ready")
		}
	})
}

// TestStreamsAreNotTriedAgain leaves that to whoever follows the stream and knows where to resume.
func TestStreamsAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, service := network{}, &scraper{reject: errNotWriter}
		n.serve(t, "one:1", service, true)
		client := n.connect(t, "one:1,one:1", rpcclient.Options{WaitForReady: true})
		stream, err := client.WatchProgress(t.Context(), &oddscachev1.WatchProgressRequest{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = stream.Recv()
		if rpcerr.Reason(err) != "NOT_WRITER" || service.calls.Load() != 1 || time.Since(start) > 0 {
			t.Errorf("called %d times in %v and got %v", service.calls.Load(), time.Since(start), err)
		}
	})
}

// deafConn swallows what is written once it is told to, as a peer does whose machine went away.
type deafConn struct {
	net.Conn
	deaf *atomic.Bool
}

func (c deafConn) Write(p []byte) (int, error) {
	if c.deaf.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func TestASilentPeerIsNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, deaf := network{}, &atomic.Bool{}
		n.serve(t, "one:1", &scraper{respond: fine}, true)
		conn, err := rpcclient.New("one:1,one:1", rpcclient.Options{DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				c, err := n["one:1"].DialContext(ctx)
				return deafConn{Conn: c, deaf: deaf}, err
			}),
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		client := oddscachev1.NewScraperServiceClient(conn)
		if err := getCycle(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		stream, err := client.WatchProgress(t.Context(), &oddscachev1.WatchProgressRequest{})
		if err != nil {
			t.Fatal(err)
		}
		deaf.Store(true)
		start := time.Now()
		_, err = stream.Recv()
		if took := time.Since(start); status.Code(err) != codes.Unavailable || took > 25*time.Second {
			t.Errorf("the stream ended after %v with %v; want UNAVAILABLE within 25 s", took, err)
		}
	})
}

func TestNewRejectsBadTargetsAndOptions(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"", " , ", "localhost", "localhost:", "a:1,b", "http//x"} {
		if conn, err := rpcclient.New(target, rpcclient.Options{}); !errors.Is(err, rpcclient.ErrTarget) {
			t.Errorf("%q: got %v, want ErrTarget", target, err)
			if conn != nil {
				_ = conn.Close()
			}
		}
	}
	for name, o := range map[string]rpcclient.Options{
		"policy": {Policy: "random"}, "rpc": {NoRetry: []string{"RunCycle"}},
		"health": {HealthService: serviceName, Policy: rpcclient.PickFirst},
	} {
		if conn, err := rpcclient.New("localhost:1", o); err == nil {
			_ = conn.Close()
			t.Errorf("a bad %s was taken", name)
		}
	}
	for _, target := range []string{"localhost:7401", "127.0.0.1:7401", "[::1]:7401", "dns:///scraper:7401", "unix:/run/scraper.sock", "a:1,b:2"} {
		conn, err := rpcclient.New(target, rpcclient.Options{Policy: rpcclient.PickFirst, Tracing: true})
		if err != nil {
			t.Errorf("%q: %v", target, err)
			continue
		}
		_ = conn.Close()
	}
}
