package failover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/faults"
	"github.com/oddscache/oddscache/test/feedmodel/record"
	"github.com/oddscache/oddscache/test/process"
)

// bin holds what is not built with points.
var bin *process.Bin //nolint:gochecknoglobals // TestMain alone can remove it

func TestMain(m *testing.M) {
	var err error
	if bin, err = process.NewBin(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	err = bin.Remove()
	if leak := goleak.Find(); code == 0 && (leak != nil || err != nil) {
		fmt.Fprintln(os.Stderr, errors.Join(leak, err))
		code = 1
	}
	os.Exit(code)
}

// stand is everything that runs beside the servers.
type stand struct {
	cluster  *cluster
	scrapers [2]*faults.Service
	admins   [2]string
	caches   [2]*faults.Service
	clients  [2]oddscachev1.OddsCacheServiceClient
	samplers [2]*faults.Sampler
}

// settings say what differs between stands.
type settings struct {
	lease    time.Duration
	interval time.Duration
	hosts    [2]string // by which each scraper reaches the servers
}

// newStand starts bookmakers, two scrapers and two caches, and takes answers of the caches all the time.
func newStand(ctx context.Context, t *testing.T, c *cluster, set settings) *stand {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("FAULT_LOGS"); keep != "" {
		dir = keep
	}
	scraperBin, err := faults.Build(dir, "scraper")
	if err != nil {
		t.Fatal(err)
	}
	cacheBin, err := faults.Build(dir, "cache")
	if err != nil {
		t.Fatal(err)
	}
	site := process.FreeAddr(t)
	bin.Start(t, "bookiesim", nil, "BOOKIESIM_LISTEN="+site, "BOOKIESIM_EVENTS=40", "BOOKIESIM_DENSITY=small",
		"BOOKIESIM_TICK=1s", "BOOKIESIM_MOVE=0.1", "BOOKIESIM_LATENCY=0.2")
	s := &stand{cluster: c}
	t.Cleanup(func() {
		for _, p := range [4]*faults.Service{s.scrapers[0], s.scrapers[1], s.caches[0], s.caches[1]} {
			if p != nil {
				_ = p.Close()
			}
		}
	})
	var feed [2]string
	for i := range s.scrapers {
		feed[i], s.admins[i] = process.FreeAddr(t), process.FreeAddr(t)
		name := fmt.Sprint("scraper-", i)
		s.scrapers[i], err = faults.NewService(dir, name, scraperBin,
			"SCRAPER_DATABASE_URL="+c.url(set.hosts[i]), "SCRAPER_LISTEN="+feed[i], "SCRAPER_ADMIN_LISTEN="+s.admins[i],
			"SCRAPER_HOLDER="+name, "SCRAPER_INTERVAL="+set.interval.String(), "SCRAPER_LEASE="+set.lease.String(),
			"SCRAPER_BATCH_EVENTS=10", "SCRAPER_BATCH_AGE=20ms", "SCRAPER_BET9JA_SPACING=1ms", "SCRAPER_PATIENCE=10s",
			"SCRAPER_BETPAWA_URL=http://"+site, "SCRAPER_SPORTYBET_URL=http://"+site, "SCRAPER_BET9JA_URL=http://"+site)
		if err == nil {
			err = s.scrapers[i].Start("")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.caches {
		listen, name := process.FreeAddr(t), fmt.Sprint("cache-", i)
		s.caches[i], err = faults.NewService(dir, name, cacheBin, "CACHE_FEED="+strings.Join(feed[:], ","),
			"CACHE_LISTEN="+listen, "CACHE_ADMIN_LISTEN=127.0.0.1:0", "CACHE_REPLICA_ID="+name)
		if err == nil {
			err = s.caches[i].Start("")
		}
		if err != nil {
			t.Fatal(err)
		}
		s.clients[i] = oddscachev1.NewOddsCacheServiceClient(connect(t, listen))
		s.samplers[i] = &faults.Sampler{Name: name, Client: s.clients[i]}
	}
	s.sample(ctx, t)
	return s
}

func connect(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := client.New(addr, client.Options{MaxRecvBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// sample takes answers of the caches until the test ends.
func (s *stand) sample(ctx context.Context, t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(ctx)
	var sampling sync.WaitGroup
	for _, sampler := range s.samplers {
		sampling.Go(func() { sampler.Run(ctx) })
	}
	t.Cleanup(func() { stop(); sampling.Wait() })
}

// writes reports whether a scraper says that it is the writer.
func (s *stand) writes(ctx context.Context, i int) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	yes, err := process.Metric(ctx, s.admins[i], "oddscache_scraper_writer", "")
	return err == nil && yes == 1
}

// writer waits until a scraper writes, and returns which.
func (s *stand) writer(ctx context.Context) (int, error) {
	for ctx.Err() == nil {
		for i := range s.scrapers {
			if s.writes(ctx, i) {
				return i, nil
			}
		}
		pause(ctx, 20*time.Millisecond)
	}
	return 0, fmt.Errorf("waiting for a writer: %w", context.Cause(ctx))
}

// swap arms a point in the scraper that stands by and makes it the writer. It returns the numbers of both; the one that
// wrote before is not started again.
func (s *stand) swap(ctx context.Context, points string) (next, old int, err error) {
	if old, err = s.writer(ctx); err != nil {
		return 0, 0, err
	}
	next = 1 - old
	s.scrapers[next].Kill()
	if err := s.scrapers[next].Start(points); err != nil {
		return 0, 0, err
	}
	for !s.answers(ctx, next) && ctx.Err() == nil {
		pause(ctx, 10*time.Millisecond)
	}
	s.scrapers[old].Signal(syscall.SIGTERM) // it gives its lease back
	for s.scrapers[old].Alive() && ctx.Err() == nil {
		pause(ctx, 10*time.Millisecond)
	}
	return next, old, nil
}

// answers reports whether a scraper's admin port is open.
func (s *stand) answers(ctx context.Context, i int) bool {
	_, err := process.Metric(ctx, s.admins[i], "oddscache_scraper_writer", "")
	return err == nil
}

// settle waits until a cycle that began at the primary now has ended well, and both caches equal Postgres. It returns
// how long the cycle and how long the caches took, and how many rows were compared.
func (s *stand) settle(ctx context.Context) (cycle, caches time.Duration, compared int, err error) {
	began := time.Now()
	err = s.cluster.await(ctx, "a cycle", s.cluster.primary, `SELECT EXISTS (SELECT FROM cycles
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
		pause(ctx, 20*time.Millisecond)
	}
}

// compare holds both caches against Postgres, which must not have moved meanwhile.
func (s *stand) compare(ctx context.Context) (compared int, err error) {
	rows, err := faults.ReadRows(ctx, s.cluster.direct(s.cluster.primary))
	if err != nil {
		return 0, err
	}
	for i, c := range s.clients {
		stats, err := c.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		f := stats.GetFreshness()
		if err != nil || f.GetState() != oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE || f.GetRevision() != rows.Revision ||
			!strings.HasPrefix(f.GetEpoch(), rows.Epoch) {
			return 0, fmt.Errorf("cache %d is %v at %d of %s, Postgres at %d of %s, %w", i, f.GetState(), f.GetRevision(),
				f.GetEpoch(), rows.Revision, rows.Epoch, errors.Join(errBehind, err))
		}
		n, err := rows.Compare(ctx, c)
		if err != nil {
			return 0, fmt.Errorf("cache %d: %w", i, err)
		}
		compared += n
	}
	return compared, nil
}

// errBehind says that a cache is not where Postgres is.
var errBehind = errors.New("not equal")

// validate holds what the caches answered to the order of time: nothing older under the same epoch.
func (s *stand) validate() (samples int, err error) {
	for _, sampler := range s.samplers {
		taken := sampler.Take()
		samples += len(taken)
		err = errors.Join(err, record.Samples(taken, nil))
	}
	return samples, err
}
