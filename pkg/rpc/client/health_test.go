package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	rpcserver "github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestCheckHealth goes over a real port, by every way to write the address that the server listens on.
func TestCheckHealth(t *testing.T) {
	t.Parallel()
	table, err := rpcerr.NewTable()
	if err != nil {
		t.Fatal(err)
	}
	server, err := rpcserver.New(
		rpcserver.Config{Listen: "127.0.0.1:0", Errors: table, Logger: slog.New(slog.DiscardHandler)},
		func(r grpc.ServiceRegistrar) { oddscachev1.RegisterScraperServiceServer(r, &scraper{}) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }() // ends by stop
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	_, port, err := net.SplitHostPort(server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}

	for _, addr := range []string{"127.0.0.1:" + port, "localhost:" + port, ":" + port, "0.0.0.0:" + port} {
		if err := client.CheckHealth(t.Context(), addr, ""); err != nil {
			t.Errorf("liveness at %s: %v", addr, err)
		}
	}
	if err := client.CheckHealth(t.Context(), ":"+port, serviceName); !errors.Is(err, client.ErrNotServing) {
		t.Errorf("a service that is not ready: got %v, want ErrNotServing", err)
	}
	server.SetReady(true, serviceName)
	if err := client.CheckHealth(t.Context(), ":"+port, serviceName); err != nil {
		t.Errorf("a service that is ready: %v", err)
	}
	if err := client.CheckHealth(t.Context(), ":"+port, "no.Service"); status.Code(err) != codes.NotFound {
		t.Errorf("a service that does not exist: got %v, want NOT_FOUND", err)
	}
	if err := client.CheckHealth(t.Context(), "nonsense", ""); !errors.Is(err, client.ErrTarget) {
		t.Errorf("an address that is none: got %v, want ErrTarget", err)
	}
}
