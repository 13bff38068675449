// Package balancer is one address in front of several caches: it spreads the connections of clients over all addresses
// that a name has, so that one published port serves however many caches a Compose project is scaled to.
//
// It is not for production with a load balancer of its own, and knows neither gRPC nor TLS: it passes bytes on, so
// certificates and tokens are the caches' business.
package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// dialWithin bounds connecting to one backend; the next one is tried after it.
const dialWithin = time.Second

// Config says what a balancer does. All fields are needed.
type Config struct {
	// Listen is the address for clients.
	Listen string
	// To is the backends' host:port. The host is looked up for every connection, so that new backends are found.
	To string
	// MaxConnections bounds the connections at a time; further ones wait to be accepted.
	MaxConnections int
	// Resolve looks up the addresses of a host. Nil means the system's resolver.
	Resolve func(ctx context.Context, host string) ([]string, error)
	// Logger gets what goes wrong with a connection.
	Logger *slog.Logger
}

// Balancer is a balancer with an open listener. Use New.
type Balancer struct {
	cfg        Config
	host, port string
	listener   net.Listener
	slots      chan struct{} // one for each connection that is open
	load       load
}

// New opens the listener. Nothing is accepted before Run, which closes it.
func New(ctx context.Context, cfg Config) (*Balancer, error) {
	host, port, err := net.SplitHostPort(cfg.To)
	if err != nil {
		return nil, fmt.Errorf("to is %q (must be host:port)", cfg.To)
	}
	if cfg.MaxConnections < 1 {
		return nil, fmt.Errorf("max-connections is %d (must be at least 1)", cfg.MaxConnections)
	}
	if cfg.Resolve == nil {
		cfg.Resolve = net.DefaultResolver.LookupHost
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the listener: %w", err)
	}
	return &Balancer{
		cfg: cfg, host: host, port: port, listener: listener,
		slots: make(chan struct{}, cfg.MaxConnections), load: load{open: make(map[string]int)},
	}, nil
}

// Addr is where clients connect.
func (b *Balancer) Addr() net.Addr { return b.listener.Addr() }

// Run serves until ctx ends, then closes all connections and waits for them. Their clients reconnect: a balancer that
// passes bytes on cannot tell them to leave.
func (b *Balancer) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = b.listener.Close() })()
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		select {
		case b.slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		client, err := b.listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = client.Close()
			}
			return nil
		}
		if err != nil {
			return errors.Join(fmt.Errorf("accepting connections: %w", err), b.listener.Close())
		}
		serving.Go(func() { // ends with its connection, or with ctx
			defer func() { <-b.slots }()
			b.serve(ctx, client)
		})
	}
}

// serve connects one client with a backend until both are done.
func (b *Balancer) serve(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	backend, addr, err := b.dial(ctx)
	if err != nil {
		if ctx.Err() == nil {
			b.cfg.Logger.Warn("no backend takes a connection", "to", b.cfg.To, "error", err)
		}
		return
	}
	defer b.load.done(addr)
	defer func() { _ = backend.Close() }()
	defer context.AfterFunc(ctx, func() { _ = client.Close(); _ = backend.Close() })()
	var upwards sync.WaitGroup
	upwards.Go(func() { pass(backend, client) }) // ends when the client has sent everything, or either is closed
	pass(client, backend)
	_ = client.Close() // nothing can answer any more
	upwards.Wait()
}

// pass copies what from sends until it ends, and tells to about the end. How a connection ends is the peers' business.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// dial connects to the backend with the fewest connections, or to the next one when it does not answer.
func (b *Balancer) dial(ctx context.Context) (net.Conn, string, error) {
	hosts, err := b.cfg.Resolve(ctx, b.host)
	if err != nil {
		return nil, "", fmt.Errorf("looking up %s: %w", b.host, err)
	}
	var failed []error
	dialer := net.Dialer{Timeout: dialWithin}
	for len(hosts) > 0 {
		host := b.load.take(hosts)
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, b.port))
		if err == nil {
			return conn, host, nil
		}
		b.load.done(host)
		failed = append(failed, err)
		hosts = without(hosts, host)
	}
	return nil, "", fmt.Errorf("connecting to %d addresses: %w", len(failed), errors.Join(failed...))
}
