package bookiesim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// App is a simulator. Use New; a made App must be run, or closed.
type App struct {
	log   *slog.Logger
	world *sim.World
	sites []site
}

// site is an address with what is served there.
type site struct {
	name     string // the bookmaker's; "all" for all of them
	listener net.Listener
	handler  http.Handler
}

// New makes the world and opens every listener, so that requests wait for Run instead of being refused.
func New(ctx context.Context, cfg Config, log *slog.Logger) (app *App, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	worldConfig, err := cfg.World()
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	a := &App{log: log}
	if a.world, err = sim.New(worldConfig); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if err := a.listen(ctx, "all", cfg.Listen, a.world.Combined()); err != nil {
		return nil, err
	}
	for _, name := range sim.Bookmakers() {
		if address := cfg.address(name); address != "" {
			if err := a.listen(ctx, name, address, a.world.Handler(name)); err != nil {
				return nil, err
			}
		}
	}
	return a, nil
}

func (a *App) listen(ctx context.Context, name, address string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening for %s: %w", name, err)
	}
	a.sites = append(a.sites, site{name: name, listener: listener, handler: handler})
	return nil
}

// World is what is served, for tests and programs that move it themselves.
func (a *App) World() *sim.World { return a.world }

// Addr is where a bookmaker alone is served, and nil where it is not; the empty name means all bookmakers together.
func (a *App) Addr(bookmaker string) net.Addr {
	for _, s := range a.sites {
		if s.name == cmp.Or(bookmaker, "all") {
			return s.listener.Addr()
		}
	}
	return nil
}

// Run serves until ctx ends; a request that waits for a simulated latency is cut short then.
func (a *App) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range a.sites {
		a.log.Info("listening", "bookmaker", s.name, "address", s.listener.Addr().String())
		group.Go(func() error { return sim.ServeHandler(ctx, s.listener, s.handler) }) // ends with ctx
	}
	state := a.world.State()
	a.log.Info("the world is ready", "events", state.Events, "offered", fmt.Sprint(state.Offered))
	return group.Wait() //nolint:wrapcheck // ServeHandler says what was being done
}

// Close releases what New opened. It is for an App that is not run.
func (a *App) Close() error {
	errs := make([]error, 0, len(a.sites))
	for _, s := range a.sites {
		errs = append(errs, s.listener.Close())
	}
	return errors.Join(errs...)
}
