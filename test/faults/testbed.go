package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// lease is short, so that takeovers fit into a round.
const lease = 1500 * time.Millisecond

// testbed is two scrapers and two caches with proxies, bookmakers to which the test alone makes things happen, and what
// follows the feed and samples the caches all the time.
type testbed struct {
	*cluster.Cluster

	binaries *cluster.Binaries
	world    *cluster.World
	scrapers [2]*Service
	caches   [2]*Service

	recorder *recorder
	samplers [2]*Sampler
	sampling sync.WaitGroup // recorder and samplers; they end with stopSampling

	stopSampling context.CancelFunc
}

// newTestbed builds the binaries and starts everything; logs go to a folder. What it returns with an error has to be
// closed too.
func newTestbed(ctx context.Context, dir string) (*testbed, error) {
	s := &testbed{}
	var err error
	if s.binaries, err = Binaries(dir); err != nil {
		return s, err
	}
	world := cluster.SmallWorld(40)
	world.MoveShare, world.OtherSports = 0, 0
	if s.world, err = cluster.NewWorld(world); err != nil {
		return s, err
	}
	s.Cluster, err = cluster.New(ctx, cluster.Config{
		Binaries: s.binaries, Site: s.world.URL, Scrapers: 2, Caches: 2, Proxies: true, Logs: dir,
		Scraper: func(c *scraper.Config) {
			c.LeaseFor, c.Grace, c.BatchEvents, c.BatchAge = lease, time.Second, 5, 10*time.Millisecond
			c.WaitTimeout = 10 * time.Second
			for _, b := range c.EachBookmaker() {
				b.Spacing = time.Millisecond
			}
		},
	})
	if err != nil {
		return s, err
	}
	for i := range s.scrapers {
		s.scrapers[i], s.caches[i] = Observe(s.Scrapers[i].Service), Observe(s.Caches[i].Service)
		s.samplers[i] = &Sampler{Name: s.Caches[i].Name, Client: s.Caches[i].Client}
	}
	for _, p := range s.services() {
		if err := p.Start(""); err != nil {
			return s, err
		}
	}
	conn, err := s.Dial(s.Scrapers[0].Addr+","+s.Scrapers[1].Addr, client.Options{MaxRecvBytes: 64 << 20, NoRetry: []string{
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName,
	}})
	s.recorder = &recorder{conn: conn}
	s.sample()
	return s, err
}

// sample starts the recorder and the samplers.
func (s *testbed) sample() {
	ctx, stop := context.WithCancel(context.Background())
	s.stopSampling = stop
	s.sampling.Go(func() { s.recorder.run(ctx) })
	for _, sampler := range s.samplers {
		s.sampling.Go(func() { sampler.Run(ctx) })
	}
}

func (s *testbed) services() []*Service {
	return []*Service{s.scrapers[0], s.scrapers[1], s.caches[0], s.caches[1]}
}

// feeds are the proxies between the caches and the scrapers.
func (s *testbed) feeds() []*cluster.Proxy {
	return slices.Concat(s.Caches[0].Feeds, s.Caches[1].Feeds)
}

// heal ends every fault: proxies pass, stopped processes go on, dead ones are started again.
func (s *testbed) heal(ctx context.Context) error {
	for _, p := range append(s.feeds(), s.Scrapers[0].Database, s.Scrapers[1].Database) {
		p.Heal()
	}
	select {
	case <-s.Server.Done():
		if err := s.Server.Restart(ctx); err != nil && !errors.Is(err, postgres.ErrRunning) {
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
func (s *testbed) leader(ctx context.Context) int {
	for i, scraper := range s.Scrapers {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		_, err := scraper.Client.RunCycle(ctx, &oddscachev1.RunCycleRequest{})
		cancel()
		if err == nil {
			return i
		}
	}
	return -1
}

// load runs cycles, one after another, and changes the world meanwhile, until ctx ends.
func (s *testbed) load(ctx context.Context, round uint64) {
	var working sync.WaitGroup
	working.Go(func() {
		for ctx.Err() == nil {
			for _, c := range s.Scrapers {
				call, cancel := context.WithTimeout(ctx, 5*time.Second)
				_, _ = c.Client.RunCycle(call, &oddscachev1.RunCycleRequest{Wait: true})
				cancel()
			}
			cluster.Pause(ctx, 20*time.Millisecond)
		}
	})
	working.Go(func() {
		for n := round << 20; ctx.Err() == nil; n++ {
			s.change(n)
			cluster.Pause(ctx, 60*time.Millisecond)
		}
	})
	working.Wait()
}

// change lets something happen in the world. Errors say that the event cannot do that any more.
func (s *testbed) change(n uint64) {
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
func (s *testbed) settle(ctx context.Context) (*cluster.Rows, error) {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	for done := false; !done; cluster.Pause(ctx, 50*time.Millisecond) {
		for _, c := range s.Scrapers {
			call, cancel := context.WithTimeout(ctx, 20*time.Second)
			resp, err := c.Client.RunCycle(call, &oddscachev1.RunCycleRequest{Wait: true})
			cancel()
			done = done || err == nil && resp.GetCycle().GetStatus() != oddscachev1.CycleStatus_CYCLE_STATUS_FAILED
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("no cycle ended well: %w", ctx.Err())
		}
	}
	for {
		rows, err := cluster.ReadRows(ctx, s.DatabaseURL)
		if err != nil {
			return nil, err
		}
		waiting := ""
		for _, c := range s.Caches {
			stats, err := c.Client.GetStats(ctx, &oddscachev1.GetStatsRequest{})
			if f := stats.GetFreshness(); err != nil || !rows.Reached(f) {
				waiting = fmt.Sprintf("%s is %v at %d of %s, Postgres at %d of %s, %v", c.Name, f.GetState(), f.GetRevision(), f.GetEpoch(), rows.Revision, rows.Epoch, err)
			}
		}
		if waiting == "" {
			return rows, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("caches do not catch up: %s", waiting)
		}
		cluster.Pause(ctx, 50*time.Millisecond)
	}
}

// validate holds what was recorded since the last call to the validators, and returns how much that was.
func (s *testbed) validate() (messages, samples int, err error) {
	streams, messages, wrong := s.recorder.take()
	errs := []error{history.Streams(streams)}
	for _, w := range wrong {
		errs = append(errs, fmt.Errorf("recorder: %s", w))
	}
	for _, sampler := range s.samplers {
		taken := sampler.Take()
		samples += len(taken)
		errs = append(errs, history.Samples(taken, nil))
	}
	for _, p := range s.services() {
		for _, w := range p.takeWrong() {
			errs = append(errs, fmt.Errorf("%s: %s", p.Name, w))
		}
	}
	return messages, samples, errors.Join(errs...)
}

// close ends everything that was started.
func (s *testbed) close() error {
	if s.stopSampling != nil {
		s.stopSampling()
		s.sampling.Wait()
	}
	var errs []error
	if s.Cluster != nil {
		errs = append(errs, s.Close())
	}
	if s.world != nil {
		s.world.Close()
	}
	if s.binaries != nil {
		errs = append(errs, s.binaries.Close())
	}
	return errors.Join(errs...)
}
