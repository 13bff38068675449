package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/test/bench/contestant"
	"github.com/oddscache/oddscache/test/bench/world"
	"github.com/oddscache/oddscache/test/benchcycle/report"
)

// held is what a cache process holds at one moment, in bytes.
type held struct{ heap, estimated float64 }

// weigh waits until the cache has everything and weighs it; empty is what the process took without events.
func weigh(ctx context.Context, c *contestant.Contestant, w *world.World, empty float64) (held, error) {
	stats, err := c.Reached(ctx, w.Epoch(), w.Head())
	if err != nil {
		return held{}, err
	}
	heap, err := c.LiveHeap(ctx)
	return held{heap: heap - empty, estimated: stats.GetEstimatedMemoryMb() * 1e6}, err
}

// off is how far the estimate is from the heap, in per cent.
func (h held) off() float64 {
	ratio := h.estimated / h.heap
	return 100 * max(ratio-1, 1-ratio)
}

// follower starts a cache process that follows a world, and weighs it while it is empty.
func follower(ctx context.Context, w *world.World) (c *contestant.Contestant, empty float64, stop func() error, err error) {
	feed, err := contestant.NewFeed(w)
	if err != nil {
		return nil, 0, nil, err
	}
	feed.StandBy()
	if c, err = contestant.NewCacheProcess(ctx, feed.Addr, 1); err != nil {
		return nil, 0, nil, errors.Join(err, feed.Close())
	}
	stop = func() error { return errors.Join(c.Close(), feed.Close()) }
	if empty, err = c.LiveHeap(ctx); err != nil {
		return nil, 0, nil, errors.Join(err, stop())
	}
	feed.Lead()
	return c, empty, stop, nil
}

// memory holds the cache's account against its heap: full, and, at the largest size, after half was evicted.
func (b *bench) memory(ctx context.Context, w *world.World, events int, t *report.Table) (err error) {
	c, empty, stop, err := follower(ctx, w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	row := func(what string) (held, error) {
		h, err := weigh(ctx, c, w, empty)
		if err != nil {
			return h, err
		}
		t.Add(what, report.MB(w.Payload()), report.MB(int64(h.heap)), fmt.Sprintf("%.3f", h.heap/float64(w.Payload())),
			report.MB(int64(h.estimated)), fmt.Sprintf("%.3f", h.estimated/h.heap))
		b.requireAtMost(fmt.Sprintf("estimated memory, %s, away from the heap, %%", what), 5, h.off())
		return h, nil
	}
	full, err := row(fmt.Sprintf("%d events", events))
	if err != nil || events < 10_000 {
		return err
	}
	b.requireAtMost("live heap over payload, 10,000 events at 3 bookmakers", 1.25, full.heap/float64(w.Payload()))
	if err := w.EndCycle(0, events/2); err != nil {
		return err
	}
	_, err = row(fmt.Sprintf("%d events, half of them evicted", events))
	return err
}

// The churn: a tenth of the events goes in each cycle and as many come. Memory is weighed now and then; it has settled when
// cycle ends, which are kept for a week, have begun to go and maps have the room that they need.
const (
	churned      = 1000
	churnCycles  = 200
	churnWeighed = 50
	churnSettled = 100
	churnPeriod  = 4 * time.Hour
)

// churn weighs a cache through many cycles in which events come and go.
func (b *bench) churn(ctx context.Context) (err error) {
	w, err := world.New(world.Recorded(), churned)
	if err != nil {
		return err
	}
	c, empty, stop, err := follower(ctx, w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	t := b.report.Table("Churn", fmt.Sprintf("%d events; in every cycle a tenth goes, as many come, and another tenth gets new content.", churned),
		"after cycle", "payload", "live heap", "estimated", "over the heap")
	var first, last held
	for cycle := 1; cycle <= churnCycles; cycle++ {
		if err := turnOver(w, cycle); err != nil {
			return err
		}
		if cycle%churnWeighed != 0 {
			if _, err := c.Reached(ctx, w.Epoch(), w.Head()); err != nil {
				return err
			}
			continue
		}
		logProgress(fmt.Sprintf("churn, cycle %d", cycle))
		if last, err = weigh(ctx, c, w, empty); err != nil {
			return err
		}
		if cycle == churnSettled {
			first = last
		}
		t.Add(fmt.Sprint(cycle), report.MB(w.Payload()), report.MB(int64(last.heap)), report.MB(int64(last.estimated)),
			fmt.Sprintf("%.3f", last.estimated/last.heap))
	}
	b.requireAtMost(fmt.Sprintf("live heap after %d cycles of churn, over that after %d", churnCycles, churnSettled), 1.02, last.heap/first.heap)
	return nil
}

// turnOver is one cycle of churn.
func turnOver(w *world.World, cycle int) error {
	const tenth = churned / 10
	w.Pass(churnPeriod)
	oldest := (cycle - 1) * tenth
	for i := range tenth {
		for _, event := range []int{oldest + churned + i, oldest + churned/2 + i} { // a new one, and one that changed
			if err := w.Put(event); err != nil {
				return err
			}
		}
	}
	return w.EndCycle(oldest, oldest+tenth)
}
