package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/auth"
	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
	"github.com/oddscache/oddscache/services/cache/internal/metrics"
	"github.com/oddscache/oddscache/services/cache/internal/replica"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// maxFeedBytes bounds a message of the feed: a batch has 1 MiB, but an entry that is larger travels alone.
const maxFeedBytes = 64 << 20

// App is a cache. Use New; an App that is made must be run, or closed.
type App struct {
	log      *slog.Logger
	store    *store.Store
	watches  *watch.Watches
	replica  *replica.Replica
	feed     *grpc.ClientConn
	security *auth.Security
	server   *server.Server
	admin    *obs.Admin
}

// New builds a cache and opens its listeners. Nothing is served and nothing is dialled before Run.
func New(_ context.Context, cfg Config, log *slog.Logger) (app *App, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	a := &App{log: log, store: store.New()}
	a.watches = watch.New(a.store, cfg.MaxWatches)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.security, err = openSecurity(cfg, log); err != nil {
		return nil, err
	}
	registry, err := obs.NewRegistry("cache")
	if err != nil {
		return nil, fmt.Errorf("making the metrics registry: %w", err)
	}
	lookups := api.NewLookups()
	if err := a.listen(cfg, registry, lookups); err != nil {
		return nil, err
	}
	if err := a.follow(cfg, registry, lookups); err != nil {
		return nil, err
	}
	return a, nil
}

// listen opens the two listeners.
func (a *App) listen(cfg Config, registry *prometheus.Registry, lookups *api.Lookups) error {
	table, err := api.Errors()
	if err != nil {
		return fmt.Errorf("making the error table: %w", err)
	}
	a.server, err = server.New(server.Config{
		Listen: cfg.Listen, Errors: table, Logger: a.log, Registry: registry, Tracing: cfg.Tracing,
		Grace: cfg.StopGrace, MaxConnectionAge: cfg.MaxConnectionAge, Codec: rawpb.NewCodec(),
		Uncapped: lookupRPCs(), TLS: a.security.TLS(), Guard: a.security.RPCs(), MaxStreams: cfg.MaxStreams,
		MaxConnections: cfg.MaxConnections, MaxConnectionsPerHost: cfg.MaxConnectionsPerHost,
		Unread:  cfg.unread(),
		Options: []grpc.ServerOption{grpc.NumStreamWorkers(keptHandlers)},
	}, api.New(a.store, lookups, a.watches).Register)
	if err != nil {
		return fmt.Errorf("opening the gRPC server: %w", err)
	}
	a.admin, err = obs.NewAdmin(obs.AdminConfig{
		Listen: cfg.AdminListen, Registry: registry, Ready: a.ready, Logger: a.log,
		TLS: a.security.TLS(), Guard: a.security.Pages,
	})
	if err != nil {
		return fmt.Errorf("opening the admin server: %w", err)
	}
	return a.security.Register(registry)
}

// keptHandlers is how many goroutines wait for calls, beside those that are made while all are busy: their stacks have
// grown already, which takes a tenth of what a lookup costs (docs/benchmarks.md). Long streams keep theirs to themselves.
const keptHandlers = 256

// lookupRPCs are the rpcs that answer from memory. None of them waits but for a revision, and that wait is bounded, so they
// do without the server's timer for each call.
func lookupRPCs() []string {
	var all []string
	for _, m := range oddscachev1.OddsCacheService_ServiceDesc.Methods {
		all = append(all, "/"+oddscachev1.OddsCacheService_ServiceDesc.ServiceName+"/"+m.MethodName)
	}
	return all
}

// follow prepares the connection to the scrapers and what follows their feed.
func (a *App) follow(cfg Config, registry *prometheus.Registry, lookups *api.Lookups) error {
	var err error
	a.feed, err = client.New(cfg.Feed, client.Options{
		Credentials:  a.security.ClientCredentials(),
		MaxRecvBytes: maxFeedBytes,
		NoRetry:      []string{oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName}, // the replica does that
	})
	if err != nil {
		return fmt.Errorf("reading feed: %w", err)
	}
	counted := metrics.NewFeed()
	a.replica, err = replica.New(replica.Config{
		ID: cfg.replicaID(a.server.Addr()), Conn: a.feed, Store: a.store, LookupCount: lookups.Count,
		Observer: counted, Logger: a.log,
	})
	if err != nil {
		return fmt.Errorf("making the replica: %w", err)
	}
	for _, c := range []prometheus.Collector{counted, metrics.NewHeld(a.store, lookups, a.replica.SourceHead), metrics.NewWatches(a.watches)} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("registering the cache's metrics: %w", err)
		}
	}
	return nil
}

// ready is what /readyz shows: nil once there is something to answer from.
func (a *App) ready(context.Context) error {
	_, err := a.store.View()
	return err
}

// Addr is where lookups are answered.
func (a *App) Addr() net.Addr { return a.server.Addr() }

// AdminAddr is where metrics, health and pprof are served.
func (a *App) AdminAddr() net.Addr { return a.admin.Addr() }

// Run follows the feed and answers until ctx ends, then stops: health says NOT_SERVING, streams end, calls finish
// within the grace period, and the feed is left. It returns nil after such a stop, and may be called once.
func (a *App) Run(ctx context.Context) error {
	following, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { defer leave(); return a.server.Run(ctx) }) // the feed is followed for as long as calls run
	group.Go(func() error { return a.admin.Run(ctx) })
	group.Go(func() error { return a.replica.Run(following) })
	group.Go(func() error { a.announce(following); return nil })
	group.Go(func() error { return a.security.Run(following) })
	a.log.Info("cache serves", "listen", a.Addr().String(), "admin", a.AdminAddr().String())
	err := group.Wait()
	if closeErr := a.feed.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("closing the connection to the feed: %w", closeErr))
	}
	return err
}

// announce makes the service's health SERVING when there is something to answer from. It stays so: a cache that lost
// its feed answers, and says STALE.
func (a *App) announce(ctx context.Context) {
	select {
	case <-a.store.Ready():
		a.server.SetReady(true, oddscachev1.OddsCacheService_ServiceDesc.ServiceName)
	case <-ctx.Done():
	}
}

// Close releases what New opened. It is for an App that is not run.
func (a *App) Close() error {
	var errs []error
	if a.server != nil {
		errs = append(errs, a.server.Close())
	}
	if a.admin != nil {
		errs = append(errs, a.admin.Close())
	}
	if a.feed != nil {
		errs = append(errs, a.feed.Close())
	}
	return errors.Join(errs...)
}
