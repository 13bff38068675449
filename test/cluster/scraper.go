package cluster

import (
	"context"
	"fmt"
	"log/slog"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
)

// Scraper is one of the scrapers.
type Scraper struct {
	*Service

	Config   scraper.Config // of the next start
	Database *Proxy         // to its database; nil without proxies
	Conn     *grpc.ClientConn
	Client   oddscachev1.ScraperServiceClient // of this one alone
}

// addScraper makes a scraper that runs cycles on request only and reads the bookmakers at the cluster's site.
func (c *Cluster) addScraper(ctx context.Context, i int) (err error) {
	s := &Scraper{Config: scraper.DefaultConfig()}
	if s.Service, err = c.service(ctx, "scraper", i); err != nil {
		return err
	}
	c.Scrapers = append(c.Scrapers, s)
	s.env = func() ([]string, error) {
		defaults := scraper.DefaultConfig()
		return environ(&s.Config, &defaults)
	}
	s.app = func(ctx context.Context, log *slog.Logger) (func(context.Context) error, error) {
		app, err := scraper.New(ctx, s.Config, log)
		if err != nil {
			return nil, err
		}
		return app.Run, nil
	}
	s.Config.DatabaseURL, s.Config.Interval, s.Config.Holder = c.DatabaseURL, 0, s.Name
	if c.config.Proxies {
		if s.Database, s.Config.DatabaseURL, err = proxyDatabase(c.DatabaseURL, c.dir, s.Name); err != nil {
			return err
		}
	}
	for _, b := range s.Config.EachBookmaker() {
		b.URL = c.site()
	}
	if c.config.Scraper != nil {
		c.config.Scraper(&s.Config)
	}
	s.Config.Listen, s.Config.AdminListen = s.Addr, s.Admin
	s.Conn, err = c.Dial(s.Addr, client.Options{MaxRecvBytes: maxRecvBytes, NoRetry: []string{
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName, oddscachev1.ScraperService_RunCycle_FullMethodName,
	}})
	s.Client = oddscachev1.NewScraperServiceClient(s.Conn)
	return err
}

// feedAddrs are the scrapers' addresses.
func (c *Cluster) feedAddrs() (addrs []string) {
	for _, s := range c.Scrapers {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

// Writes reports whether the scraper says that it is the writer. An error says that its admin port does not answer.
func (s *Scraper) Writes(ctx context.Context) (bool, error) {
	writes, err := Metric(ctx, s.Admin, "oddscache_scraper_writer", "")
	if err != nil {
		return false, fmt.Errorf("asking whether %s is the writer: %w", s.Name, err)
	}
	return writes == 1, nil
}
