package scraper

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
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/api"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
	"github.com/oddscache/oddscache/services/scraper/internal/leader"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/metrics"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// App is a scraper. Use New; a made App must be run, or closed.
type App struct {
	cfg      Config
	log      *slog.Logger
	store    *store.Store
	engine   *cycle.Engine
	feed     *feed.Server
	clients  []*client.Client
	leader   *leader.Leader
	metrics  *metrics.Set
	server   *server.Server
	admin    *obs.Admin
	security *auth.Security

	stopLeading context.CancelFunc // set by Run
	led         chan struct{}      // closed when leading has ended
}

// New builds a scraper and opens its listeners. Nothing runs before Run, and nothing is read from the database.
func New(ctx context.Context, cfg Config, log *slog.Logger) (app *App, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	a := &App{cfg: cfg, log: log, feed: feed.New(log), metrics: metrics.NewSet(cfg.HistoryRetention), led: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.security, err = openSecurity(cfg, log); err != nil {
		return nil, err
	}
	clocks := clock.New(cfg.Clock)
	if a.store, err = openStore(ctx, cfg, clocks, log); err != nil {
		return nil, err
	}
	group, err := limit.NewGroup(cfg.limits())
	if err != nil {
		return nil, fmt.Errorf("making the limiters: %w", err)
	}
	table, err := mapping.Default() // its data is checked here
	if err != nil {
		return nil, fmt.Errorf("loading the mapping: %w", err)
	}
	if a.clients, err = newClients(cfg, table, group, a.metrics.Observer(), clocks); err != nil {
		return nil, err
	}
	a.engine = newEngine(cfg, a.clients, group, a.feed.AwaitVisible, clocks, log)
	a.engine.Instruments = a.metrics.Instruments(cfg.limits())
	registry, err := obs.NewRegistry("scraper")
	if err != nil {
		return nil, fmt.Errorf("making the metrics registry: %w", err)
	}
	err = a.metrics.Register(registry, metrics.Sources{Engine: a.engine, Feed: a.feed, Limits: group, Store: a.store})
	if err != nil {
		return nil, err
	}
	if err := a.listen(registry, api.NewHistory(a.store, table)); err != nil {
		return nil, err
	}
	a.leader = leader.New(leader.Config{
		Store: a.store, Feed: a.feed, Engine: a.engine, Logger: log,
		SetReady: func(ready bool) {
			a.server.SetReady(ready, oddscachev1.SnapshotFeedService_ServiceDesc.ServiceName)
		},
	})
	return a, nil
}

// openStore makes the pools of connections. The first connection is made when it is needed.
func openStore(ctx context.Context, cfg Config, clocks *clock.Clock, log *slog.Logger) (*store.Store, error) {
	url, err := cfg.Resolve()
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return store.Open(ctx, url, store.Config{
		Holder: cfg.holder(), LeaseFor: cfg.LeaseFor, Grace: cfg.Grace, HistoryRetention: cfg.HistoryRetention, Clock: clocks,
	}, log)
}

// newEngine makes the engine, with as many workers as the limiters have slots.
func newEngine(
	cfg Config, clients []*client.Client, group *limit.Group, visible cycle.Visible, c *clock.Clock, log *slog.Logger,
) *cycle.Engine {
	slots := 0
	readers := make([]bookmaker.Client, 0, len(clients))
	for _, reader := range clients {
		slots += group.Limiter(reader.Bookmaker()).Slots()
		readers = append(readers, reader)
	}
	return cycle.New(cycle.Config{
		Interval: cfg.Interval, BatchEvents: cfg.BatchEvents, BatchAge: cfg.BatchAge,
		WaitTimeout: cfg.WaitTimeout, Deadline: cfg.Deadline, Stall: cfg.Stall, Clock: c,
	}, readers, group, slots, visible, log)
}

// listen opens the two listeners.
func (a *App) listen(registry *prometheus.Registry, history *api.HistoryServer) error {
	table, err := api.Errors()
	if err != nil {
		return fmt.Errorf("making the error table: %w", err)
	}
	a.server, err = server.New(server.Config{
		Listen: a.cfg.Listen, Errors: table, Logger: a.log, Registry: registry, Grace: a.cfg.StopGrace,
		Uncapped: []string{
			oddscachev1.ScraperService_RunCycle_FullMethodName, oddscachev1.ScraperService_RefreshEvent_FullMethodName,
		},
		Codec: rawpb.NewCodec(), Drain: a.drain, TLS: a.security.TLS(), Guard: a.security.RPCs(), MaxStreams: a.cfg.MaxStreams,
		MaxConnections: a.cfg.MaxConnections, MaxConnectionsPerHost: a.cfg.MaxConnectionsPerHost,
		Unread:    a.cfg.unread(),
		Uncounted: []string{oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName}, // its batches are parts of the log
	}, func(r grpc.ServiceRegistrar) {
		oddscachev1.RegisterScraperServiceServer(r, api.New(a.engine, a.store))
		oddscachev1.RegisterSnapshotFeedServiceServer(r, a.feed)
		oddscachev1.RegisterHistoryServiceServer(r, history)
	})
	if err != nil {
		return fmt.Errorf("opening the gRPC server: %w", err)
	}
	a.admin, err = obs.NewAdmin(obs.AdminConfig{
		Listen: a.cfg.AdminListen, Registry: registry, Ready: a.store.Ping, Logger: a.log,
		TLS: a.security.TLS(), Guard: a.security.Pages,
	})
	if err != nil {
		return fmt.Errorf("opening the admin server: %w", err)
	}
	return a.security.Register(registry)
}

// Addr is where the gRPC services listen.
func (a *App) Addr() net.Addr { return a.server.Addr() }

// AdminAddr is where metrics, health and pprof are served.
func (a *App) AdminAddr() net.Addr { return a.admin.Addr() }

// Run serves and leads until ctx ends, then stops: health says NOT_SERVING, a running cycle is ended and the lease
// given back, streams end, rpcs finish, the connections to Postgres are closed.
func (a *App) Run(ctx context.Context) error {
	leading, stopLeading := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLeading()
	a.stopLeading = stopLeading
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { defer stopLeading(); return a.server.Run(ctx) })
	group.Go(func() error { return a.admin.Run(ctx) })
	group.Go(func() error { defer close(a.led); a.leader.Run(leading); return nil })
	group.Go(func() error { return a.security.Run(ctx) })
	group.Go(func() error { a.metrics.Database.Run(ctx, a.store, a.log); return nil })
	a.server.SetReady(true, oddscachev1.ScraperService_ServiceDesc.ServiceName)
	a.log.Info("scraper serves", "listen", a.Addr().String(), "admin", a.AdminAddr().String())
	err := group.Wait()
	a.feed.Close()
	a.feed.Wait()
	a.closeParts()
	return err
}

// drain is the first half of a stop, within the server's grace period. It ends leading, whatever else keeps the
// server from running.
func (a *App) drain(ctx context.Context) {
	a.stopLeading()
	select {
	case <-a.led:
	case <-ctx.Done():
	}
	a.feed.Close()
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
	a.closeParts()
	return errors.Join(errs...)
}

func (a *App) closeParts() {
	for _, c := range a.clients {
		c.Close()
	}
	if a.store != nil {
		a.store.Close()
	}
}
