// Package cluster starts what tests and benchmarks of the whole need: Postgres, simulated bookmakers, scrapers and
// caches, with proxies between them and clients of all.
//
// The services run in the caller's process, where they start within milliseconds, or as the real binaries, which can be
// killed. Tests call Start, or Prepare when they start the services themselves; programs call New, Start and Close.
//
// It is not for parts of a service, nor for histories in a bubble of time: see test/feedmodel.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/scraper"
)

// Config says what a cluster is made of.
type Config struct {
	// Binaries are what the services' processes run; nil runs the services in this process.
	Binaries *Binaries

	// DatabaseURL names a database with the schema. Without it New starts a private Postgres with the settings Postgres, and
	// a test gets a database of its own on its package's server.
	DatabaseURL string
	Postgres    map[string]string

	// Site is where all bookmakers are, such as a World's URL. Without it a simulator is started as a process, with the
	// environment Simulator.
	Site      string
	Simulator []string

	// Scrapers and Caches are how many there are; 0 is one of each.
	Scrapers, Caches int
	// Scraper and Cache change the settings of each scraper and each cache, apart from their addresses.
	Scraper func(*scraper.Config)
	Cache   func(*cache.Config)

	// Proxies puts a proxy between each scraper and its database, each cache and each scraper, and before each cache.
	Proxies bool

	// Short lets a test run with -short as well.
	Short bool

	// Logs is a folder that gets a file for each process. Without it all write to Output, nil for nothing.
	Logs   string
	Output io.Writer
}

// Cluster is everything that runs. Use New.
type Cluster struct {
	Server      *postgres.Server // nil when the configuration names a database
	DatabaseURL string           // without a proxy
	Simulator   *Simulator       // nil when the configuration names a site
	Scrapers    []*Scraper
	Caches      []*Cache

	// Scraper, Feed and History ask whichever scraper is the writer, Cache asks the first cache.
	Scraper oddscachev1.ScraperServiceClient
	Feed    oddscachev1.SnapshotFeedServiceClient
	History oddscachev1.HistoryServiceClient
	Cache   oddscachev1.OddsCacheServiceClient

	config Config
	dir    string // of sockets
	logs   []*os.File
	conns  []*grpc.ClientConn
}

// New prepares everything: it starts Postgres, migrates it, and makes proxies and clients. The simulator and the services
// are started by Start, or one by one. A failed New closes what it opened.
func New(ctx context.Context, cfg Config) (_ *Cluster, err error) {
	cfg.Scrapers, cfg.Caches = max(1, cfg.Scrapers), max(1, cfg.Caches)
	c := &Cluster{config: cfg, DatabaseURL: cfg.DatabaseURL}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.dir, err = os.MkdirTemp("", "oddscache-cluster-"); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	if c.DatabaseURL == "" {
		if err := c.startPostgres(ctx); err != nil {
			return nil, err
		}
	}
	if cfg.Site == "" {
		if err := c.addSimulator(ctx); err != nil {
			return nil, err
		}
	}
	for i := range cfg.Scrapers {
		if err := c.addScraper(ctx, i); err != nil {
			return nil, err
		}
	}
	for i := range cfg.Caches {
		if err := c.addCache(ctx, i); err != nil {
			return nil, err
		}
	}
	conn, err := c.Dial(strings.Join(c.feedAddrs(), ","), client.Options{MaxRecvBytes: maxRecvBytes})
	if err != nil {
		return nil, err
	}
	c.Scraper, c.Feed = oddscachev1.NewScraperServiceClient(conn), oddscachev1.NewSnapshotFeedServiceClient(conn)
	c.History, c.Cache = oddscachev1.NewHistoryServiceClient(conn), c.Caches[0].Client
	return c, nil
}

// Start starts the simulator, waits for it, and starts every service.
func (c *Cluster) Start(ctx context.Context) error {
	if c.Simulator != nil {
		if err := c.Simulator.Start(ctx); err != nil {
			return err
		}
	}
	for _, s := range c.Services() {
		if err := s.Start(); err != nil {
			return err
		}
	}
	return nil
}

// Services are the scrapers and, after them, the caches.
func (c *Cluster) Services() (all []*Service) {
	for _, s := range c.Scrapers {
		all = append(all, s.Service)
	}
	for _, s := range c.Caches {
		all = append(all, s.Service)
	}
	return all
}

// Stop stops the caches and then the scrapers in order, and waits for them.
func (c *Cluster) Stop() error {
	var errs []error
	for _, s := range c.Caches {
		errs = append(errs, s.Stop())
	}
	for _, s := range c.Scrapers {
		errs = append(errs, s.Stop())
	}
	return errors.Join(errs...)
}

// Close ends everything, clients first. Services in this process are stopped in order, processes are killed.
func (c *Cluster) Close() error {
	var errs []error
	for _, conn := range c.conns {
		errs = append(errs, conn.Close())
	}
	for _, s := range c.Caches {
		errs = append(errs, s.close())
	}
	for _, s := range c.Scrapers {
		errs = append(errs, s.close())
	}
	if c.Simulator != nil {
		errs = append(errs, c.Simulator.close())
	}
	for _, p := range c.proxies() {
		errs = append(errs, p.Close())
	}
	for _, f := range c.logs {
		errs = append(errs, f.Close())
	}
	if c.Server != nil {
		errs = append(errs, c.Server.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(c.dir))...)
}

// proxies are all there are.
func (c *Cluster) proxies() (all []*Proxy) {
	for _, s := range c.Scrapers {
		if s.Database != nil {
			all = append(all, s.Database)
		}
	}
	for _, s := range c.Caches {
		all = append(all, s.Feeds...)
		if s.Front != nil {
			all = append(all, s.Front)
		}
	}
	return all
}

// output is where a process of a name writes to.
func (c *Cluster) output(name string) (io.Writer, error) {
	if c.config.Logs == "" {
		return cmp.Or[io.Writer](c.config.Output, io.Discard), nil
	}
	f, err := os.Create(filepath.Join(c.config.Logs, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("making a log: %w", err)
	}
	c.logs = append(c.logs, f)
	return f, nil
}

// service makes a service with addresses of its own.
func (c *Cluster) service(ctx context.Context, name string, i int) (*Service, error) {
	s := &Service{Name: fmt.Sprintf("%s-%d", name, i), Binaries: c.config.Binaries, binary: name}
	var err error
	if s.Addr, err = FindAddr(ctx); err != nil {
		return nil, err
	}
	if s.Admin, err = FindAddr(ctx); err != nil {
		return nil, err
	}
	s.output, err = c.output(s.Name)
	return s, err
}
