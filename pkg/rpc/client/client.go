// Package client makes gRPC connections with the settings that go with pkg/rpc/server: quiet connections are
// pinged, UNAVAILABLE is tried again, reconnecting is quick, several addresses are one target.
//
// It makes connections, not clients of any service, and it tries no stream again: the caller knows where to resume.
package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // lets connections follow a service's health
	"google.golang.org/grpc/keepalive"
)

// Defaults and fixed limits.
const (
	// DefaultMaxRecvBytes is gRPC's own default: four of the feed's largest batches.
	DefaultMaxRecvBytes = 4 << 20

	// A peer that went away without closing the connection is noticed after ping + pingTimeout. pkg/rpc/server allows a ping every 5 s.
	ping        = 20 * time.Second
	pingTimeout = 5 * time.Second

	// Reconnecting begins quickly, since most restarts take a second, and stays below the 3 s after which a cache
	// that hears nothing counts as stale.
	reconnectBase  = 100 * time.Millisecond
	reconnectMax   = 2 * time.Second
	connectTimeout = 5 * time.Second
)

// Policy is how calls and streams are spread over a target's addresses.
type Policy string

// The policies.
const (
	// RoundRobin, the default, takes the next ready address for every call and stream, so that trying again mostly
	// means trying another. Where only one of several can answer, HealthService finds it for certain.
	RoundRobin Policy = "round_robin"
	// PickFirst stays with the first address that answers until its connection breaks.
	PickFirst Policy = "pick_first"
)

// Options change a connection's settings. The zero value is an unencrypted connection that spreads its calls.
type Options struct {
	// Credentials encrypt the connection. Nil means plaintext.
	Credentials credentials.TransportCredentials
	// Token goes with every rpc; tokens.FromFile makes one. It needs Credentials that encrypt. Nil means none.
	Token credentials.PerRPCCredentials
	// Policy is RoundRobin when empty.
	Policy Policy
	// HealthService, when set, leaves out addresses on which this service's health is not SERVING. It needs
	// RoundRobin.
	HealthService string
	// NoRetry lists the rpcs that are never tried again, as "oddscache.v1.ScraperService/RunCycle". Every other unary
	// rpc is, when it gets UNAVAILABLE: up to 4 times in all.
	NoRetry []string
	// WaitForReady makes calls wait for a connection, within their deadline, and not fail while there is none.
	WaitForReady bool
	// MaxRecvBytes bounds a received message. DefaultMaxRecvBytes when 0.
	MaxRecvBytes int
	// Tracing makes spans of rpcs, by the process's global tracer provider.
	Tracing bool
	// DialOptions are added last and override the rest.
	DialOptions []grpc.DialOption
}

// New returns a connection to the target: "host:port", a comma list of them, or a gRPC name with a scheme. It dials
// when the first call is made. It returns ErrTarget for anything else. The caller closes it.
func New(target string, o Options) (*grpc.ClientConn, error) {
	name, list, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	config, err := o.serviceConfig()
	if err != nil {
		return nil, err
	}
	creds := o.Credentials
	if creds == nil {
		creds = insecure.NewCredentials()
	}
	limit := o.MaxRecvBytes
	if limit == 0 {
		limit = DefaultMaxRecvBytes
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: ping, Timeout: pingTimeout, PermitWithoutStream: true}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: reconnectBase, Multiplier: 1.6, Jitter: 0.2, MaxDelay: reconnectMax},
			MinConnectTimeout: connectTimeout,
		}),
		// No record of settings is looked up beside a name's addresses: in a network without a way out, each look would
		// wait for the name server's timeout before the first connection is tried.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(limit), grpc.WaitForReady(o.WaitForReady)),
		grpc.WithChainStreamInterceptor(streamOnce),
	}
	if list != nil {
		options = append(options, grpc.WithResolvers(list))
	}
	if o.Token != nil {
		options = append(options, grpc.WithPerRPCCredentials(o.Token))
	}
	if o.Tracing {
		options = append(options, grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	}
	conn, err := grpc.NewClient(name, append(options, o.DialOptions...)...)
	if err != nil {
		return nil, fmt.Errorf("making a connection to %q: %w", target, err)
	}
	return conn, nil
}

// streamOnce keeps gRPC from trying a stream again, which it does, by the policy that is meant for calls, as long as
// nothing was received on it: it would take a quiet stream whose peer died four keepalive timeouts to end. Without
// room to keep what was sent, the first message commits the stream to its attempt.
func streamOnce(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	streamer grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return streamer(ctx, desc, conn, method, append(slices.Clone(options), grpc.MaxRetryRPCBufferSize(0))...)
}
