// Package pair runs a scraper and a cache in the test's process, on loopback and a database of their own, and hands
// out clients of both. Both can be stopped and started again.
//
// It is not for faults that only a process can have (kill -9): see the package process.
package pair

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/process"
)

// within bounds every wait of a test for something that must happen.
const within = 30 * time.Second

// Pair is a scraper and a cache.
type Pair struct {
	DatabaseURL string
	Scraper     oddscachev1.ScraperServiceClient
	Feed        oddscachev1.SnapshotFeedServiceClient
	Cache       oddscachev1.OddsCacheServiceClient

	// The admin ports of what was started last, as host:port.
	ScraperAdmin, CacheAdmin string

	scraperConfig scraper.Config
	cacheConfig   cache.Config
	stopScraper   func()
	stopCache     func()
}

// Migrate prepares the template database.
func Migrate(ctx context.Context, url string) error {
	return scraper.Migrate(ctx, url, "", slog.New(slog.DiscardHandler))
}

// Start starts both with cycles on request only, reading the bookmakers at site (all on one address). change
// may alter the scraper's configuration.
func Start(t *testing.T, site string, change func(*scraper.Config)) *Pair {
	t.Helper()
	p := &Pair{DatabaseURL: pgtest.URL(t, Migrate)}
	cfg := scraper.DefaultConfig()
	cfg.DatabaseURL, cfg.Listen, cfg.AdminListen = p.DatabaseURL, process.FreeAddr(t), "127.0.0.1:0"
	cfg.Interval, cfg.BatchAge, cfg.Holder = 0, 20*time.Millisecond, t.Name()
	for _, b := range cfg.EachBookmaker() {
		// A machine that is busy with other tests looks like a slow bookmaker, the more so the more is asked at once.
		b.URL, b.Slots, b.Spacing = site, 8, time.Millisecond
	}
	cfg.WaitTimeout = within
	if change != nil {
		change(&cfg)
	}
	p.scraperConfig, p.DatabaseURL = cfg, cfg.DatabaseURL
	p.cacheConfig = cache.DefaultConfig()
	p.cacheConfig.Feed, p.cacheConfig.Listen, p.cacheConfig.AdminListen = cfg.Listen, process.FreeAddr(t), "127.0.0.1:0"
	p.StartScraper(t)
	p.StartCache(t)
	t.Cleanup(func() { p.StopCache(); p.StopScraper() })
	toScraper, toCache := dial(t, cfg.Listen), dial(t, p.cacheConfig.Listen)
	p.Scraper, p.Feed = oddscachev1.NewScraperServiceClient(toScraper), oddscachev1.NewSnapshotFeedServiceClient(toScraper)
	p.Cache = oddscachev1.NewOddsCacheServiceClient(toCache)
	return p
}

// StartScraper starts the scraper on its address.
func (p *Pair) StartScraper(t *testing.T) {
	t.Helper()
	app, err := scraper.New(t.Context(), p.scraperConfig, logger(t, "scraper"))
	if err != nil {
		t.Fatal(err)
	}
	p.ScraperAdmin = app.AdminAddr().String()
	p.stopScraper = background(t, app.Run)
}

// StartCache starts the cache on its address, empty.
func (p *Pair) StartCache(t *testing.T) {
	t.Helper()
	app, err := cache.New(t.Context(), p.cacheConfig, logger(t, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	p.CacheAdmin = app.AdminAddr().String()
	p.stopCache = background(t, app.Run)
}

// StopScraper stops the scraper in order and waits for it.
func (p *Pair) StopScraper() { p.stopScraper() }

// StopCache stops the cache in order and waits for it.
func (p *Pair) StopCache() { p.stopCache() }

// RunCycle runs a cycle to its end and requires its status.
func (p *Pair) RunCycle(t *testing.T, status oddscachev1.CycleStatus) *oddscachev1.RunCycleResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*within)
	defer cancel()
	var resp *oddscachev1.RunCycleResponse
	var err error
	Poll(t, 4*within, func() bool {
		resp, err = p.Scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true}, grpc.WaitForReady(true))
		return rpcerr.Reason(err) != "NOT_WRITER"
	})
	if err != nil {
		t.Fatalf("running a cycle: %v", err)
	}
	if resp.GetCycle().GetStatus() != status {
		t.Fatalf("cycle ended %v (%s), want %v\n%v", resp.GetCycle().GetStatus(), resp.GetCycle().GetReason(), status, resp.GetCycle().GetBookmakers())
	}
	return resp
}

// Await asks the cache for its stats until ok says yes.
func (p *Pair) Await(t *testing.T, what string, ok func(*oddscachev1.GetStatsResponse) bool) *oddscachev1.GetStatsResponse {
	t.Helper()
	var last *oddscachev1.GetStatsResponse
	reached := Poll(t, within, func() bool {
		stats, err := p.Cache.GetStats(t.Context(), &oddscachev1.GetStatsRequest{})
		if err != nil {
			return false
		}
		last = stats
		return ok(stats)
	})
	if !reached {
		t.Fatalf("%s: not within %v; last stats %v", what, within, last)
	}
	return last
}

// Live waits until the cache is live.
func (p *Pair) Live(t *testing.T) *oddscachev1.GetStatsResponse {
	t.Helper()
	return p.Await(t, "cache live", func(s *oddscachev1.GetStatsResponse) bool {
		return s.GetFreshness().GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
	})
}

// Reach waits until the cache has a revision, for rpcs that do not take one.
func (p *Pair) Reach(t *testing.T, revision int64) {
	t.Helper()
	p.Await(t, "cache at revision "+strconv.FormatInt(revision, 10), func(s *oddscachev1.GetStatsResponse) bool {
		return s.GetFreshness().GetRevision() >= revision
	})
}

// background runs an app and returns what stops it and waits. The app's own end before that fails the test.
func background(t *testing.T, run func(context.Context) error) func() {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }() // ends with ctx; the returned function waits for it
	stopped := false
	return func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stopping: %v", err)
		}
	}
}

func dial(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := client.New(addr, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func logger(t *testing.T, service string) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})).With("service", service)
}
