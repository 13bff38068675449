package client

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// ErrNotServing is returned by CheckHealth for a service that answers, but is not ready.
var ErrNotServing = errors.New("not serving")

// CheckHealth asks the server at addr for the health of a service; "" asks whether the process lives. It is what the
// binaries' healthcheck commands do, so addr may be what a server was told to listen on: a host that stands for all
// interfaces is reached over loopback. It returns ErrNotServing for every response but SERVING. The options are added to
// those of New; a server that speaks TLS is asked with certs.HealthOptions.
func CheckHealth(ctx context.Context, addr, service string, options ...grpc.DialOption) error {
	conn, err := New(loopback(addr), Options{DialOptions: options})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // an error of closing says nothing about the health
	response, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		return fmt.Errorf("asking %s for the health of %q: %w", addr, service, err)
	}
	if status := response.GetStatus(); status != healthpb.HealthCheckResponse_SERVING {
		return fmt.Errorf("health of %q at %s is %v: %w", service, addr, status, ErrNotServing)
	}
	return nil
}

// loopback replaces a host that is no place to dial: none, 0.0.0.0 or ::.
func loopback(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	ip := net.ParseIP(host)
	switch {
	case host == "", ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		return net.JoinHostPort("127.0.0.1", port)
	case ip != nil && ip.IsUnspecified():
		return net.JoinHostPort("::1", port)
	default:
		return addr
	}
}
