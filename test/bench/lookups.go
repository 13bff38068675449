package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/oddscache/oddscache/test/bench/contestant"
	"github.com/oddscache/oddscache/test/bench/load"
	"github.com/oddscache/oddscache/test/benchcycle/report"
)

// cell is what one contestant did with one shape, round by round.
type cell struct {
	closed []load.Result
	open   []load.Latency
}

// median of a figure over the rounds.
func median[T any](all []T, figure func(T) float64) float64 {
	values := make([]float64, len(all))
	for i, v := range all {
		values[i] = figure(v)
	}
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

func (c *cell) rate() float64 { return median(c.closed, load.Result.Rate) }

// over is the median of the rounds' ratios of a figure. Both took their turns in the same rounds, so what else the
// machine did meanwhile cancels out as far as it can.
func (c *cell) over(other *cell, figure func(load.Result) float64) float64 {
	var ratios []float64
	for i := range min(len(c.closed), len(other.closed)) {
		ratios = append(ratios, figure(c.closed[i])/figure(other.closed[i]))
	}
	return median(ratios, func(r float64) float64 { return r })
}

// lookups measures single calls: closed loop and open loop.
func (b *bench) lookups(ctx context.Context, all []*contestant.Contestant, responses contestant.Responses) error {
	for _, shape := range contestant.Shapes() {
		cells := make(map[string]*cell)
		for _, c := range all {
			cells[c.Name] = &cell{}
		}
		for round := range b.rounds + 1 { // the first warms up and is thrown away
			logProgress(fmt.Sprintf("%s, closed loop, round %d of %d", shape, round, b.rounds))
			for _, c := range turn(all, round) {
				r, err := b.closedSlice(ctx, c, shape, round)
				if err != nil {
					return fmt.Errorf("asking %s for a %s: %w", c.Name, shape, err)
				}
				if round > 0 {
					cells[c.Name].closed = append(cells[c.Name].closed, r)
				}
			}
		}
		if b.wants("latency") {
			b.latency(ctx, all, shape, cells)
		}
		b.lookupTable(all, shape, cells, responses)
	}
	return nil
}

// turn is the contestants in the order of a round: every one goes first once.
func turn(all []*contestant.Contestant, round int) []*contestant.Contestant {
	k := round % len(all)
	return slices.Concat(all[k:], all[:k])
}

// closedSlice asks one contestant for a while. Garbage of the one before is collected first.
func (b *bench) closedSlice(ctx context.Context, c *contestant.Contestant, shape contestant.Shape, round int) (load.Result, error) {
	runtime.GC()
	stop, err := b.profiled(c, fmt.Sprintf("%.3s-calls", shape), round)
	if err != nil {
		return load.Result{}, err
	}
	defer stop()
	return load.Closed(ctx, b.callers, b.slice, c.Children(), c.Calls[shape])
}

// profiled begins a CPU profile of the cache's slice in the first round, if profiles are wanted.
func (b *bench) profiled(c *contestant.Contestant, name string, round int) (stop func(), err error) {
	if b.profile == "" || round != 1 || c.Name != "oddscache" {
		return func() {}, nil
	}
	f, err := os.Create(b.profile + "-" + name)
	if err != nil {
		return nil, fmt.Errorf("making the profile's file: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("starting the profile: %w", err)
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil // the profile is written by then
}

// latency asks everybody at one rate: half of what the slowest contestant can.
func (b *bench) latency(ctx context.Context, all []*contestant.Contestant, shape contestant.Shape, cells map[string]*cell) {
	rate := cells[all[0].Name].rate()
	for _, c := range cells {
		rate = min(rate, c.rate())
	}
	rate /= 2
	for round := range b.rounds {
		logProgress(fmt.Sprintf("%s, open loop at %.0f/s, round %d of %d", shape, rate, round+1, b.rounds))
		for _, c := range turn(all, round) {
			runtime.GC()
			cells[c.Name].open = append(cells[c.Name].open, load.Open(ctx, rate, 0, b.slice, nil, c.Calls[shape]))
		}
	}
}

// lookupTable shows one shape and judges what is asked of it.
func (b *bench) lookupTable(all []*contestant.Contestant, shape contestant.Shape, cells map[string]*cell, responses contestant.Responses) {
	t := b.report.Table(fmt.Sprintf("%s, one call each (%d bytes)", shape, responses.Size(shape)),
		"Closed loop for throughput, CPU and allocations; open loop, at half the rate of the slowest contestant, for latency from the intended start.",
		"contestant", "answers/s", "of the cache's", "CPU-s per 1,000", "allocations each", "p50", "p99", "p99.9")
	own := cells[all[0].Name]
	for _, c := range all {
		x := cells[c.Name]
		allocs := fmt.Sprintf("%.1f", median(x.closed, load.Result.Allocs))
		if len(c.Children()) > 0 {
			allocs += " (client)"
		}
		at := func(q float64) string {
			if len(x.open) == 0 {
				return ""
			}
			d := median(x.open, func(l load.Latency) float64 { return float64(l.At(q)) })
			return time.Duration(d).Round(time.Microsecond).String()
		}
		t.Add(c.Name, fmt.Sprintf("%.0f", x.rate()), fmt.Sprintf("%.2f", x.over(own, load.Result.Rate)),
			fmt.Sprintf("%.4f", median(x.closed, load.Result.CPUPer1000)), allocs, at(50), at(99), at(99.9))
	}
	requireAtLeast := func(name string, least float64) {
		if other := cells[name]; other != nil {
			b.requestRatio(fmt.Sprintf("%s over %s", shape, name), least, own, other)
		}
	}
	switch shape {
	case contestant.Full:
		requireAtLeast("bare gRPC", .90)
		requireAtLeast("Redis, go-redis", 1.1)
		requireAtLeast("gRPC, marshalling", 4)
	case contestant.Market:
		requireAtLeast("bare gRPC", .90)
	case contestant.Batch:
	}
}

// requestRatio notes a ratio of throughput that has to be reached, and beside it that of the CPU time that an answer takes,
// which other programs on the machine change less.
func (b *bench) requestRatio(what string, least float64, own, other *cell) {
	rate, cpu := own.over(other, load.Result.Rate), 1/own.over(other, load.Result.CPUPer1000)
	b.requirements.Add(what+", throughput", fmt.Sprintf("at least %.2f", least), fmt.Sprintf("%.2f (by CPU time %.2f)", rate, cpu), report.Verdict(rate >= least))
}

// requireAtLeast notes a ratio that has to be reached.
func (b *bench) requireAtLeast(what string, least, got float64) {
	b.requirements.Add(what, fmt.Sprintf("at least %.2f", least), fmt.Sprintf("%.2f", got), report.Verdict(got >= least))
}

// requireAtMost notes a figure that must not be passed.
func (b *bench) requireAtMost(what string, most, got float64) {
	b.requirements.Add(what, fmt.Sprintf("at most %.2f", most), fmt.Sprintf("%.2f", got), report.Verdict(got <= most))
}
