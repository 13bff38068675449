package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"time"

	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
)

// Defaults and fixed limits.
const (
	// DefaultGrace fits into the 10 s that container engines give a process before they kill it.
	DefaultGrace = 8 * time.Second
	// DefaultMaxUnary bounds unary rpcs.
	DefaultMaxUnary = 30 * time.Second
	// DefaultMaxRecvBytes is gRPC's own default.
	DefaultMaxRecvBytes = 4 << 20
	// DefaultMaxStreams is far more than a connection of pkg/rpc/client has calls and streams under way. A client that
	// has more waits; one that opens more nevertheless is rejected.
	DefaultMaxStreams = 250
	// DefaultMaxConnections and DefaultMaxConnectionsPerHost keep one host from using up what is there for all. Together
	// with DefaultMaxStreams they bound what a caller can hold before it is authenticated: a request that is sent in part, or
	// a stream of the health service.
	DefaultMaxConnections        = 4096
	DefaultMaxConnectionsPerHost = 128

	// minPing is how often a client may ping. gRPC's default of 5 minutes makes a server close connections whose
	// clients look after quiet streams, with "too_many_pings"; pkg/rpc/client pings every 20 s.
	minPing = 5 * time.Second
	// serverPing and serverPingTimeout find clients that went away without a word.
	serverPing        = 30 * time.Second
	serverPingTimeout = 10 * time.Second
	// maxHeaderBytes bounds the headers of an rpc, as HTTP/2 counts them. A token and a trace need some 400 bytes.
	maxHeaderBytes = 16 << 10
	// handshakeWithin bounds TLS and HTTP/2 handshakes together; whoever is slower is cut off.
	handshakeWithin = 5 * time.Second
	// stopTimeout is how long handlers may go on after their connections were cut.
	stopTimeout = 5 * time.Second
)

// Config says what kind of server New makes. Listen (or Listener), Errors and Logger are needed; zero values
// elsewhere mean the defaults.
type Config struct {
	// Listen is the address, such as "127.0.0.1:7400". Port 0 lets the system choose; Addr tells which.
	Listen string
	// Listener is used instead of Listen when set, for servers in memory. The server closes it.
	Listener net.Listener
	// Errors is the service's table. The server adds its own rule for what ends with it.
	Errors *rpcerr.Table
	// Logger gets one line for a finished rpc: at debug for success and for what callers bring about themselves, at
	// warn for the rest.
	Logger *slog.Logger
	// Registry gets the rpc metrics. A registry takes one server. Nil means no metrics.
	Registry prometheus.Registerer
	// Tracing makes spans of rpcs, by the process's global tracer provider. It costs some allocations an rpc even
	// when nothing is sampled.
	Tracing bool

	// TLS encrypts the port. Nil means plaintext.
	TLS *tls.Config
	// Guard lets callers in or rejects them. Nil lets everybody call everything.
	Guard *guard.Guard

	// Grace is how long a stop waits for rpcs that are under way; then they are cut. DefaultGrace when 0.
	Grace time.Duration
	// MaxUnary bounds unary rpcs whose callers gave no deadline, or a later one. DefaultMaxUnary when 0.
	MaxUnary time.Duration
	// Uncapped lists the full names of unary rpcs that may outlast MaxUnary: "/oddscache.v1.ScraperService/RunCycle".
	Uncapped []string
	// MaxRecvBytes bounds a received message. DefaultMaxRecvBytes when 0.
	MaxRecvBytes int
	// MaxStreams bounds the calls and streams under way on one connection. DefaultMaxStreams when 0.
	MaxStreams int
	// MaxConnections bounds the connections that are open, MaxConnectionsPerHost those from one address. Their defaults
	// when 0.
	MaxConnections, MaxConnectionsPerHost int
	// Unread bounds what is held of messages that clients do not read. Connections in it is not used.
	Unread unread.Limits
	// Uncounted lists the full names of streams whose messages Unread does not count, because few are allowed them.
	Uncounted []string
	// MaxConnectionAge closes connections that are older, streams and all, so that lookups spread over new replicas.
	// 0 lets them live; whoever serves long streams leaves it so.
	MaxConnectionAge time.Duration

	// Codec replaces the protobuf codec for every rpc, health and reflection included: it has to fall back to the
	// usual one for messages that it does not know. Nil means the usual one.
	Codec encoding.CodecV2
	// Drain is called at a stop after health has become NOT_SERVING and before streams are ended; its context ends
	// when the grace period does. Nil means nothing to do.
	Drain func(context.Context)
	// Options are added last. Interceptors among them run inside of the server's own.
	Options []grpc.ServerOption
}

// withDefaults returns the config with its defaults filled in.
func (c Config) withDefaults() Config {
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if c.MaxUnary == 0 {
		c.MaxUnary = DefaultMaxUnary
	}
	if c.MaxRecvBytes == 0 {
		c.MaxRecvBytes = DefaultMaxRecvBytes
	}
	c.MaxStreams = cmp.Or(c.MaxStreams, DefaultMaxStreams)
	c.MaxConnections = cmp.Or(c.MaxConnections, DefaultMaxConnections)
	c.MaxConnectionsPerHost = cmp.Or(c.MaxConnectionsPerHost, DefaultMaxConnectionsPerHost)
	c.Unread.Connections = c.MaxConnections
	if c.Codec == nil {
		c.Codec = encoding.GetCodecV2(proto.Name)
	}
	if c.Drain == nil {
		c.Drain = func(context.Context) {}
	}
	return c
}

// validate reports everything that is wrong with the config at once.
func (c Config) validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.Listen == "" && c.Listener == nil {
		bad("Listen is empty (must be an address such as 127.0.0.1:7400)")
	}
	if c.Errors == nil {
		bad("Errors is nil (must be the service's table)")
	}
	if c.Logger == nil {
		bad("Logger is nil")
	}
	for name, d := range map[string]time.Duration{
		"Grace": c.Grace, "MaxUnary": c.MaxUnary, "MaxConnectionAge": c.MaxConnectionAge,
	} {
		if d < 0 {
			bad("%s is %v (must not be negative)", name, d)
		}
	}
	for name, n := range map[string]int{
		"MaxRecvBytes": c.MaxRecvBytes, "MaxStreams": c.MaxStreams, "MaxConnections": c.MaxConnections,
		"MaxConnectionsPerHost": c.MaxConnectionsPerHost,
	} {
		if n < 0 || n > math.MaxInt32 {
			bad("%s is %d (must be 0, for the default, to %d)", name, n, math.MaxInt32)
		}
	}
	return errors.Join(append(problems, c.Unread.Problems()...)...)
}

// maxLimit bounds the limits of streams and connections.
const maxLimit = 1_000_000

// LimitProblems returns what is wrong with a service's settings of these names, each with its value and limit. 0 is the
// default.
func LimitProblems(maxStreams, maxConnections, maxConnectionsPerHost int) []error {
	var problems []error
	for _, n := range []struct {
		field string
		value int
	}{
		{"max-streams", maxStreams},
		{"max-connections", maxConnections},
		{"max-connections-per-host", maxConnectionsPerHost},
	} {
		if n.value < 0 || n.value > maxLimit {
			problems = append(problems, fmt.Errorf("%s is %d (must be 0, for the default, to %d)", n.field, n.value, maxLimit))
		}
	}
	return problems
}
