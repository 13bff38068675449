package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/oddscache/oddscache/test/bench/contestant"
	"github.com/oddscache/oddscache/test/bench/load"
)

// quietTime is long enough for the cache's collector to come by, as it does in quiet times too.
const quietTime = 20 * time.Second

// interference measures lookups at half load while nothing else happens, during a cycle end that evicts half of all
// events, and during a full sync. Source, cache and load are three processes: what the source does for its cache, and its
// collector, are not in the way of the goroutines that measure.
func (b *bench) interference(ctx context.Context) (err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
	logProgress(fmt.Sprintf("making %d events", b.many))
	source, err := contestant.NewSource(ctx, b.many)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	c, err := contestant.NewCacheProcess(ctx, source.Addr, b.many/2) // lookups go to the half that stays
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	done := func(d contestant.Deed) error {
		epoch, revision, err := source.Do(d)
		if err == nil {
			_, err = c.Reached(ctx, epoch, revision)
		}
		return err
	}
	if err := done(contestant.PlanEviction); err != nil { // nothing is written: it has all events then
		return err
	}
	call := c.Calls[contestant.Market]
	full, err := load.Closed(ctx, b.callers, time.Second, c.Children(), call)
	if err != nil {
		return fmt.Errorf("measuring the full load: %w", err)
	}
	rate := full.Rate() / 2
	during := func(d contestant.Deed) (load.Latency, error) {
		failed, over := make(chan error, 1), make(chan struct{})
		go func() { // ends when the cache has it
			defer close(over)
			time.Sleep(load.Warm) //nolint:forbidigo // the load is steady by then
			failed <- done(d)
		}()
		l := load.Open(ctx, rate, load.Warm, 2*time.Minute, over, call)
		err := <-failed
		logProgress(fmt.Sprintf("%s: p50 %v, p99 %v", d, l.At(50), l.At(99)))
		return l, err
	}
	var quiet, evicting, syncing []load.Latency
	for round := range min(b.rounds, 3) { // each takes more than a minute
		logProgress(fmt.Sprintf("interference at %.0f lookups/s, round %d", rate, round+1))
		if err := done(contestant.PlanEviction); err != nil {
			return err
		}
		quiet = append(quiet, load.Open(ctx, rate, load.Warm, quietTime, nil, call))
		logProgress(fmt.Sprintf("quiet: p50 %v, p99 %v", quiet[round].At(50), quiet[round].At(99)))
		l, err := during(contestant.Evict)
		if err != nil {
			return err
		}
		evicting = append(evicting, l)
		if err := done(contestant.PutBack); err != nil {
			return err
		}
		if l, err = during(contestant.LoseHistory); err != nil {
			return err
		}
		syncing = append(syncing, l)
	}
	b.interferenceTable(rate, quiet, evicting, syncing)
	return nil
}

// interferenceTable shows the latencies and judges them against quiet times.
func (b *bench) interferenceTable(rate float64, quiet, evicting, syncing []load.Latency) {
	t := b.report.Table("Interference", fmt.Sprintf("One market of one of %d events at five bookmakers, asked %.0f times a second (half of what the cache answers "+
		"then), open loop, from the intended start, for %v while nothing else happens. Source, cache and load are three processes that share the "+
		"machine, the source with the lowest priority, since it would have its own.", b.many, rate, quietTime),
		"while", "for", "p50", "p99", "p99.9", "failed")
	took := func(l load.Latency) float64 { return float64(l.Histogram.TotalCount()) / rate }
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
		t.Add(row.name, fmt.Sprintf("%.1f s", median(row.all, took)), d(50), d(99), d(99.9), fmt.Sprint(failed))
	}
	b.requireAtMost(fmt.Sprintf("p99 while a cycle end evicts half of %d events, over quiet", b.many), 3, at(evicting, 99)/at(quiet, 99))
	b.requireAtMost("p99 during a full sync, over quiet", 5, at(syncing, 99)/at(quiet, 99))
}
