package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/pair"
	"github.com/oddscache/oddscache/test/process"
)

const (
	live  = oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
	stale = oddscachev1.FreshnessState_FRESHNESS_STATE_STALE
)

// processes is a pair of real processes that read a simulated site.
type processes struct {
	t                             *testing.T
	bin                           *process.Bin
	world                         *sim.World
	url, site                     string
	scraperAddr, cacheAddr        string
	scraperAdmin, cacheAdmin      string
	scraper, cache                *process.Process
	scraperClient                 oddscachev1.ScraperServiceClient
	cacheClient                   oddscachev1.OddsCacheServiceClient
	lease                         time.Duration
	scraperConnection, connection *grpc.ClientConn
}

// newProcesses prepares a pair over a migrated database, and starts nothing.
func newProcesses(t *testing.T, url string) *processes {
	t.Helper()
	w, site := world(t, nil)
	bin, err := process.NewBin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bin.Remove(); err != nil {
			t.Error(err)
		}
	})
	p := &processes{
		t: t, bin: bin, url: url, world: w, site: site, lease: 2 * time.Second,
		scraperAddr: process.FreeAddr(t), cacheAddr: process.FreeAddr(t), scraperAdmin: process.FreeAddr(t), cacheAdmin: process.FreeAddr(t),
	}
	p.scraperConnection, p.connection = p.dial(p.scraperAddr), p.dial(p.cacheAddr)
	p.scraperClient = oddscachev1.NewScraperServiceClient(p.scraperConnection)
	p.cacheClient = oddscachev1.NewOddsCacheServiceClient(p.connection)
	return p
}

func startProcesses(t *testing.T) *processes {
	t.Helper()
	p := newProcesses(t, pgtest.URL(t, pair.Migrate))
	p.startScraper()
	p.startCache()
	return p
}

func (p *processes) dial(addr string) *grpc.ClientConn {
	conn, err := client.New(addr, client.Options{WaitForReady: true})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (p *processes) startScraper() {
	p.scraper = p.bin.Start(p.t, "scraper", []string{"serve"},
		"SCRAPER_DATABASE_URL="+p.url, "SCRAPER_LISTEN="+p.scraperAddr, "SCRAPER_ADMIN_LISTEN="+p.scraperAdmin,
		"SCRAPER_INTERVAL=0", "SCRAPER_PATIENCE=30s", "SCRAPER_LEASE="+p.lease.String(), "SCRAPER_BET9JA_SPACING=1ms",
		"SCRAPER_BETPAWA_URL="+p.site, "SCRAPER_SPORTYBET_URL="+p.site, "SCRAPER_BET9JA_URL="+p.site)
}

func (p *processes) startCache(env ...string) {
	p.cache = p.bin.Start(p.t, "cache", []string{"serve"}, append(env,
		"CACHE_FEED="+p.scraperAddr, "CACHE_LISTEN="+p.cacheAddr, "CACHE_ADMIN_LISTEN="+p.cacheAdmin)...)
}

// runCycle runs a cycle, waiting for the lease of a killed scraper to expire.
func (p *processes) runCycle() *oddscachev1.RunCycleResponse {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	var resp *oddscachev1.RunCycleResponse
	var err error
	pair.Poll(p.t, time.Minute, func() bool {
		resp, err = p.scraperClient.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true})
		return err == nil
	})
	if err != nil {
		p.t.Fatalf("running a cycle: %v", err)
	}
	return resp
}

// await asks for stats until the state and the revision are reached.
func (p *processes) await(state oddscachev1.FreshnessState, revision int64) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	var last *oddscachev1.Freshness
	reached := pair.Poll(p.t, 30*time.Second, func() bool {
		stats, err := p.cacheClient.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		if err != nil {
			return false
		}
		last = stats.GetFreshness()
		return last.GetState() == state && last.GetRevision() >= revision
	})
	if !reached {
		p.t.Fatalf("waiting for %v at revision %d: %v", state, revision, last)
	}
}

// content is everything the cache answers, by event.
func (p *processes) content() map[string]*oddscachev1.EventSnapshots {
	p.t.Helper()
	var events []*oddscachev1.EventSnapshots
	req := &oddscachev1.ListEventsRequest{IncludeSnapshots: true}
	for {
		resp, err := p.cacheClient.ListEvents(p.t.Context(), req)
		if err != nil {
			p.t.Fatal(err)
		}
		events = append(events, resp.GetEvents()...)
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	return pair.BySrID(events)
}

// metric reads a counter of the cache; one that was never counted is 0.
func (p *processes) metric(name, label string) float64 {
	v, err := process.Metric(p.t.Context(), p.cacheAdmin, "oddscache_cache_"+name, label)
	if err != nil {
		p.t.Logf("reading a metric: %v", err)
	}
	return v
}

func TestKilledCacheComesBackWithTheSameContent(t *testing.T) {
	t.Parallel()
	p := startProcesses(t)
	revision := p.runCycle().GetRevision()
	revision = max(revision, p.runCycle().GetRevision())
	p.await(live, revision)
	before := p.content()
	if len(before) != 40 {
		t.Fatalf("%d events", len(before))
	}
	p.cache.Kill()
	p.startCache()
	p.await(live, revision)
	if diff := pair.Diff(before, p.content()); diff != "" {
		t.Errorf("content differs after the restart: %s", diff)
	}
	if n := p.metric("feed_digest_mismatches_total", ""); n != 0 {
		t.Errorf("%v digest mismatches", n)
	}
}

func TestKilledScraperLeavesTheCacheAnsweringAndIsResumed(t *testing.T) {
	t.Parallel()
	p := startProcesses(t)
	revision := p.runCycle().GetRevision()
	p.await(live, revision)
	before := p.content()
	p.scraper.Kill()
	p.await(stale, revision)
	if diff := pair.Diff(before, p.content()); diff != "" {
		t.Errorf("content differs while stale: %s", diff)
	}
	p.startScraper()
	p.await(live, revision)
	if diff := pair.Diff(before, p.content()); diff != "" {
		t.Errorf("content differs after the resume: %s", diff)
	}
	p.await(live, p.runCycle().GetRevision())
	for what, got := range map[string]float64{
		"1 full sync":         p.metric("feed_starts_total", `mode="full"`),
		"1 resume":            p.metric("feed_starts_total", `mode="resume"`),
		"0 digest mismatches": p.metric("feed_digest_mismatches_total", ""),
		"0 gaps":              p.metric("feed_gaps_total", ""),
	} {
		if want := what[:1]; fmt.Sprint(got) != want {
			t.Errorf("%v, want %s", got, what)
		}
	}
	p.scraper.Stop(t, 20*time.Second)
	p.cache.Stop(t, 20*time.Second)
}
