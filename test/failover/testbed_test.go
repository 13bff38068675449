package failover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/faults"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testbed is what runs beside the servers: bookmakers, two scrapers and two caches, of which samples are taken.
type testbed struct {
	*cluster.Cluster

	servers  *servers
	scrapers [2]*faults.Service
	caches   [2]*faults.Service
	samplers [2]*faults.Sampler
}

// settings say what differs between testbeds.
type settings struct {
	lease    time.Duration
	interval time.Duration
	hosts    [2]string // by which each scraper reaches the servers
}

// newTestbed starts bookmakers, two scrapers and two caches, and samples the caches all the time.
func newTestbed(ctx context.Context, t *testing.T, c *servers, set settings) *testbed {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("FAULT_LOGS"); keep != "" {
		dir = keep
	}
	binaries, err := faults.Binaries(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := binaries.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &testbed{servers: c}
	s.Cluster = cluster.Prepare(t, cluster.Config{
		Binaries: binaries, DatabaseURL: c.url(set.hosts[0]), Scrapers: 2, Caches: 2, Logs: dir,
		Simulator: []string{"BOOKIESIM_EVENTS=40", "BOOKIESIM_DENSITY=small", "BOOKIESIM_TICK=1s", "BOOKIESIM_MOVE=0.1", "BOOKIESIM_LATENCY=0.2"},
		Scraper: func(c *scraper.Config) {
			c.Interval, c.LeaseFor, c.BatchEvents, c.WaitTimeout = set.interval, set.lease, 10, 10*time.Second
		},
	})
	if err := s.Simulator.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range s.scrapers {
		s.Scrapers[i].Config.DatabaseURL = c.url(set.hosts[i])
		s.scrapers[i], s.caches[i] = faults.Observe(s.Scrapers[i].Service), faults.Observe(s.Caches[i].Service)
		s.samplers[i] = &faults.Sampler{Name: s.Caches[i].Name, Client: s.Caches[i].Client}
	}
	for _, p := range []*faults.Service{s.scrapers[0], s.scrapers[1], s.caches[0], s.caches[1]} {
		if err := p.Start(""); err != nil {
			t.Fatal(err)
		}
	}
	s.sample(ctx, t)
	return s
}

// sample samples the caches until the test ends.
func (s *testbed) sample(ctx context.Context, t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(ctx)
	var sampling sync.WaitGroup
	for _, sampler := range s.samplers {
		sampling.Go(func() { sampler.Run(ctx) })
	}
	t.Cleanup(func() { stop(); sampling.Wait() })
}

// writer waits until a scraper writes, and returns which.
func (s *testbed) writer(ctx context.Context) (int, error) {
	for ctx.Err() == nil {
		for i, scraper := range s.Scrapers {
			call, cancel := context.WithTimeout(ctx, time.Second)
			writes, err := scraper.Writes(call)
			cancel()
			if err == nil && writes {
				return i, nil
			}
		}
		cluster.Pause(ctx, 20*time.Millisecond)
	}
	return 0, fmt.Errorf("waiting for a writer: %w", context.Cause(ctx))
}

// swap arms a point in the scraper that stands by and makes it the writer. It returns the numbers of both; the one that
// wrote before is not started again.
func (s *testbed) swap(ctx context.Context, points string) (next, old int, err error) {
	if old, err = s.writer(ctx); err != nil {
		return 0, 0, err
	}
	next = 1 - old
	s.scrapers[next].Kill()
	if err := s.scrapers[next].Start(points); err != nil {
		return 0, 0, err
	}
	for ctx.Err() == nil { // until its admin port is open
		if _, err := s.Scrapers[next].Writes(ctx); err == nil {
			break
		}
		cluster.Pause(ctx, 10*time.Millisecond)
	}
	s.scrapers[old].Terminate() // it gives its lease back
	for s.scrapers[old].Alive() && ctx.Err() == nil {
		cluster.Pause(ctx, 10*time.Millisecond)
	}
	return next, old, nil
}

// settle waits until a cycle that began at the primary now has ended well, and both caches equal Postgres. It returns
// how long the cycle and how long the caches took, and how many rows were compared.
func (s *testbed) settle(ctx context.Context) (cycle, caches time.Duration, compared int, err error) {
	began := time.Now()
	err = s.servers.await(ctx, "a cycle", s.servers.primary, `SELECT EXISTS (SELECT FROM cycles
		WHERE status = 'SUCCEEDED' AND started_at > $1)`, began)
	cycle = time.Since(began)
	if err != nil {
		return cycle, 0, 0, err
	}
	// Cycles go on: what is compared must fit between two of them, which takes some tries on a machine that is busy.
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		compared, err = s.compare(ctx)
		if err == nil || ctx.Err() != nil {
			return cycle, time.Since(began), compared, err
		}
		cluster.Pause(ctx, 20*time.Millisecond)
	}
}

// compare holds both caches against Postgres, which must not have moved meanwhile.
func (s *testbed) compare(ctx context.Context) (compared int, err error) {
	rows, err := cluster.ReadRows(ctx, s.servers.direct(s.servers.primary))
	if err != nil {
		return 0, err
	}
	for _, c := range s.Caches {
		stats, err := c.Client.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		if f := stats.GetFreshness(); err != nil || !rows.Reached(f) {
			return 0, fmt.Errorf("%s is %v at %d of %s, Postgres at %d of %s, %w", c.Name, f.GetState(), f.GetRevision(),
				f.GetEpoch(), rows.Revision, rows.Epoch, errors.Join(errBehind, err))
		}
		n, err := rows.Compare(ctx, c.Client)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.Name, err)
		}
		compared += n
	}
	return compared, nil
}

// errBehind says that a cache is not where Postgres is.
var errBehind = errors.New("not equal")

// validate holds what the caches answered to the order of time: nothing older under the same epoch.
func (s *testbed) validate() (samples int, err error) {
	for _, sampler := range s.samplers {
		taken := sampler.Take()
		samples += len(taken)
		err = errors.Join(err, history.Samples(taken, nil))
	}
	return samples, err
}
