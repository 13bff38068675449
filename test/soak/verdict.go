package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/oddscache/oddscache/test/benchcycle/report"
)

// What is called flat, and from which length on a run can tell.
const (
	flatMemory  = 0.10 // change along the line over the second half, as a part of its mean
	goroutines  = 20   // the same in goroutines: connections come and go
	flatLatency = 1.5  // median p99 of the last quarter over that of the second
	judgedFrom  = 10 * time.Minute
)

// witness is the cache that is never killed.
const witness = "cache-0"

// verdicts holds the run to its claims. Its rows are claim, seen, verdict.
func (r *results) verdicts(t *report.Table) (held bool) {
	held = true
	claim := func(name string, ok bool, format string, args ...any) {
		t.Add(name, fmt.Sprintf(format, args...), report.Verdict(ok))
		held = held && ok
	}
	requested := int64(0)
	for i := range r.lookups.requested {
		requested += r.lookups.requested[i].Load()
	}
	_, failed := r.lookups.errors()
	y := r.stats
	claim("errors that the retrying client saw", failed == 0 && y.errors.Load() == 0, "%d of %d lookups, %d of %d of sessions", failed, requested,
		y.errors.Load(), y.responses.Load())
	claim("answers older than one before", y.backward.Load() == 0, "%d in %d answers of sessions, %d of single caches, %d messages of watches",
		y.backward.Load(), y.responses.Load(), y.samples.Load(), y.messages.Load())
	claim("changes that a watch was not told", y.gaps.Load() == 0 && y.checks.Load() > 0, "%d in %d comparisons with lookups", y.gaps.Load(), y.checks.Load())
	claim("watches resume wherever they are led", y.restarted.Load() == 0, "%d resumed, %d had to start anew", y.resumed.Load(), y.restarted.Load())
	claim("one history", len(y.epochs) == 1, "%d epochs", len(y.epochs))
	claim("in the end everybody has the same", r.unsettled == nil, "%s", orNone(r.unsettled, "caches at the writer's head, every watch equal"))
	claim("nothing in the logs that must not be there", len(r.complain) == 0, "%d lines", len(r.complain))
	claim("events are evicted and new ones come", r.changes.kickedOff > 0 && y.evictions[0] > 0 && r.held > r.opts.events/2,
		"%d kicked off, %d evicted by %s, %d asked for in the end", r.changes.kickedOff, y.evictions[0], witness, r.held)

	second, last := r.quarter(1), r.quarter(3)
	judge := func(name string, ok bool, format string, args ...any) {
		if r.opts.duration < judgedFrom {
			t.Add(name, fmt.Sprintf(format, args...), fmt.Sprintf("not judged below %v", judgedFrom))
			return
		}
		claim(name, ok, format, args...)
	}
	judge("p99 is flat", last <= flatLatency*second, "median of the windows' p99: %.1f ms in the second quarter, %.1f ms in the last", second, last)
	rss := fitLine(r.half(witness, func(n need) float64 { return n.rss }))
	heap := fitLine(r.half(witness, func(n need) float64 { return n.heap }))
	running := fitLine(r.half(witness, func(n need) float64 { return n.goroutines }))
	judge("memory of the cache that lives through is flat", rss.relative() <= flatMemory && heap.relative() <= flatMemory,
		"%+.1f %% resident, %+.1f %% live heap along the fitted line over the second half", 100*rss.relative(), 100*heap.relative())
	judge("and its goroutines", running.change <= goroutines, "%+.1f of %.0f", running.change, running.mean)
	return held
}

func orNone(err error, none string) string {
	if err == nil {
		return none
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// quarter is the median of the windows' p99 in one quarter of the run, 0 to 3, in milliseconds.
func (r *results) quarter(q int) float64 {
	var values []float64
	for _, w := range r.windows[len(r.windows)*q/4 : len(r.windows)*(q+1)/4] {
		values = append(values, float64(w.p99)/1e6)
	}
	return median(values)
}

// series is a figure of a process in every window; NaN where it could not be read.
func (r *results) series(process string, of func(need) float64) (values []float64) {
	for _, w := range r.windows {
		v := of(w.needs[process])
		if v == 0 {
			v = math.NaN()
		}
		values = append(values, v)
	}
	return values
}

// half is the second half of a series.
func (r *results) half(process string, of func(need) float64) []float64 {
	values := r.series(process, of)
	return values[len(values)/2:]
}
