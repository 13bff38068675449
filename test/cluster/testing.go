package cluster

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
)

// Within bounds every wait of a test for something that must happen.
const Within = 30 * time.Second

// Start starts a cluster that ends with the test.
func Start(t *testing.T, cfg Config) *Cluster {
	t.Helper()
	c := Prepare(t, cfg)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// Prepare prepares a cluster that ends with the test and starts none of its services. Scrapers have what a test of
// seconds on a busy machine needs, and after that what the configuration sets.
//
// A cluster takes seconds, so with -short only those whose configuration says Short are started.
func Prepare(t *testing.T, cfg Config) *Cluster {
	t.Helper()
	if testing.Short() && !cfg.Short {
		t.Skip("SKIPPED: -short, and it starts a cluster")
	}
	if cfg.DatabaseURL == "" {
		cfg.DatabaseURL = pgtest.URL(t, Migrate)
	}
	if cfg.Output == nil {
		cfg.Output = t.Output()
	}
	change := cfg.Scraper
	cfg.Scraper = func(s *scraper.Config) {
		hurry(s)
		if change != nil {
			change(s)
		}
	}
	c, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing the cluster: %v", err)
		}
	})
	return c
}

// hurry makes cycles short. A machine that is busy with other tests looks like a slow bookmaker, the more so the more is
// requested at once.
func hurry(s *scraper.Config) {
	s.BatchAge, s.WaitTimeout = 20*time.Millisecond, Within
	for _, b := range s.EachBookmaker() {
		b.Slots, b.Spacing = 8, time.Millisecond
	}
}

// StartScraper starts the first scraper.
func (c *Cluster) StartScraper(t *testing.T) {
	t.Helper()
	if err := c.Scrapers[0].Start(); err != nil {
		t.Fatal(err)
	}
}

// StartCache starts the first cache, empty.
func (c *Cluster) StartCache(t *testing.T) {
	t.Helper()
	if err := c.Caches[0].Start(); err != nil {
		t.Fatal(err)
	}
}

// StopScraper stops the first scraper in order.
func (c *Cluster) StopScraper(t *testing.T) {
	t.Helper()
	if err := c.Scrapers[0].Stop(); err != nil {
		t.Error(err)
	}
}

// StopCache stops the first cache in order.
func (c *Cluster) StopCache(t *testing.T) {
	t.Helper()
	if err := c.Caches[0].Stop(); err != nil {
		t.Error(err)
	}
}

// RunCycle runs a cycle to its end, as soon as a scraper is the writer, and requires its status.
func (c *Cluster) RunCycle(t *testing.T, want oddscachev1.CycleStatus) *oddscachev1.RunCycleResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*Within)
	defer cancel()
	var resp *oddscachev1.RunCycleResponse
	var err error
	Poll(t, 4*Within, func() bool {
		resp, err = c.Scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true}, grpc.WaitForReady(true))
		return status.Code(err) != codes.Unavailable
	})
	if err != nil {
		t.Fatalf("running a cycle: %v", err)
	}
	if resp.GetCycle().GetStatus() != want {
		t.Fatalf("cycle ended %v (%s), want %v\n%v", resp.GetCycle().GetStatus(), resp.GetCycle().GetReason(), want, resp.GetCycle().GetBookmakers())
	}
	return resp
}

// Await waits until the first cache is in a state at a revision or later.
func (c *Cluster) Await(t *testing.T, state oddscachev1.FreshnessState, revision int64) *oddscachev1.GetStatsResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Within)
	defer cancel()
	stats, err := c.Caches[0].Await(ctx, state, revision)
	if err != nil {
		t.Fatalf("not within %v: %v", Within, err)
	}
	return stats
}

// Live waits until the first cache is live.
func (c *Cluster) Live(t *testing.T) *oddscachev1.GetStatsResponse {
	t.Helper()
	return c.Await(t, Live, 0)
}

// Reach waits until the first cache is live at a revision, for rpcs that do not take one.
func (c *Cluster) Reach(t *testing.T, revision int64) {
	t.Helper()
	c.Await(t, Live, revision)
}
