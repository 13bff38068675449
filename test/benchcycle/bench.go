package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/test/benchcycle/measure"
	"github.com/oddscache/oddscache/test/cluster"
)

// movedShare is the part of the markets that moves between two cycles.
const movedShare = 0.05

// options are the flags.
type options struct {
	events    int
	latency   float64
	rounds    int
	copies    int
	followers int
	markdown  string
	profiles  string
	verbose   bool
}

// results is everything that was measured.
type results struct {
	options   options
	first     measure.Cycle
	unchanged measure.Cycle
	moved     []measure.Cycle
	bareCopy  []measure.Copied
	peak      int64 // the scraper's memory, after all cycles
	followers measure.Followers
	warm      []measure.Warm // with what the cycles left
	warmSize  int64          // snapshots
	large     []measure.Warm // with many times that
	largeSize int64
	variants  []measure.Variant
}

// run measures and reports.
func run(ctx context.Context, o options) (err error) {
	log := io.Discard
	if o.verbose {
		log = os.Stderr
	}
	binaries, err := cluster.NewBinaries()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, binaries.Close()) }()
	r, err := start(ctx, o, binaries, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	res := &results{options: o}
	if err := res.cycles(ctx, r); err != nil {
		return err
	}
	if err := res.starts(ctx, r); err != nil {
		return err
	}
	report := res.report()
	if err := report.Text(os.Stdout); err != nil {
		return err
	}
	if o.markdown == "" {
		return nil
	}
	if err := os.WriteFile(o.markdown, []byte(report.Markdown()), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// start starts Postgres and the simulator, each the real thing in a process of its own as in production, and prepares a
// scraper and a cache. Postgres has its own defaults for memory and WAL, and nothing is switched off.
func start(ctx context.Context, o options, binaries *cluster.Binaries, log io.Writer) (*cluster.Cluster, error) {
	simulator := []string{
		"BOOKIESIM_PROFILE=real", "BOOKIESIM_STILL=true", "BOOKIESIM_LIMITS=true",
		"BOOKIESIM_LATENCY=" + strconv.FormatFloat(o.latency, 'f', -1, 64),
	}
	if o.events > 0 {
		simulator = append(simulator, "BOOKIESIM_EVENTS="+strconv.Itoa(o.events))
	}
	c, err := cluster.New(ctx, cluster.Config{
		Binaries: binaries, Simulator: simulator, Output: log, Postgres: map[string]string{
			"fsync": "on", "synchronous_commit": "on", "shared_buffers": "128MB", "max_wal_size": "1GB", "min_wal_size": "80MB",
		},
	})
	if err != nil {
		return nil, err
	}
	if err = c.Simulator.Start(ctx); err == nil {
		err = c.Simulator.Freeze(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// cycles runs the first cycle, one in which nothing moved, and some in which a few markets did.
func (res *results) cycles(ctx context.Context, r *cluster.Cluster) (err error) {
	if _, err := measure.Start(ctx, r); err != nil {
		return err
	}
	if res.first, err = res.cycle(ctx, r, "first"); err != nil {
		return err
	}
	logProgress("bare COPY of the same rows")
	if res.bareCopy, err = measure.BareCopy(ctx, r, res.options.rounds); err != nil {
		return err
	}
	if res.unchanged, err = res.cycle(ctx, r, "unchanged"); err != nil {
		return err
	}
	for round := range res.options.rounds {
		if _, err := r.Simulator.MoveOdds(ctx, movedShare, round+1); err != nil {
			return err
		}
		c, err := res.cycle(ctx, r, fmt.Sprintf("5 %% moved, %d", round+1))
		if err != nil {
			return err
		}
		res.moved = append(res.moved, c)
	}
	usage, err := r.Scrapers[0].Process().Usage()
	res.peak = usage.PeakBytes
	if err != nil || res.options.followers == 0 {
		return err
	}
	logProgress(fmt.Sprintf("%d replicas more", res.options.followers))
	res.followers, err = measure.Follow(ctx, r, res.options.followers, func() (measure.Cycle, error) {
		if _, err := r.Simulator.MoveOdds(ctx, movedShare, res.options.rounds+1); err != nil {
			return measure.Cycle{}, err
		}
		return res.cycle(ctx, r, fmt.Sprintf("5 %% moved, %d replicas more", res.options.followers))
	})
	return err
}

// cycle runs one cycle, with a profile of the scraper if that is wanted.
func (res *results) cycle(ctx context.Context, r *cluster.Cluster, name string) (measure.Cycle, error) {
	logProgress("cycle: " + name)
	if res.options.profiles == "" {
		return measure.RunCycle(ctx, r, res.options.latency, name)
	}
	stop, err := measure.Profile(ctx, r.Scrapers[0].Admin, res.options.profiles, name)
	if err != nil {
		return measure.Cycle{}, err
	}
	c, err := measure.RunCycle(ctx, r, res.options.latency, name)
	return c, errors.Join(err, stop())
}

// starts measures warm starts, with what the cycles left and with many times that, and in between what the store
// does not do.
func (res *results) starts(ctx context.Context, r *cluster.Cluster) (err error) {
	if res.warm, res.warmSize, err = res.restart(ctx, r); err != nil {
		return err
	}
	if err := r.Stop(); err != nil {
		return err
	}
	logProgress("ways to write and read it")
	last := res.all()[len(res.all())-1]
	if res.variants, err = measure.Variants(ctx, r, last.HistoryRows); err != nil || res.options.copies == 0 {
		return err
	}
	logProgress("making many times more snapshots")
	if err := measure.Multiply(ctx, r, res.options.copies); err != nil {
		return err
	}
	res.large, res.largeSize, err = res.restart(ctx, r)
	return err
}

// restart stops the pair and starts it again, several times.
func (res *results) restart(ctx context.Context, r *cluster.Cluster) (all []measure.Warm, snapshots int64, err error) {
	tables, err := measure.ReadTables(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	for range res.options.rounds {
		if err := r.Stop(); err != nil {
			return nil, 0, err
		}
		logProgress(fmt.Sprintf("warm start with %d snapshots", tables.Snapshots))
		w, err := measure.Start(ctx, r)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, w)
	}
	return all, tables.Snapshots, nil
}

// logProgress tells what is going on; the tables come at the end.
func logProgress(what string) {
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.TimeOnly), what)
}
