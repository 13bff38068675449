package rig

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Warm is how long a start took, from starting both processes at the same moment.
type Warm struct {
	Serving time.Duration // until the scraper serves its feed
	Live    time.Duration // until the cache is live
}

// errNotYet says that a service does not serve yet.
var errNotYet = errors.New("not yet")

// StartPair starts the scraper and the cache at the same moment and waits until the cache is live.
func (r *Rig) StartPair(ctx context.Context) (w Warm, err error) {
	site := "http://" + r.Simulator.addr
	started := time.Now()
	r.scraper, err = launch(r.dir, "scraper", r.opts.Log, []string{"serve"},
		"SCRAPER_DATABASE_URL="+r.server.URL(database), "SCRAPER_LISTEN="+r.scraping, "SCRAPER_ADMIN_LISTEN="+r.admin,
		"SCRAPER_INTERVAL=0", "SCRAPER_BETPAWA_URL="+site, "SCRAPER_SPORTYBET_URL="+site, "SCRAPER_BET9JA_URL="+site)
	if err != nil {
		return Warm{}, err
	}
	r.cache, err = launch(r.dir, "cache", r.opts.Log, []string{"serve"},
		"CACHE_FEED="+r.scraping, "CACHE_LISTEN="+r.caching, "CACHE_ADMIN_LISTEN=127.0.0.1:0")
	if err != nil {
		return Warm{}, err
	}
	toScraper, err := r.dial(r.scraping)
	if err != nil {
		return Warm{}, err
	}
	toCache, err := r.dial(r.caching)
	if err != nil {
		return Warm{}, err
	}
	r.Scraper, r.Cache = oddscachev1.NewScraperServiceClient(toScraper), oddscachev1.NewOddsCacheServiceClient(toCache)
	health := grpc_health_v1.NewHealthClient(toScraper)
	feed := &grpc_health_v1.HealthCheckRequest{Service: oddscachev1.SnapshotFeedService_ServiceDesc.ServiceName}
	err = await(ctx, "scraper's feed", func() error {
		toScraper.ResetConnectBackoff() // a refused connection must not cost the measurement a tenth of a second
		resp, err := health.Check(ctx, feed)
		if err == nil && resp.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			err = errNotYet
		}
		return err
	})
	w.Serving = time.Since(started)
	if err != nil {
		return w, err
	}
	err = await(ctx, "cache", func() error {
		toCache.ResetConnectBackoff()
		resp, err := r.Cache.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		if err == nil && resp.GetFreshness().GetState() != oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE {
			err = errNotYet
		}
		return err
	})
	w.Live = time.Since(started)
	return w, err
}

// StopPair stops the cache and the scraper in order. Without them it does nothing.
func (r *Rig) StopPair() error {
	var errs []error
	for _, conn := range r.conns {
		errs = append(errs, conn.Close())
	}
	r.conns = nil
	for _, p := range []**Process{&r.cache, &r.scraper} {
		if *p != nil {
			if err := (*p).Stop(); err != nil {
				errs = append(errs, fmt.Errorf("stopping the pair: %w", err))
			}
			*p = nil
		}
	}
	return errors.Join(errs...)
}
