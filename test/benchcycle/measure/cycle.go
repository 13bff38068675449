// Package measure measures whole cycles from outside: what the scraper's own progress says, what the simulator
// counted, what Postgres holds afterwards.
//
// It is not for judging the figures, nor for printing them: see the package report.
package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/cluster"
)

// Storage is what storing took, over all batches of a cycle.
type Storage struct {
	Batches                            int
	Lookups, Processing, Flush, Commit time.Duration
}

// Total is the time of all four steps.
func (s Storage) Total() time.Duration { return s.Lookups + s.Processing + s.Flush + s.Commit }

// Cycle is one cycle and what it cost.
type Cycle struct {
	Name         string
	Result       *oddscachev1.Cycle
	Wall         time.Duration
	Discovery    time.Duration
	Bounds       []Bound // one for each bookmaker
	Storage      Storage
	CacheUpdates []time.Duration // from each commit to the ack of the slowest live replica
	Counters     map[string]sim.Counters
	Skew         Skew
	HistoryRows  int64
	HistoryBytes int64 // growth of the history with its indexes
	LiveBytes    int64 // of the tables of what is offered now, after the cycle
	WALBytes     int64
	ScraperCPU   time.Duration
	SimulatorCPU time.Duration
	PostgresCPU  time.Duration // of the scraper's backends
	Load         float64       // of the machine over the last minute, when the cycle ended
}

// errEnded says that progress ended before the cycle.
var errEnded = errors.New("progress ended before the cycle")

// RunCycle runs one cycle and measures it. latency is the factor on the bookmakers' latencies.
func RunCycle(ctx context.Context, r *cluster.Cluster, latency float64, name string) (Cycle, error) {
	c := Cycle{Name: name}
	if err := r.Simulator.ResetCounters(ctx); err != nil {
		return c, err
	}
	before, err := look(ctx, r)
	if err != nil {
		return c, err
	}
	if err := c.follow(ctx, r.Scraper); err != nil {
		return c, fmt.Errorf("following the cycle %q: %w", name, err)
	}
	after, err := look(ctx, r)
	if err != nil {
		return c, err
	}
	c.Wall = c.Result.GetFinishedAt().AsTime().Sub(c.Result.GetStartedAt().AsTime())
	c.ScraperCPU, c.SimulatorCPU = after.scraper.CPU-before.scraper.CPU, after.simulator.CPU-before.simulator.CPU
	c.PostgresCPU = after.postgres - before.postgres
	c.HistoryRows = after.tables.HistoryRows - before.tables.HistoryRows
	c.HistoryBytes = after.tables.HistoryBytes - before.tables.HistoryBytes
	c.LiveBytes, c.WALBytes = after.tables.LiveBytes, after.tables.WALBytes-before.tables.WALBytes
	c.Counters, c.Bounds = after.state.Counters, bounds(after.state.Counters, latency)
	if c.Skew, err = readSkew(ctx, r, c.Result.GetStartedAt().AsTime()); err != nil {
		return c, err
	}
	c.Load, err = Load()
	return c, err
}

// follow runs the cycle and takes in its progress.
func (c *Cycle) follow(ctx context.Context, scraper oddscachev1.ScraperServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	steps, err := scraper.WatchProgress(ctx, &oddscachev1.WatchProgressRequest{})
	if err != nil {
		return fmt.Errorf("watching: %w", err)
	}
	started, err := scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{})
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	for {
		step, err := steps.Recv()
		if err != nil {
			return fmt.Errorf("%w: %w", errEnded, err)
		}
		if step.GetCycleId() != started.GetCycle().GetCycleId() {
			continue
		}
		if found := step.GetDiscoveryCompleted(); found != nil {
			c.Discovery = milliseconds(found.GetDiscoveryMs())
		}
		if batch := step.GetBatchStored(); batch != nil {
			c.stored(batch)
		}
		if ended := step.GetCycleEnded(); ended != nil {
			c.Result = ended.GetCycle()
			return nil
		}
	}
}

func (c *Cycle) stored(b *oddscachev1.BatchStored) {
	c.Storage.Batches++
	c.Storage.Lookups += milliseconds(b.GetStorageLookupsMs())
	c.Storage.Processing += milliseconds(b.GetStorageProcessingMs())
	c.Storage.Flush += milliseconds(b.GetStorageFlushMs())
	c.Storage.Commit += milliseconds(b.GetStorageCommitMs())
	if b.CacheUpdateMs != nil {
		c.CacheUpdates = append(c.CacheUpdates, milliseconds(b.GetCacheUpdateMs()))
	}
}

// state is what is read before and after a cycle.
type state struct {
	scraper, simulator cluster.Usage
	postgres           time.Duration
	tables             Tables
	state              sim.State
}

func look(ctx context.Context, r *cluster.Cluster) (s state, err error) {
	if s.scraper, err = r.Scrapers[0].Process().Usage(); err != nil {
		return s, err
	}
	if s.simulator, err = r.Simulator.Process.Usage(); err != nil {
		return s, err
	}
	if s.postgres, err = backendsCPU(ctx, r); err != nil {
		return s, err
	}
	if s.tables, err = ReadTables(ctx, r); err != nil {
		return s, err
	}
	s.state, err = r.Simulator.State(ctx)
	return s, err
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// Percentile is the value below which a share of the values lies; zero without values.
func Percentile(values []time.Duration, share float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// Median is the middle one of the values.
func Median(values []time.Duration) time.Duration { return Percentile(values, 0.5) }
