package server_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	rpcserver "github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

// BenchmarkUnary compares an empty call to a bare gRPC server with one through everything that this package adds.
func BenchmarkUnary(b *testing.B) {
	service := &scraper{getCycle: func(context.Context) error { return nil }}
	register := func(r grpc.ServiceRegistrar) { oddscachev1.RegisterScraperServiceServer(r, service) }

	b.Run("bare", func(b *testing.B) {
		lis := bufconn.Listen(1 << 20)
		server := grpc.NewServer()
		register(server)
		go func() { _ = server.Serve(lis) }() // ends by Stop
		defer server.Stop()
		callAll(b, lis)
	})
	for name, tracing := range map[string]bool{"served": false, "traced": true} {
		b.Run(name, func(b *testing.B) {
			lis := bufconn.Listen(1 << 20)
			table, err := rpcerr.NewTable()
			if err != nil {
				b.Fatal(err)
			}
			server, err := rpcserver.New(rpcserver.Config{
				Listener: lis, Errors: table, Tracing: tracing, Registry: prometheus.NewRegistry(),
				Logger: slog.New(slog.NewTextHandler(b.Output(), nil)),
			}, register)
			if err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- server.Run(ctx) }() // ends by stop
			callAll(b, lis)
			stop()
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		})
	}
}

// callAll makes the benchmark's calls.
func callAll(b *testing.B, lis *bufconn.Listener) {
	b.Helper()
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(dialer(lis)))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client := oddscachev1.NewScraperServiceClient(conn)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.GetCycle(context.Background(), &oddscachev1.GetCycleRequest{}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
