package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/oddscache/oddscache/test/bench/contestant"
	"github.com/oddscache/oddscache/test/bench/load"
)

// pipelines measures lookup streams against the bare one and against calls.
func (b *bench) pipelines(ctx context.Context, all []*contestant.Contestant, responses contestant.Responses) error {
	for _, shape := range []contestant.Shape{contestant.Market, contestant.Full} {
		cells := make(map[string]*cell) // streams
		calls := &cell{}                // the cache's calls
		for round := range b.rounds + 1 {
			logProgress(fmt.Sprintf("%s, streams, round %d of %d", shape, round, b.rounds))
			for _, c := range turn(all, round) {
				if c.Streams == nil {
					continue
				}
				r, err := b.streamSlice(ctx, c, shape, round)
				if err != nil {
					return fmt.Errorf("streaming %s from %s: %w", shape, c.Name, err)
				}
				if cells[c.Name] == nil {
					cells[c.Name] = &cell{}
				}
				if round > 0 {
					cells[c.Name].closed = append(cells[c.Name].closed, r)
				}
			}
			r, err := b.closedSlice(ctx, all[0], shape, 0)
			if err != nil {
				return err
			}
			if round > 0 {
				calls.closed = append(calls.closed, r)
			}
		}
		t := b.report.Table(fmt.Sprintf("%s, pipelined streams (%d bytes)", shape, responses.Size(shape)),
			fmt.Sprintf("%d streams with %d open lookups each, on one connection; calls by %d callers beside them, in the same rounds.", b.streams, b.window, b.callers),
			"contestant", "answers/s", "CPU-s per 1,000", "allocations each")
		row := func(name string, x *cell) {
			t.Add(name, fmt.Sprintf("%.0f", x.rate()), fmt.Sprintf("%.4f", median(x.closed, load.Result.CPUPer1000)),
				fmt.Sprintf("%.1f", median(x.closed, load.Result.Allocs)))
		}
		for _, c := range all {
			if x := cells[c.Name]; x != nil {
				row(c.Name+", streams", x)
			}
		}
		row(all[0].Name+", calls", calls)
		over := map[contestant.Shape]float64{contestant.Market: 4, contestant.Full: 1.5}
		own := cells[all[0].Name]
		b.requestRatio(fmt.Sprintf("%s, streams over calls", shape), over[shape], own, calls)
		b.requestRatio(fmt.Sprintf("%s, streams over bare streams", shape), .85, own, cells["bare gRPC"])
	}
	return nil
}

// streamSlice keeps one contestant's streams full for a while.
func (b *bench) streamSlice(ctx context.Context, c *contestant.Contestant, shape contestant.Shape, round int) (r load.Result, err error) {
	streams, err := c.Streams(ctx, shape, b.streams)
	defer func() {
		for _, s := range streams {
			_ = s.Close() // its answers are all here
		}
	}()
	if err != nil {
		return r, err
	}
	runtime.GC()
	stop, err := b.profiled(c, fmt.Sprintf("%.3s-streams", shape), round)
	if err != nil {
		return r, err
	}
	defer stop()
	return load.Pipelined(b.window, b.slice, c.Children(), streams)
}
