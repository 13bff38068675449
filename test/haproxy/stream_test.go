package haproxy

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// TestSilentStreamLives has a stream on which nothing is said for several times HAProxy's timeouts, which are short here.
// The server's pings keep it, as those of the caches do. Without them it is cut, so the test would see it.
func TestSilentStreamLives(t *testing.T) {
	t.Parallel()
	config := edited(t, "timeout client 10m", "timeout client 2500ms", "timeout server 10m", "timeout server 2500ms")
	for name, ping := range map[string]time.Duration{"with pings": time.Second, "without pings": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caches := newFleet(t, 0)
			service := serveHealth(t, caches, ping)
			p := start(t, caches, config)
			conn, err := grpc.NewClient(p.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			stream, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(7*time.Second, func() { service.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING) })
			defer timer.Stop()
			message, err := stream.Recv()
			switch {
			case ping < time.Minute && message.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING:
				t.Errorf("a stream with pings was cut: %v", err)
			case ping > time.Minute && status.Code(err) != codes.Unavailable:
				t.Errorf("a stream without pings was not cut: %v, %v", message, err)
			}
		})
	}
}

// serveHealth runs a gRPC server with nothing but health as the one cache.
func serveHealth(t *testing.T, caches *fleet, ping time.Duration) *health.Server {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, caches.port, _ = net.SplitHostPort(l.Addr().String())
	caches.healthPort = "1" // it is not asked for: a cache that is warming is reached as well
	caches.names.set(netip.MustParseAddr("127.0.0.1"))
	server := grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{Time: ping}))
	service := health.NewServer()
	healthpb.RegisterHealthServer(server, service)
	served := make(chan struct{})
	go func() { _ = server.Serve(l); close(served) }() // ends by Stop
	t.Cleanup(func() { server.Stop(); <-served })
	return service
}
