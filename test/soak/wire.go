package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/oddscache/oddscache/pkg/oddsclient"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/proxy"
)

// wireScrapers makes the scrapers, each with its own way to Postgres.
func (s *stand) wireScrapers() error {
	direct, err := url.Parse(s.url)
	if err != nil {
		return fmt.Errorf("reading the database's url: %w", err)
	}
	query := direct.Query()
	from, socket := query.Get("host"), ".s.PGSQL."+query.Get("port")
	site := "http://" + s.sim.addr
	var addrs []string
	for i := range s.scrapers {
		name := fmt.Sprint("scraper-", i)
		addr, admin, err := twoFree()
		if err != nil {
			return err
		}
		dir := filepath.Join(s.dir, name+"-pg")
		if err := makeDir(dir); err != nil {
			return err
		}
		if s.toDB[i], err = proxy.New("unix", filepath.Join(dir, socket), "unix", filepath.Join(from, socket)); err != nil {
			return err
		}
		query.Set("host", dir)
		through := *direct
		through.RawQuery = query.Encode()
		s.scrapers[i], err = newService(s.logs, name, filepath.Join(s.dir, "scraper"), addr, admin, []string{"serve"},
			"SCRAPER_DATABASE_URL="+through.String(), "SCRAPER_LISTEN="+addr, "SCRAPER_ADMIN_LISTEN="+admin, "SCRAPER_HOLDER="+name,
			"SCRAPER_INTERVAL="+s.opts.interval.String(), "SCRAPER_LEASE="+lease.String(), "SCRAPER_GRACE="+grace.String(),
			"SCRAPER_BET9JA_SPACING=2ms", "SCRAPER_BETPAWA_URL="+site, "SCRAPER_SPORTYBET_URL="+site, "SCRAPER_BET9JA_URL="+site)
		if err != nil {
			return err
		}
		addrs = append(addrs, addr)
	}
	conn, err := s.connect(strings.Join(addrs, ","))
	s.scraper = oddscachev1.NewScraperServiceClient(conn)
	return err
}

// wireCaches makes the caches, each with its own ways to the scrapers and for its clients.
func (s *stand) wireCaches() error {
	var fronts []string
	for i := range s.caches {
		name := fmt.Sprint("cache-", i)
		var feed []string
		for j, scraper := range s.scrapers {
			var err error
			if s.feeds[i][j], err = proxy.New("tcp", "127.0.0.1:0", "tcp", scraper.addr); err != nil {
				return err
			}
			feed = append(feed, s.feeds[i][j].Addr().String())
		}
		addr, admin, err := twoFree()
		if err != nil {
			return err
		}
		s.caches[i], err = newService(s.logs, name, filepath.Join(s.dir, "cache"), addr, admin, []string{"serve"},
			"CACHE_FEED="+strings.Join(feed, ","), "CACHE_LISTEN="+addr, "CACHE_ADMIN_LISTEN="+admin, "CACHE_REPLICA_ID="+name)
		if err != nil {
			return err
		}
		if s.front[i], err = proxy.New("tcp", "127.0.0.1:0", "tcp", addr); err != nil {
			return err
		}
		fronts = append(fronts, s.front[i].Addr().String())
		conn, err := s.connect(addr)
		if err != nil {
			return err
		}
		s.direct[i] = oddscachev1.NewOddsCacheServiceClient(conn)
	}
	var err error
	s.client, err = oddsclient.New(strings.Join(fronts, ","), oddsclient.Options{Streams: 6})
	return err
}

// stats asks one cache for its stats, soon.
func (s *stand) stats(ctx context.Context, cache int) (*oddscachev1.GetStatsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return s.direct[cache].GetStats(ctx, &oddscachev1.GetStatsRequest{})
}

// live waits until a cache is live.
func (s *stand) live(ctx context.Context, cache int) error {
	for {
		stats, err := s.stats(ctx, cache)
		if err == nil && stats.GetFreshness().GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for %s to be live: it is %v, %w", s.caches[cache].name, stats.GetFreshness().GetState(), ctx.Err())
		}
		pause(ctx, 100*time.Millisecond)
	}
}
