package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	rpcclient "github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	rpcserver "github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/test/bufconn"
)

// scraper responds as its function says, and counts its calls.
type scraper struct {
	oddscachev1.UnimplementedScraperServiceServer
	calls   atomic.Int64
	respond func(n int64) error
	reject  error // ends streams at once when set
}

func (s *scraper) GetCycle(context.Context, *oddscachev1.GetCycleRequest) (*oddscachev1.GetCycleResponse, error) {
	return &oddscachev1.GetCycleResponse{}, s.respond(s.calls.Add(1))
}

func (s *scraper) RunCycle(context.Context, *oddscachev1.RunCycleRequest) (*oddscachev1.RunCycleResponse, error) {
	return &oddscachev1.RunCycleResponse{}, s.respond(s.calls.Add(1))
}

func (s *scraper) WatchProgress(_ *oddscachev1.WatchProgressRequest, stream grpc.ServerStreamingServer[oddscachev1.WatchProgressResponse]) error {
	s.calls.Add(1)
	if s.reject != nil {
		return s.reject
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// network is servers in memory, by address.
type network map[string]*bufconn.Listener

// dial is the option that connects to them. Whatever is not in the map refuses.
func (n network) dial() grpc.DialOption {
	return grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
		lis, ok := n[addr]
		if !ok {
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}
		return lis.DialContext(ctx)
	})
}

// serve runs a server at the address until t ends; it is ready when it is told so.
func (n network) serve(t *testing.T, addr string, service *scraper, ready bool) *rpcserver.Server {
	t.Helper()
	table, err := rpcerr.NewTable(rpcerr.Is(errNotWriter, codes.Unavailable, "NOT_WRITER"))
	if err != nil {
		t.Fatal(err)
	}
	n[addr] = bufconn.Listen(1 << 16)
	server, err := rpcserver.New(
		rpcserver.Config{Listener: n[addr], Errors: table, Logger: slog.New(slog.DiscardHandler), Grace: time.Second},
		func(r grpc.ServiceRegistrar) { oddscachev1.RegisterScraperServiceServer(r, service) })
	if err != nil {
		t.Fatal(err)
	}
	server.SetReady(ready)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }() // ends by stop, in the cleanup
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stopping the server: %v", err)
		}
	})
	return server
}

// connect returns a client of the target.
func (n network) connect(t *testing.T, target string, o rpcclient.Options) oddscachev1.ScraperServiceClient {
	t.Helper()
	o.DialOptions = append(o.DialOptions, n.dial())
	conn, err := rpcclient.New(target, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return oddscachev1.NewScraperServiceClient(conn)
}
