package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/process"
	"github.com/oddscache/oddscache/test/proxy"
)

// Times of the event that is evicted: its kickoff is seen by a cycle before it passes, and it stays for the grace.
const (
	soon  = 6 * time.Second
	grace = time.Second
)

// pair is the version's processes, and what stands between them.
type pair struct {
	bin      string
	postgres *postgres.Server
	running  []*process.Process
	conns    []*grpc.ClientConn
	tap      *tap
	wire     *proxy.Proxy // between the cache and the tap

	simAddr, scraperAddr, cacheAddr string
	scraper                         oddscachev1.ScraperServiceClient
	cache                           oddscachev1.OddsCacheServiceClient
}

// start starts everything but the cache. What it returns with an error has to be closed too.
func start(ctx context.Context, bin string) (*pair, error) {
	p := &pair{bin: bin}
	var err error
	for _, addr := range []*string{&p.simAddr, &p.scraperAddr, &p.cacheAddr} {
		if *addr, err = process.FindAddr(ctx); err != nil {
			return p, err
		}
	}
	if p.postgres, err = postgres.Start(ctx, postgres.Options{}); err != nil {
		return p, fmt.Errorf("starting Postgres: %w", err)
	}
	database, site := "SCRAPER_DATABASE_URL="+p.postgres.URL("postgres"), "http://"+p.simAddr
	migrate := exec.CommandContext(ctx, filepath.Join(bin, "scraper"), "migrate")
	migrate.Env = append(os.Environ(), database)
	if out, err := migrate.CombinedOutput(); err != nil {
		return p, fmt.Errorf("migrating: %w\n%s", err, out)
	}
	err = errors.Join(
		p.launch("bookiesim", nil, "BOOKIESIM_LISTEN="+p.simAddr, "BOOKIESIM_EVENTS=40", "BOOKIESIM_STILL=true"),
		p.launch("scraper", []string{"serve"}, database, "SCRAPER_LISTEN="+p.scraperAddr, "SCRAPER_ADMIN_LISTEN=127.0.0.1:0",
			"SCRAPER_INTERVAL=0", "SCRAPER_GRACE="+grace.String(), "SCRAPER_BETPAWA_URL="+site, "SCRAPER_SPORTYBET_URL="+site, "SCRAPER_BET9JA_URL="+site))
	if err != nil {
		return p, err
	}
	toScraper, err := p.dial(p.scraperAddr)
	if err != nil {
		return p, err
	}
	p.scraper = oddscachev1.NewScraperServiceClient(toScraper)
	if p.tap, err = newTap(toScraper); err != nil {
		return p, err
	}
	if p.wire, err = proxy.New("tcp", "127.0.0.1:0", "tcp", p.tap.addr()); err != nil {
		return p, err
	}
	toCache, err := p.dial(p.cacheAddr)
	p.cache = oddscachev1.NewOddsCacheServiceClient(toCache)
	return p, err
}

func (p *pair) startCache(context.Context) error {
	return p.launch("cache", []string{"serve"}, "CACHE_FEED="+p.wire.Addr().String(), "CACHE_LISTEN="+p.cacheAddr,
		"CACHE_ADMIN_LISTEN=127.0.0.1:0", "CACHE_REPLICA_ID=previous")
}

func (p *pair) launch(name string, args []string, env ...string) error {
	started, err := process.Launch(filepath.Join(p.bin, name), name, os.Stderr, args, env...)
	if err == nil {
		p.running = append(p.running, started)
	}
	return err
}

func (p *pair) dial(addr string) (*grpc.ClientConn, error) {
	conn, err := client.New(addr, client.Options{WaitForReady: true})
	if err == nil {
		p.conns = append(p.conns, conn)
	}
	return conn, err
}

// evictable waits until what has kicked off has used up its grace.
func (*pair) evictable(ctx context.Context) error {
	select {
	case <-time.After(soon + 2*grace):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reached waits until the cache is live at a revision.
func (p *pair) reached(ctx context.Context, revision int64) error {
	for {
		stats, err := p.cache.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		f := stats.GetFreshness()
		if err == nil && f.GetRevision() >= revision && f.GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting for revision %d, the cache is %v at %d: %w", revision, f.GetState(), f.GetRevision(), errors.Join(err, ctx.Err()))
		}
	}
}

func (p *pair) close() error {
	var errs []error
	for _, running := range p.running {
		running.Kill()
	}
	if p.wire != nil {
		errs = append(errs, p.wire.Close())
	}
	if p.tap != nil {
		p.tap.close()
	}
	for _, c := range p.conns {
		errs = append(errs, c.Close())
	}
	if p.postgres != nil {
		errs = append(errs, p.postgres.Stop())
	}
	return errors.Join(errs...)
}
