package obs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Limits of the admin port.
const (
	// headerWithin and idleWithin keep idle or crawling connections from piling up. Responses have no limit: a CPU
	// profile takes as long as the request says.
	headerWithin = 5 * time.Second
	idleWithin   = 2 * time.Minute
	// maxHeaderBytes bounds a request's headers; net/http adds 4 kB to it.
	maxHeaderBytes = 16 << 10
	// defaultAdminGrace is how long a stop waits for responses that are being written.
	defaultAdminGrace = 2 * time.Second
)

// AdminConfig says what kind of admin server NewAdmin makes. Listen (or Listener), Registry and Logger are needed.
type AdminConfig struct {
	// Listen is the address, such as "127.0.0.1:7410". Port 0 lets the system choose. Whoever reaches it sees the
	// metrics and can take profiles, so it is a private address.
	Listen string
	// Listener is used instead of Listen when set. The server closes it.
	Listener net.Listener
	// Registry is shown under /metrics.
	Registry *prometheus.Registry
	// Ready returns nil when the service can do its work, otherwise what it is waiting for. It is called for every
	// /readyz and has to be quick. Nil means always ready.
	Ready func(context.Context) error
	// Logger gets what goes wrong in serving.
	Logger *slog.Logger
	// TLS encrypts the port. Nil means plaintext.
	TLS *tls.Config
	// Guard is put around all pages, to reject requests. Nil lets everybody see everything.
	Guard func(http.Handler) http.Handler
	// Grace is how long a stop waits for responses that are being written. 2 s when 0.
	Grace time.Duration
}

// Admin is the HTTP server of the admin port, with an open listener.
type Admin struct {
	listener net.Listener
	server   *http.Server
	grace    time.Duration
}

// NewAdmin opens the listener and makes the server. Nothing is served before Run. Whoever does not come to call Run
// calls Close.
func NewAdmin(cfg AdminConfig) (*Admin, error) {
	if cfg.Registry == nil || cfg.Logger == nil || (cfg.Listen == "" && cfg.Listener == nil) {
		return nil, errors.New("the admin server needs Listen, Registry and Logger")
	}
	if cfg.Ready == nil {
		cfg.Ready = func(context.Context) error { return nil }
	}
	if cfg.Guard == nil {
		cfg.Guard = func(pages http.Handler) http.Handler { return pages }
	}
	if cfg.Grace == 0 {
		cfg.Grace = defaultAdminGrace
	}
	listener := cfg.Listener
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", cfg.Listen); err != nil {
			return nil, fmt.Errorf("opening the admin listener: %w", err)
		}
	}
	level := slog.LevelWarn
	if cfg.TLS != nil {
		listener = tls.NewListener(listener, cfg.TLS)
		level = slog.LevelDebug // whoever reaches the port can make handshakes fail, as often as they like
	}
	return &Admin{
		listener: listener,
		grace:    cfg.Grace,
		server: &http.Server{
			Handler:           cfg.Guard(adminHandler(cfg.Registry, cfg.Ready)),
			ReadHeaderTimeout: headerWithin,
			IdleTimeout:       idleWithin,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), level),
		},
	}, nil
}

// Addr is where the server listens.
func (a *Admin) Addr() net.Addr { return a.listener.Addr() }

// Close lets go of the listener of a server that is not going to run.
func (a *Admin) Close() error {
	if err := errors.Join(a.server.Close(), a.listener.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the admin listener: %w", err)
	}
	return nil
}

// Run serves until ctx ends, then lets responses that are being written finish for as long as the grace period allows
// and cuts the rest. It returns nil after such a stop.
func (a *Admin) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- a.server.Serve(a.listener) }() // ends by Shutdown or Close
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serving the admin port: %w", err), a.Close())
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.grace)
	defer cancel()
	err := a.server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = a.server.Close()
	}
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	if err != nil {
		return fmt.Errorf("stopping the admin port: %w", err)
	}
	return nil
}
