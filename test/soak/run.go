package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/bench/load"
	"github.com/oddscache/oddscache/test/cluster"
)

// settleWithin is how long the end may take: the last fault heals and everybody catches up.
const settleWithin = 2 * time.Minute

// results are everything that the report is made of.
type results struct {
	opts      options
	busy      string // load averages of 1, 5 and 15 minutes before the start
	began     time.Time
	capacity  load.Result
	rate      float64 // lookups a second that were asked for
	windows   []*window
	lookups   *lookups
	stats     *stats
	changes   changes
	happened  *happened
	unsettled error
	complain  []string
	held      int // events at the end
}

// soak runs everything and reports.
func soak(ctx context.Context, o options) (err error) {
	busy := loadAverages()
	logf("building and starting, seed %d", o.seed)
	s, err := newTestbed(ctx, o)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return err
	}
	r := &results{opts: o, stats: newStats(), happened: &happened{}, busy: busy}
	p := newPool()
	r.lookups = newLookups(s, p)
	g := &probe{testbed: s}
	if err := s.warm(ctx); err != nil {
		return err
	}

	watching, stopWatching := context.WithCancel(ctx)
	var wg sync.WaitGroup // everything that watches; ends with watching
	defer wg.Wait()
	defer stopWatching()
	wg.Go(func() { g.run(watching) })
	for c := range s.Caches {
		wg.Go(func() { observe(watching, c, s, p, r.stats, g.answered) })
	}
	for p.size() < o.events/2 {
		if cluster.Pause(ctx, 100*time.Millisecond); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if _, err := load.Closed(ctx, o.callers, time.Second, nil, r.lookups.call); err != nil { // all connections come up before the watches are spread
		return fmt.Errorf("asking for the first time: %w", err)
	}
	var watchers []*watcher
	for n := range o.watches {
		w := newWatcher(n, s, p, r.stats)
		watchers = append(watchers, w)
		wg.Go(func() { w.run(watching) })
	}
	for n := range o.sessions {
		wg.Go(func() { session(watching, n, s, p, r.stats) })
	}

	logf("measuring the capacity with %d events, %d callers, %d watches, during cycles", p.size(), o.callers, o.watches)
	if r.capacity, err = load.Closed(ctx, o.callers, 2*o.interval, nil, r.lookups.call); err != nil {
		return fmt.Errorf("measuring the capacity: %w", err)
	}
	r.rate = r.capacity.Rate() * o.share
	logf("%.0f lookups/s; asking for %.0f/s during %v", r.capacity.Rate(), r.rate, o.duration)

	if err := r.endure(ctx, s, p, g); err != nil {
		return err
	}
	logf("settling")
	r.unsettled = s.settle(ctx, g, watchers)
	if r.complain, err = s.complaints(); err != nil {
		return err
	}
	r.held = p.size()
	stopWatching()
	wg.Wait()
	return r.report()
}

// loadAverages are the machine's, of 1, 5 and 15 minutes.
func loadAverages() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 3 {
		return "unknown"
	}
	return strings.Join(fields[:3], ", ")
}

// warm waits until the first cycle was served by all caches.
func (s *testbed) warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	for {
		_, err := s.Scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true})
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the first cycle: %w", err)
		}
		cluster.Pause(ctx, 100*time.Millisecond)
	}
	for c := range s.Caches {
		if err := s.live(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// endure asks, breaks and measures, window by window.
func (r *results) endure(ctx context.Context, s *testbed, p *pool, g *probe) error {
	running, abandon := context.WithCancel(ctx) // nothing goes on after a fault that did not heal
	defer abandon()
	breaking, stop := context.WithCancel(running)
	defer stop()
	var wg sync.WaitGroup
	var broken error
	wg.Go(func() { r.changes = change(breaking, s, p) })
	wg.Go(func() {
		if broken = chaos(breaking, s, r.happened); broken != nil {
			abandon()
		}
	})
	r.began = time.Now()
	var calling sync.WaitGroup
	for n := range int(r.opts.duration / r.opts.window) {
		w := &window{from: r.began.Add(time.Duration(n) * r.opts.window), events: p.size()}
		w.to = w.from.Add(r.opts.window)
		cluster.Pause(running, time.Until(w.from))
		if running.Err() != nil {
			break
		}
		r.windows = append(r.windows, w)
		calling.Go(func() { // its last answers may come after the window's end
			l := load.Open(ctx, r.rate, 0, r.opts.window, running.Done(), r.lookups.call)
			w.requested, w.failed = l.Histogram.TotalCount(), l.Failed
			w.p50, w.p99, w.longest = l.At(50), l.At(99), l.At(100)
		})
		cluster.Pause(running, time.Until(w.to)-r.opts.window/10)
		w.needs, w.database = g.needs(ctx), g.size(ctx)
		w.behind, w.revision = g.take()
	}
	cluster.Pause(running, time.Until(r.began.Add(time.Duration(len(r.windows))*r.opts.window)))
	stop()
	wg.Wait()
	calling.Wait()
	for _, w := range r.windows {
		w.faults = r.happened.between(w.from, w.to)
	}
	return errors.Join(broken, ctx.Err())
}

// settle waits until every cache is live at the writer's head and every watch has what the caches have.
func (s *testbed) settle(ctx context.Context, g *probe, watchers []*watcher) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	if err := s.Simulator.Freeze(ctx); err != nil {
		return err
	}
	var last error
	for ctx.Err() == nil {
		if last = s.settled(ctx, g, watchers); last == nil {
			return nil
		}
		cluster.Pause(ctx, 500*time.Millisecond)
	}
	return fmt.Errorf("not within %v: %w", settleWithin, last)
}

func (s *testbed) settled(ctx context.Context, g *probe, watchers []*watcher) error {
	head, err := g.revision(ctx)
	if err != nil {
		return err
	}
	for c := range s.Caches {
		stats, err := s.Caches[c].Stats(ctx)
		if f := stats.GetFreshness(); err != nil || f.GetState() != oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE || f.GetRevision() < head {
			return fmt.Errorf("%s is %v at %d, Postgres at %d, %w", s.Caches[c].Name, f.GetState(), f.GetRevision(), head, err)
		}
	}
	var all []*oddscachev1.EventSnapshots
	for token := ""; ; {
		page, err := s.Caches[0].Client.ListEvents(ctx, &oddscachev1.ListEventsRequest{IncludeSnapshots: true, PageSize: 20, PageToken: token})
		if err != nil {
			return fmt.Errorf("listing what the watches must have: %w", err)
		}
		for _, e := range page.GetEvents() {
			for _, snap := range e.GetSnapshots() {
				snap.Markets = nil
			}
		}
		all = append(all, page.GetEvents()...)
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for _, w := range watchers {
		if err := w.settled(head, all); err != nil {
			return fmt.Errorf("%s of %d events: %w", w.name, len(all), err)
		}
	}
	return nil
}
