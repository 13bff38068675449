package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/feedmodel/record"
	"github.com/oddscache/oddscache/test/process"
	"github.com/oddscache/oddscache/test/proxy"
)

// lease is short, so that takeovers fit into a round.
const lease = 1500 * time.Millisecond

// stand is everything that runs.
type stand struct {
	dir      string
	postgres *postgres.Server
	url      string // of the database, without a proxy
	world    *sim.World
	site     *httptest.Server

	scrapers [2]*Service
	caches   [2]*Service
	toDB     [2]*proxy.Proxy    // of each scraper
	feeds    [2][2]*proxy.Proxy // of each cache to each scraper

	scraperClients [2]oddscachev1.ScraperServiceClient
	cacheClients   [2]oddscachev1.OddsCacheServiceClient
	conns          []*grpc.ClientConn
	recorder       *recorder
	samplers       [2]*Sampler
	watching       sync.WaitGroup // recorder and samplers; they end with stopWatching
	stopWatching   context.CancelFunc
}

// newStand builds the binaries and starts everything. migrate prepares the database.
func newStand(ctx context.Context, dir string, migrate func(context.Context, string) error) (*stand, error) {
	s := &stand{dir: dir}
	scraper, err := Build(dir, "scraper")
	if err != nil {
		return s, err
	}
	cache, err := Build(dir, "cache")
	if err != nil {
		return s, err
	}
	if s.postgres, err = postgres.Start(ctx, postgres.Options{}); err != nil {
		return s, fmt.Errorf("starting postgres: %w", err)
	}
	s.url = s.postgres.URL("postgres")
	if err := migrate(ctx, s.url); err != nil {
		return s, fmt.Errorf("migrating: %w", err)
	}
	if err := s.startSite(); err != nil {
		return s, err
	}
	if err := s.wire(ctx, scraper, cache); err != nil {
		return s, err
	}
	for _, p := range s.services() {
		if err := p.Start(""); err != nil {
			return s, err
		}
	}
	s.watch()
	return s, nil
}

// startSite makes a small world in which the test alone makes things happen.
func (s *stand) startSite() error {
	cfg := sim.DefaultConfig()
	cfg.Life, cfg.MoveShare, cfg.OtherSports = sim.Life{}, 0, 0
	cfg.Events, cfg.Offered = 40, [3]int{30, 38, 36}
	var err error
	if s.world, err = sim.New(cfg); err != nil {
		return fmt.Errorf("making the world: %w", err)
	}
	s.site = httptest.NewServer(s.world.Combined())
	return nil
}

// wire makes the proxies, the processes' settings and the clients.
func (s *stand) wire(ctx context.Context, scraperBin, cacheBin string) error {
	direct, err := url.Parse(s.url)
	if err != nil {
		return fmt.Errorf("reading the database's url: %w", err)
	}
	query := direct.Query()
	socket := ".s.PGSQL." + query.Get("port")
	var scraperAddrs [2]string
	for i := range s.scrapers {
		dir, err := os.MkdirTemp("", "faults-pg-")
		if err != nil {
			return fmt.Errorf("making a socket's folder: %w", err)
		}
		if s.toDB[i], err = proxy.New("unix", filepath.Join(dir, socket), "unix", filepath.Join(direct.Query().Get("host"), socket)); err != nil {
			return err
		}
		query.Set("host", dir)
		through := *direct
		through.RawQuery = query.Encode()
		if scraperAddrs[i], err = process.FindAddr(ctx); err != nil {
			return err
		}
		admin, err := process.FindAddr(ctx)
		if err != nil {
			return err
		}
		name := fmt.Sprint("scraper-", i)
		s.scrapers[i], err = NewService(s.dir, name, scraperBin,
			"SCRAPER_DATABASE_URL="+through.String(), "SCRAPER_LISTEN="+scraperAddrs[i], "SCRAPER_ADMIN_LISTEN="+admin, "SCRAPER_HOLDER="+name,
			"SCRAPER_INTERVAL=0", "SCRAPER_LEASE="+lease.String(), "SCRAPER_GRACE=1s", "SCRAPER_BATCH_EVENTS=5", "SCRAPER_BATCH_AGE=10ms",
			"SCRAPER_BET9JA_SPACING=1ms", "SCRAPER_PATIENCE=10s",
			"SCRAPER_BETPAWA_URL="+s.site.URL, "SCRAPER_SPORTYBET_URL="+s.site.URL, "SCRAPER_BET9JA_URL="+s.site.URL)
		if err != nil {
			return err
		}
		conn, err := s.connect(scraperAddrs[i])
		if err != nil {
			return err
		}
		s.scraperClients[i] = oddscachev1.NewScraperServiceClient(conn)
	}
	for i := range s.caches {
		var feed []string
		for j, addr := range scraperAddrs {
			if s.feeds[i][j], err = proxy.New("tcp", "127.0.0.1:0", "tcp", addr); err != nil {
				return err
			}
			feed = append(feed, s.feeds[i][j].Addr().String())
		}
		listen, err := process.FindAddr(ctx)
		if err != nil {
			return err
		}
		name := fmt.Sprint("cache-", i)
		s.caches[i], err = NewService(s.dir, name, cacheBin, "CACHE_FEED="+strings.Join(feed, ","), "CACHE_LISTEN="+listen, "CACHE_ADMIN_LISTEN=127.0.0.1:0", "CACHE_REPLICA_ID="+name)
		if err != nil {
			return err
		}
		conn, err := s.connect(listen)
		if err != nil {
			return err
		}
		s.cacheClients[i] = oddscachev1.NewOddsCacheServiceClient(conn)
		s.samplers[i] = &Sampler{Name: name, Client: s.cacheClients[i]}
	}
	conn, err := s.connect(scraperAddrs[0] + "," + scraperAddrs[1])
	s.recorder = &recorder{conn: conn}
	return err
}

func (s *stand) connect(addr string) (*grpc.ClientConn, error) {
	conn, err := client.New(addr, client.Options{MaxRecvBytes: 64 << 20, NoRetry: []string{
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName, oddscachev1.ScraperService_RunCycle_FullMethodName,
	}})
	if err == nil {
		s.conns = append(s.conns, conn)
	}
	return conn, err
}

// watch starts the recorder and the samplers.
func (s *stand) watch() {
	ctx, stop := context.WithCancel(context.Background())
	s.stopWatching = stop
	s.watching.Go(func() { s.recorder.run(ctx) })
	for _, sampler := range s.samplers {
		s.watching.Go(func() { sampler.Run(ctx) })
	}
}

func (s *stand) services() []*Service {
	return []*Service{s.scrapers[0], s.scrapers[1], s.caches[0], s.caches[1]}
}

func (s *stand) proxies() []*proxy.Proxy {
	return []*proxy.Proxy{s.toDB[0], s.toDB[1], s.feeds[0][0], s.feeds[0][1], s.feeds[1][0], s.feeds[1][1]}
}

// heal ends every fault: proxies pass, stopped processes go on, dead ones are started again.
func (s *stand) heal(ctx context.Context) error {
	for _, p := range s.proxies() {
		p.Heal()
	}
	select {
	case <-s.postgres.Done():
		if err := s.postgres.Restart(ctx); err != nil && !errors.Is(err, postgres.ErrRunning) {
			return fmt.Errorf("restarting postgres: %w", err)
		}
	default:
	}
	for _, p := range s.services() {
		p.Signal(syscall.SIGCONT)
		if !p.Alive() {
			if err := p.Start(""); err != nil {
				return err
			}
		}
	}
	return nil
}

// leader is the scraper that holds the lease; -1 for none.
func (s *stand) leader(ctx context.Context) int {
	for i, c := range s.scraperClients {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		_, err := c.RunCycle(ctx, &oddscachev1.RunCycleRequest{})
		cancel()
		if err == nil {
			return i
		}
	}
	return -1
}

// load runs cycles, one after another, and changes the world meanwhile, until ctx ends.
func (s *stand) load(ctx context.Context, round uint64) {
	var working sync.WaitGroup
	working.Go(func() {
		for ctx.Err() == nil {
			for _, c := range s.scraperClients {
				call, cancel := context.WithTimeout(ctx, 5*time.Second)
				_, _ = c.RunCycle(call, &oddscachev1.RunCycleRequest{Wait: true})
				cancel()
			}
			pause(ctx, 20*time.Millisecond)
		}
	})
	working.Go(func() {
		for n := round << 20; ctx.Err() == nil; n++ {
			s.change(n)
			pause(ctx, 60*time.Millisecond)
		}
	})
	working.Wait()
}

// change lets something happen in the world. Errors say that the event cannot do that any more.
func (s *stand) change(n uint64) {
	s.world.MoveOdds(0.03, n)
	events := s.world.Events()
	if len(events) == 0 {
		return
	}
	e := events[n*7919%uint64(len(events))]
	bookmaker := sim.Bookmakers()[n%3]
	switch n % 8 {
	case 0:
		_ = s.world.Postpone(e.SrID, time.Now().Add(3*time.Second)) // it kicks off soon, and is evicted
	case 1:
		_ = s.world.Postpone(e.SrID, time.Now().Add(time.Duration(n%72+1)*time.Hour))
	case 2:
		_, _ = s.world.Recreate(bookmaker, e.SrID)
	case 3:
		_ = s.world.ChangeSrID(bookmaker, e.SrID, fmt.Sprint(90_000_000+n%1000))
	case 4:
		_ = s.world.Vanish(bookmaker, e.SrID)
	case 5:
		_ = s.world.Restore(bookmaker, e.SrID)
	}
}

// settle runs a last cycle and waits until both caches show everything that is committed. It returns the rows.
func (s *stand) settle(ctx context.Context) (*Rows, error) {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	for done := false; !done; pause(ctx, 50*time.Millisecond) {
		for _, c := range s.scraperClients {
			call, cancel := context.WithTimeout(ctx, 20*time.Second)
			resp, err := c.RunCycle(call, &oddscachev1.RunCycleRequest{Wait: true})
			cancel()
			done = done || err == nil && resp.GetCycle().GetStatus() != oddscachev1.CycleStatus_CYCLE_STATUS_FAILED
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("no cycle ended well: %w", ctx.Err())
		}
	}
	for {
		rows, err := ReadRows(ctx, s.url)
		if err != nil {
			return nil, err
		}
		waiting := ""
		for i, c := range s.cacheClients {
			stats, err := c.GetStats(ctx, &oddscachev1.GetStatsRequest{})
			f := stats.GetFreshness()
			if err != nil || f.GetState() != oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE || f.GetRevision() != rows.Revision || !strings.HasPrefix(f.GetEpoch(), rows.Epoch) {
				waiting = fmt.Sprintf("cache %d is %v at %d of %s, Postgres at %d of %s, %v", i, f.GetState(), f.GetRevision(), f.GetEpoch(), rows.Revision, rows.Epoch, err)
			}
		}
		if waiting == "" {
			return rows, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("caches do not catch up: %s", waiting)
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// validate holds what was recorded since the last call to the validators, and returns how much that was.
func (s *stand) validate() (messages, samples int, err error) {
	streams, messages, wrong := s.recorder.take()
	errs := []error{record.Streams(streams)}
	for _, w := range wrong {
		errs = append(errs, fmt.Errorf("recorder: %s", w))
	}
	for _, sampler := range s.samplers {
		taken := sampler.Take()
		samples += len(taken)
		errs = append(errs, record.Samples(taken, nil))
	}
	for _, p := range s.services() {
		p.mu.Lock()
		for _, w := range p.wrong {
			errs = append(errs, fmt.Errorf("%s: %s", p.name, w))
		}
		p.wrong = nil
		p.mu.Unlock()
	}
	return messages, samples, errors.Join(errs...)
}

// close ends everything that was started.
func (s *stand) close() error {
	if s.stopWatching != nil {
		s.stopWatching()
		s.watching.Wait()
	}
	var errs []error
	for _, p := range s.services() {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	for _, c := range s.conns {
		errs = append(errs, c.Close())
	}
	for _, p := range s.proxies() {
		if p != nil {
			errs = append(errs, p.Close())
			if addr := p.Addr(); addr.Network() == "unix" {
				errs = append(errs, os.RemoveAll(filepath.Dir(addr.String())))
			}
		}
	}
	if s.site != nil {
		s.site.Close()
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Stop())
	}
	return errors.Join(errs...)
}

// pause waits, but not beyond ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
