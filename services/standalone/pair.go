package standalone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/scraper"
)

const (
	// stopGrace is how long each service may take to stop: somebody waits for it at a terminal.
	stopGrace = 3 * time.Second
	// A simulated bookmaker minds nothing, so requests need no space between them. It answers as fast as this machine
	// computes, so more of them at once would only wait for each other; and when the machine is slow, it is worth
	// waiting for.
	simulatedSpacing     = 2 * time.Millisecond
	simulatedSlots       = 8
	simulatedWaitTimeout = 30 * time.Second
	// feedPoll is how often the scraper is asked whether it serves its feed, which it does within a second.
	feedPoll = 20 * time.Millisecond
)

// pair is the two services and connections to them.
type pair struct {
	scraperApp *scraper.App
	cacheApp   *cache.App
	ran        bool // the services close themselves once they were run

	scraperAddr, cacheAddr string
	conns                  []*grpc.ClientConn
	scraper                oddscachev1.ScraperServiceClient
	cache                  oddscachev1.OddsCacheServiceClient
}

// openPair migrates the database and builds both services, with connections to them.
func (s *session) openPair(ctx context.Context, databaseURL, booksURL string) (_ *pair, err error) {
	if err := scraper.Migrate(ctx, databaseURL, "", s.log); err != nil {
		return nil, fmt.Errorf("migrating the database: %w", err)
	}
	p := &pair{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	p.scraperApp, err = scraper.New(ctx, scraperConfig(s.cfg, databaseURL, booksURL), s.log.With("service", "scraper"))
	if err != nil {
		return nil, fmt.Errorf("building the scraper: %w", err)
	}
	p.scraperAddr = p.scraperApp.Addr().String()
	p.cacheApp, err = cache.New(ctx, cacheConfig(s.cfg, p.scraperAddr), s.log.With("service", "cache"))
	if err != nil {
		return nil, fmt.Errorf("building the cache: %w", err)
	}
	p.cacheAddr = p.cacheApp.Addr().String()
	if err := p.dial(); err != nil {
		return nil, err
	}
	return p, nil
}

// dial makes the connections by which the display asks, as any other client does.
func (p *pair) dial() error {
	for _, address := range []string{p.scraperAddr, p.cacheAddr} {
		conn, err := client.New(address, client.Options{WaitForReady: true})
		if err != nil {
			return fmt.Errorf("connecting to %s: %w", address, err)
		}
		p.conns = append(p.conns, conn)
	}
	p.scraper = oddscachev1.NewScraperServiceClient(p.conns[0])
	p.cache = oddscachev1.NewOddsCacheServiceClient(p.conns[1])
	return nil
}

// scraperConfig is the scraper's own defaults, and what is different here. Without booksURL it asks the live sites.
func scraperConfig(cfg Config, databaseURL, booksURL string) scraper.Config {
	c := scraper.DefaultConfig()
	c.DatabaseURL = databaseURL
	c.Listen, c.AdminListen = cfg.ScraperListen, cfg.ScraperAdminListen
	c.Interval, c.StopGrace = cfg.interval(), stopGrace
	if booksURL == "" {
		return c
	}
	c.WaitTimeout = simulatedWaitTimeout
	for _, bookmaker := range c.EachBookmaker() {
		bookmaker.URL, bookmaker.Spacing, bookmaker.Slots = booksURL, simulatedSpacing, simulatedSlots
	}
	return c
}

// cacheConfig is the cache's own defaults, and what is different here.
func cacheConfig(cfg Config, scraperAddr string) cache.Config {
	c := cache.DefaultConfig()
	c.Feed = scraperAddr
	c.Listen, c.AdminListen = cfg.CacheListen, cfg.CacheAdminListen
	c.StopGrace = stopGrace
	return c
}

// run runs both services until ctx ends or one of them fails. The cache begins when there is a feed to follow and ends
// before it goes away, so that what it says of an interrupted feed is worth reading.
func (p *pair) run(ctx context.Context) error {
	p.ran = true
	scraping, stopScraping := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := p.scraperApp.Run(scraping); err != nil {
			return fmt.Errorf("running the scraper: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		defer stopScraping()
		if !p.feedServed(ctx) {
			return p.cacheApp.Close()
		}
		if err := p.cacheApp.Run(ctx); err != nil {
			return fmt.Errorf("running the cache: %w", err)
		}
		return nil
	})
	return group.Wait()
}

// feedServed waits until the scraper leads and serves its feed. It reports false when ctx ends before.
func (p *pair) feedServed(ctx context.Context) bool {
	request := &healthpb.HealthCheckRequest{Service: oddscachev1.SnapshotFeedService_ServiceDesc.ServiceName}
	poll := time.NewTicker(feedPoll)
	defer poll.Stop()
	for {
		response, err := healthpb.NewHealthClient(p.conns[0]).Check(ctx, request)
		if err == nil && response.GetStatus() == healthpb.HealthCheckResponse_SERVING {
			return true
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return false
		}
	}
}

// close ends the connections, and the services if they were never run.
func (p *pair) close() error {
	var errs []error
	for _, conn := range p.conns {
		errs = append(errs, conn.Close())
	}
	if !p.ran && p.cacheApp != nil {
		errs = append(errs, p.cacheApp.Close())
	}
	if !p.ran && p.scraperApp != nil {
		errs = append(errs, p.scraperApp.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the pair: %w", err)
	}
	return nil
}
