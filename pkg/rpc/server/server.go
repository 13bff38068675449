// Package server is the gRPC server of both services: its listener is open before anything is served, health, reflection,
// metrics, logging, recovery and the error table are in place, and it stops in a written order.
//
//	listener       Limited: how many connections; counting: what is unread on each; TLS handshakes
//	interceptors   metrics, log, cap of unary rpcs, error table, guard, recovery, count of what is sent
//	handlers       registered by the service, which says by SetReady when it is ready
//
// It knows no service and no domain.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
)

// ErrShuttingDown is the cause with which the contexts of streams end when the server stops. Their callers get
// UNAVAILABLE with reason SHUTTING_DOWN, and reconnect.
var ErrShuttingDown = errors.New("the server is shutting down")

// ReasonShuttingDown is the reason of streams that the server ended.
const ReasonShuttingDown = "SHUTTING_DOWN"

// Server is a gRPC server with an open listener. Its methods may be called by several goroutines.
type Server struct {
	cfg        Config
	listener   net.Listener
	grpc       *grpc.Server
	health     *health.Server
	services   []string // what register added, without health and reflection
	rejections *rejections
	unread     *unread.Budget

	// draining ends when a stop ends the streams.
	draining context.Context //nolint:containedctx // it is a signal that outlives no rpc, not a request's context
	endAll   context.CancelFunc
}

// New opens the listener and makes the server; register adds the services. Nothing is served before Run. Whoever does
// not come to call Run calls Close.
//
// Every added service starts as NOT_SERVING until SetReady says otherwise; "" is SERVING, which means that the
// process lives.
func New(cfg Config, register func(grpc.ServiceRegistrar)) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("reading the rpc server's config: %w", err)
	}
	table, err := cfg.Errors.With(append(guard.Rules(), unreadRule(),
		rpcerr.Is(ErrShuttingDown, codes.Unavailable, ReasonShuttingDown).RetryAfter(100*time.Millisecond))...)
	if err != nil {
		return nil, fmt.Errorf("adding to the error table: %w", err)
	}

	s := &Server{cfg: cfg, health: health.NewServer(), rejections: newRejections(), unread: unread.New(cfg.Unread)}
	s.draining, s.endAll = context.WithCancel(context.Background())
	counted := newMetrics() // counts nothing before add was called
	s.grpc = grpc.NewServer(s.options(s.unary(table, counted), s.chain(table, counted))...)

	if err := s.open(register, counted); err != nil {
		s.endAll()
		s.grpc.Stop() // its goroutines wait for calls already
		return nil, err
	}
	return s, nil
}

// open registers what the server answers and opens its listener.
func (s *Server) open(register func(grpc.ServiceRegistrar), counted *metrics) error {
	register(s.grpc)
	for name := range s.grpc.GetServiceInfo() {
		s.services = append(s.services, name)
	}
	s.SetReady(false)
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)

	if s.cfg.Registry != nil {
		counted.add(s.grpc.GetServiceInfo())
		for _, c := range []prometheus.Collector{counted, s.rejections, s.unread} {
			if err := s.cfg.Registry.Register(c); err != nil {
				return fmt.Errorf("registering the rpc metrics: %w", err)
			}
		}
	}
	if s.cfg.Listener != nil {
		s.listener = s.counting(s.cfg.Listener)
		return nil
	}
	opened, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("opening the rpc listener: %w", err)
	}
	s.listener = Limited(s.counting(opened), s.cfg.MaxConnections, s.cfg.MaxConnectionsPerHost, s.rejections.overLimit)
	return nil
}

// Methods lists the full names of the rpcs that the server answers, health and reflection included, for whoever checks
// that each has a row in a table of rights.
func (s *Server) Methods() []string {
	var all []string
	for service, info := range s.grpc.GetServiceInfo() {
		for _, rpc := range info.Methods {
			all = append(all, "/"+service+"/"+rpc.Name)
		}
	}
	slices.Sort(all)
	return all
}

// options are the gRPC server's, the config's own last.
func (s *Server) options(unary grpc.UnaryServerInterceptor, stream []grpc.StreamServerInterceptor) []grpc.ServerOption {
	options := []grpc.ServerOption{
		grpc.UnaryInterceptor(unary),
		grpc.ChainStreamInterceptor(stream...),
		grpc.MaxRecvMsgSize(s.cfg.MaxRecvBytes),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxConcurrentStreams(uint32(s.cfg.MaxStreams)),
		grpc.ConnectionTimeout(handshakeWithin),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			Time: serverPing, Timeout: serverPingTimeout, MaxConnectionAge: s.cfg.MaxConnectionAge,
		}),
		// Whoever closes what handlers use, a pool as a rule, does so after Run: no handler may run by then.
		grpc.WaitForHandlers(true),
		grpc.ForceServerCodecV2(unread.Codec{CodecV2: s.cfg.Codec}),
	}
	if s.cfg.TLS != nil {
		options = append(options, grpc.Creds(s.rejections.credentials(s.cfg.TLS, s.cfg.Logger)))
	}
	if s.cfg.Tracing {
		options = append(options, grpc.StatsHandler(otelgrpc.NewServerHandler()))
	}
	return append(options, s.cfg.Options...)
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// SetReady sets the health of the named services, or of all that were registered: SERVING or NOT_SERVING. It has no
// effect once the server stops.
func (s *Server) SetReady(ready bool, services ...string) {
	status := healthpb.HealthCheckResponse_NOT_SERVING
	if ready {
		status = healthpb.HealthCheckResponse_SERVING
	}
	if len(services) == 0 {
		services = s.services
	}
	for _, name := range services {
		s.health.SetServingStatus(name, status)
	}
}

// Close lets go of the listener of a server that is not going to run.
func (s *Server) Close() error {
	s.endAll()
	s.grpc.Stop()
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the rpc listener: %w", err)
	}
	return nil
}
