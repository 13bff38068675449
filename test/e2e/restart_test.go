package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

const (
	live  = oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
	stale = oddscachev1.FreshnessState_FRESHNESS_STATE_STALE
)

// processes prepares a scraper and a cache as processes that read a simulated site, and starts nothing.
func processes(t *testing.T, cfg cluster.Config) *cluster.Cluster {
	t.Helper()
	cfg.Binaries = cluster.Built(t)
	if cfg.Site == "" {
		cfg.Site = world(t, nil).URL
	}
	cfg.Scraper = func(s *scraper.Config) { s.LeaseFor = 2 * time.Second }
	return cluster.Prepare(t, cfg)
}

// startProcesses prepares and starts them.
func startProcesses(t *testing.T, cfg cluster.Config) *cluster.Cluster {
	t.Helper()
	p := processes(t, cfg)
	p.StartScraper(t)
	p.StartCache(t)
	return p
}

// runCycle runs a cycle however it ends, waiting for the lease of a killed scraper to expire.
func runCycle(t *testing.T, p *cluster.Cluster) *oddscachev1.RunCycleResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var resp *oddscachev1.RunCycleResponse
	var err error
	cluster.Poll(t, time.Minute, func() bool {
		resp, err = p.Scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true}, grpc.WaitForReady(true))
		return err == nil
	})
	if err != nil {
		t.Fatalf("running a cycle: %v", err)
	}
	return resp
}

// content is everything the cache answers, by event.
func content(t *testing.T, p *cluster.Cluster) map[string]*oddscachev1.EventSnapshots {
	t.Helper()
	return cluster.BySrID(all(t, p, &oddscachev1.ListEventsRequest{IncludeSnapshots: true}))
}

// metric reads one of the cache's metrics.
func metric(t *testing.T, p *cluster.Cluster, name, label string) float64 {
	t.Helper()
	v, err := cluster.Metric(t.Context(), p.Caches[0].Admin, "oddscache_cache_"+name, label)
	if err != nil {
		t.Logf("reading a metric: %v", err)
	}
	return v
}

func TestKilledCacheComesBackWithTheSameContent(t *testing.T) {
	t.Parallel()
	p := startProcesses(t, cluster.Config{})
	revision := runCycle(t, p).GetRevision()
	revision = max(revision, runCycle(t, p).GetRevision())
	p.Await(t, live, revision)
	before := content(t, p)
	if len(before) != 40 {
		t.Fatalf("%d events", len(before))
	}
	p.Caches[0].Kill()
	p.StartCache(t)
	p.Await(t, live, revision)
	if diff := cluster.Diff(before, content(t, p)); diff != "" {
		t.Errorf("content differs after the restart: %s", diff)
	}
	if n := metric(t, p, "feed_digest_mismatches_total", ""); n != 0 {
		t.Errorf("%v digest mismatches", n)
	}
}

func TestKilledScraperLeavesTheCacheAnsweringAndIsResumed(t *testing.T) {
	t.Parallel()
	p := startProcesses(t, cluster.Config{})
	revision := runCycle(t, p).GetRevision()
	p.Await(t, live, revision)
	before := content(t, p)
	p.Scrapers[0].Kill()
	p.Await(t, stale, revision)
	if diff := cluster.Diff(before, content(t, p)); diff != "" {
		t.Errorf("content differs while stale: %s", diff)
	}
	p.StartScraper(t)
	p.Await(t, live, revision)
	if diff := cluster.Diff(before, content(t, p)); diff != "" {
		t.Errorf("content differs after the resume: %s", diff)
	}
	p.Await(t, live, runCycle(t, p).GetRevision())
	for what, got := range map[string]float64{
		"1 full sync":         metric(t, p, "feed_starts_total", `mode="full"`),
		"1 resume":            metric(t, p, "feed_starts_total", `mode="resume"`),
		"0 digest mismatches": metric(t, p, "feed_digest_mismatches_total", ""),
		"0 gaps":              metric(t, p, "feed_gaps_total", ""),
	} {
		if want := what[:1]; fmt.Sprint(got) != want {
			t.Errorf("%v, want %s", got, what)
		}
	}
	p.StopScraper(t)
	p.StopCache(t)
}
