package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/oddscache/oddscache/test/bench/contestant"
	"github.com/oddscache/oddscache/test/bench/load"
	"github.com/oddscache/oddscache/test/bench/world"
)

// manyEvents is the size that the store is made for, with five bookmakers and 5 kB a snapshot.
const manyEvents = 100_000

// interference measures lookups at half load while nothing else happens, during a cycle end that evicts half of all
// events, and during a full sync.
func (b *bench) interference(ctx context.Context) (err error) {
	say(fmt.Sprintf("making %d events", manyEvents))
	w, err := world.New(world.Small(), manyEvents)
	if err != nil {
		return err
	}
	feed, err := contestant.NewFeed(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, feed.Close()) }()
	c, err := contestant.NewCacheProcess(ctx, feed, manyEvents/2) // lookups go to the half that stays
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := c.Reached(ctx, w.Epoch(), w.Head()); err != nil {
		return err
	}
	call := c.Calls[contestant.Market]
	full, err := load.Closed(ctx, b.callers, time.Second, c.Children(), call)
	if err != nil {
		return fmt.Errorf("measuring the full load: %w", err)
	}
	rate := full.Rate() / 2
	var quiet, evicting, syncing []load.Latency
	during := func(change func() error) (load.Latency, error) {
		failed := make(chan error, 1)
		l := alone(func() load.Latency {
			done := make(chan struct{})
			go func() { // ends when the cache has the change
				defer close(done)
				time.Sleep(50 * time.Millisecond) //nolint:forbidigo // the load is steady by then
				err := change()
				if err == nil {
					_, err = c.Reached(ctx, w.Epoch(), w.Head())
				}
				failed <- err
			}()
			return load.Open(ctx, rate, time.Minute, done, call)
		})
		return l, <-failed
	}
	for round := range min(b.rounds, 3) { // each takes half a minute
		say(fmt.Sprintf("interference at %.0f lookups/s, round %d", rate, round+1))
		quiet = append(quiet, alone(func() load.Latency { return load.Open(ctx, rate, time.Second, nil, call) }))
		l, err := during(w.CycleEnd(manyEvents/2, manyEvents))
		if err != nil {
			return err
		}
		evicting = append(evicting, l)
		for i := manyEvents / 2; i < manyEvents; i++ { // back again
			if err := w.Put(i); err != nil {
				return err
			}
		}
		if _, err := c.Reached(ctx, w.Epoch(), w.Head()); err != nil {
			return err
		}
		if l, err = during(func() error { feed.LoseHistory(); return nil }); err != nil {
			return err
		}
		syncing = append(syncing, l)
	}
	b.interferenceTable(rate, quiet, evicting, syncing)
	return nil
}

// alone measures without this process's own collector, for which the source's copy of all events would be half a second of
// work: it is not the cache's, nor its callers'.
func alone(measure func() load.Latency) load.Latency {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	return measure()
}

// interferenceTable shows the latencies and judges them against quiet times.
func (b *bench) interferenceTable(rate float64, quiet, evicting, syncing []load.Latency) {
	t := b.report.Table("Interference", fmt.Sprintf("One market of one of %d events at five bookmakers, asked %.0f times a second (half of what the cache answers "+
		"then), open loop, from the intended start. The cache is a process of its own; source and load share the machine with it.", manyEvents, rate),
		"while", "p50", "p99", "p99.9", "failed")
	at := func(all []load.Latency, q float64) float64 {
		return median(all, func(l load.Latency) float64 { return float64(l.At(q)) })
	}
	for _, row := range []struct {
		name string
		all  []load.Latency
	}{{"nothing else happens", quiet}, {"a cycle end evicts half of the events", evicting}, {"a full sync runs", syncing}} {
		failed := 0
		for _, l := range row.all {
			failed += l.Failed
		}
		d := func(q float64) string { return time.Duration(at(row.all, q)).Round(10 * time.Microsecond).String() }
		t.Add(row.name, d(50), d(99), d(99.9), fmt.Sprint(failed))
	}
	b.askMost("p99 while a cycle end evicts half of 100,000 events, over quiet", 3, at(evicting, 99)/at(quiet, 99))
	b.askMost("p99 during a full sync, over quiet", 5, at(syncing, 99)/at(quiet, 99))
}
