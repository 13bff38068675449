package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/oddscache/oddscache/test/bench/contestant"
	"github.com/oddscache/oddscache/test/bench/load"
)

// clients measures what a Go program gets: the project's client against the generated one.
func (b *bench) clients(ctx context.Context, cache *contestant.Contestant) (err error) {
	c, err := contestant.NewClients(cache, b.events)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	callers := b.streams * b.window
	t := b.report.Table("Go clients", fmt.Sprintf("%d callers of one client; requests are encoded and answers decoded, unlike elsewhere on this page.", callers),
		"asked for, by", "answers/s", "CPU-s per 1,000", "allocations each")
	for _, shape := range []contestant.Shape{contestant.Market, contestant.Full} {
		project, generated := &cell{}, &cell{}
		for round := range b.rounds + 1 {
			logProgress(fmt.Sprintf("%s, Go clients, round %d of %d", shape, round, b.rounds))
			for _, turn := range []struct {
				cell *cell
				call load.Call
			}{{project, c.Project[shape]}, {generated, c.Generated[shape]}} {
				runtime.GC()
				r, err := load.Closed(ctx, callers, b.slice, nil, turn.call)
				if err != nil {
					return fmt.Errorf("asking for a %s: %w", shape, err)
				}
				if round > 0 {
					turn.cell.closed = append(turn.cell.closed, r)
				}
			}
		}
		for _, row := range []struct {
			name string
			cell *cell
		}{{"pkg/oddsclient", project}, {"generated client", generated}} {
			t.Add(fmt.Sprintf("%s, %s", shape, row.name), fmt.Sprintf("%.0f", row.cell.rate()),
				fmt.Sprintf("%.4f", median(row.cell.closed, load.Result.CPUPer1000)), fmt.Sprintf("%.1f", median(row.cell.closed, load.Result.Allocs)))
		}
		if shape == contestant.Market { // a whole event's price is its decoding, whoever asks
			b.requestRatio(fmt.Sprintf("%s, pkg/oddsclient over the generated client", shape), 1, project, generated)
		}
	}
	return nil
}
