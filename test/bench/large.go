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

// large measures what applying the feed costs and what memory the cache takes, at sizes up to 10,000 events.
func (b *bench) large(ctx context.Context) error {
	memory := b.report.Table("Memory", "The cache is a process of its own; its growth, from empty, is that of the live heap after a collection. estimated_memory_mb is the cache's own account.",
		"events", "payload", "live heap", "over payload", "estimated", "over the heap")
	for _, events := range []int{100, 1000, 10_000} {
		logProgress(fmt.Sprintf("memory, %d events", events))
		w, err := world.New(world.Recorded(), events)
		if err != nil {
			return err
		}
		if events == 10_000 && b.wants("apply") {
			if err := b.apply(ctx, w, events); err != nil {
				return err
			}
		}
		if b.wants("memory") {
			if err := b.memory(ctx, w, events, memory); err != nil {
				return err
			}
		}
	}
	if !b.wants("memory") {
		return nil
	}
	return b.churn(ctx)
}

// apply measures full syncs and a cycle in which nothing changed, against a bare stream of the same bytes.
func (b *bench) apply(ctx context.Context, w *world.World, events int) error {
	var synced, bare, confirmed []float64 // bytes a second; seconds
	for round := range min(b.rounds, 5) {
		logProgress(fmt.Sprintf("full sync of %d events, round %d", events, round+1))
		began := time.Now()
		n, err := contestant.BareFeed(ctx, w)
		if err != nil {
			return err
		}
		bare = append(bare, float64(n)/time.Since(began).Seconds())
		sync, confirm, err := b.fullSync(ctx, w)
		if err != nil {
			return err
		}
		synced = append(synced, float64(n)/sync.Seconds())
		confirmed = append(confirmed, confirm.Seconds())
	}
	self := func(v float64) float64 { return v }
	t := b.report.Table("Applying the feed", fmt.Sprintf("%d events at 3 bookmakers, %s, over gRPC into a cache process, until lookups see them.", events, report.MB(w.Payload())),
		"what", "median")
	t.Add("bare stream", fmt.Sprintf("%.0f MB/s", median(bare, self)/1e6))
	t.Add("full sync", fmt.Sprintf("%.0f MB/s", median(synced, self)/1e6))
	each := median(confirmed, self) / float64(3*events)
	t.Add("confirmation, sent, applied and visible", fmt.Sprintf("%.2f µs each", each*1e6))
	var ratios []float64
	for i := range synced {
		ratios = append(ratios, synced[i]/bare[i])
	}
	b.requireAtLeast("full sync over a bare stream, bytes a second", .5, median(ratios, self))
	return nil
}

// fullSync times a full sync of a new cache and then a cycle of confirmations.
func (b *bench) fullSync(ctx context.Context, w *world.World) (sync, confirm time.Duration, err error) {
	feed, err := contestant.NewFeed(w)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, feed.Close()) }()
	c, err := contestant.NewCacheProcess(ctx, feed.Addr, 1) // nothing is looked up
	if err != nil {
		return 0, 0, err
	}
	began := time.Now() // the process is there, and connects
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := c.Reached(ctx, w.Epoch(), w.Head()); err != nil {
		return 0, 0, err
	}
	sync = time.Since(began)
	if err := w.ConfirmAll(); err != nil {
		return 0, 0, err
	}
	began = time.Now()
	_, err = c.Reached(ctx, w.Epoch(), w.Head())
	return sync, time.Since(began), err
}
