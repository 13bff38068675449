// Package standalone runs the pair in one process: a private Postgres, simulated bookmakers unless the live ones are
// asked for, scraper and cache, and a display of what the cycles do.
//
// It is for trying things out on one machine, and not for production: there the services run as processes of their
// own. It adds nothing to what they do and reaches them only as anybody else can, through Config, New and Run and over
// gRPC.
package standalone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/oddscache/oddscache/services/standalone/internal/terminal"
)

// App is the pair in one process. Use New.
type App struct {
	cfg Config
	out io.Writer

	served    chan struct{} // closed when the cache serves the first cycle
	cacheAddr string        // written before served is closed
}

// New checks the configuration. Nothing is opened or started before Run. What is shown goes to out: with a progress
// bar when it is a terminal.
func New(cfg Config, out io.Writer) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if _, err := obs.NewLogger(out, obs.FormatText, cfg.LogLevel); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return &App{cfg: cfg, out: out, served: make(chan struct{})}, nil
}

// Served is closed when the cache serves the first cycle and examples of lookups were printed.
func (a *App) Served() <-chan struct{} { return a.served }

// CacheAddr is where the cache's gRPC services listen. It is known once Served is closed.
func (a *App) CacheAddr() string { return a.cacheAddr }

// Run starts everything and blocks until ctx ends or a part fails. It stops in the reverse order: first scraper and
// cache together, each in its own order, then the simulated bookmakers, then the private Postgres. Nothing is left
// behind but a DataDir that was asked for. It returns nil when ctx ended it.
func (a *App) Run(ctx context.Context) error {
	display := terminal.New(a.out)
	defer display.Close()
	log, err := obs.NewLogger(display, obs.FormatText, a.cfg.LogLevel)
	if err != nil {
		return fmt.Errorf("making the logger: %w", err)
	}
	s := &session{app: a, cfg: a.cfg, display: display, log: log}
	err = s.run(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	if err == nil {
		display.Line("everything has ended")
	}
	return err
}

// session is one Run.
type session struct {
	app     *App
	cfg     Config
	display *terminal.Display
	log     *slog.Logger
}

// run opens the parts in their order, runs them and closes them in the reverse order.
func (s *session) run(ctx context.Context) (err error) {
	db, err := s.openDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	books, err := s.openBookmakers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.close()) }()
	p, err := s.openPair(ctx, db.url, books.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return db.watch(ctx) })
	group.Go(func() error { return books.run(ctx) })
	group.Go(func() error { return p.run(ctx) })
	group.Go(func() error { return s.watch(ctx, p) })
	return group.Wait()
}
