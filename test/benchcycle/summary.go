package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/benchcycle/measure"
	"github.com/oddscache/oddscache/test/benchcycle/report"
)

// What the figures are asked to be.
const (
	maxRatio       = 1.15
	maxSkew        = time.Second
	maxPeak        = 400e6
	maxFirst       = 10 * time.Second
	maxMoved       = 1500 * time.Millisecond
	maxUnchanged   = 300 * time.Millisecond
	minCopyShare   = 0.5
	maxCacheUpdate = 50 * time.Millisecond
	maxServing     = time.Second
	maxLive        = 2 * time.Second
	maxHeld        = 3 << 20 // for each replica
	maxShare       = 0.01    // of a core, for each replica
)

// The projection: a cycle every five minutes for the history's retention; and what the system before grew by.
const (
	cyclesPerDay  = 24 * 60 / 5
	retentionDays = 14
	previousDaily = 3.6e9
)

// report puts everything into tables.
func (res *results) report() *report.Report {
	r := &report.Report{Title: "Benchmark of whole cycles", Intro: []string{
		"Written by `make bench-cycle`. Postgres (fsync and synchronous_commit on), the simulated bookmakers, the scraper " +
			"and one cache run as processes of their own on one machine; the bookmakers answer with the latencies that were " +
			"measured on the real sites and turn away whatever exceeds 50, 50 and 15 requests at a time.",
		fmt.Sprintf("This run: %s, %s/%s, %d cores, latencies × %g. Load is what the machine was asked for by everything that "+
			"ran on it: beyond the number of cores, times contain waiting for a core.",
			runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), res.options.latency),
	}}
	res.goals(r)
	if res.followers.Number > 0 {
		res.following(r)
	}
	res.perCycle(r)
	res.bounds(r)
	res.storage(r)
	res.projection(r)
	res.alternativesTable(r)
	return r
}

// all are the cycles in the order in which they ran.
func (res *results) all() []measure.Cycle {
	all := append([]measure.Cycle{res.first, res.unchanged}, res.moved...)
	if res.followers.Number > 0 {
		all = append(all, res.followers.Cycle)
	}
	return all
}

// median is the middle one of a figure over the cycles with moved markets.
func median(cycles []measure.Cycle, of func(measure.Cycle) time.Duration) time.Duration {
	values := make([]time.Duration, len(cycles))
	for i, c := range cycles {
		values[i] = of(c)
	}
	return measure.Median(values)
}

// goals is every figure that something is asked of.
func (res *results) goals(r *report.Report) {
	t := r.Table("Figures and what they are asked to be", "", "figure", "measured", "asked", "")
	ratios := make([]float64, 0, len(res.all()))
	var updates []time.Duration
	var rejected int64
	for _, c := range res.all() {
		ratios = append(ratios, c.Ratio())
		if c.Name != res.followers.Cycle.Name {
			updates = append(updates, c.CacheUpdates...)
		}
		for _, counters := range c.Counters {
			rejected += counters.Rejected
		}
	}
	ratio := slices.Sorted(slices.Values(ratios))[len(ratios)/2]
	t.Add("cycle ÷ its bound, median (worst)", fmt.Sprintf("%.3f (%.3f)", ratio, slices.Max(ratios)), fmt.Sprintf("≤ %g", maxRatio), report.Verdict(ratio <= maxRatio))
	skew := median(res.all(), func(c measure.Cycle) time.Duration { return c.Skew.P95 })
	t.Add("capture skew within an event, p95", report.Seconds(skew), "≤ 1 s", report.Verdict(skew <= maxSkew))
	t.Add("requests beyond a limit", report.Count(rejected), "0", report.Verdict(rejected == 0))
	t.Add("peak memory of the scraper", report.MB(res.peak), "≤ 400 MB", report.Verdict(float64(res.peak) <= maxPeak))
	first, unchanged := res.first.Storage.Total(), res.unchanged.Storage.Total()
	t.Add("writing, first cycle", report.Seconds(first), "≤ 10 s", report.Verdict(first <= maxFirst))
	share := float64(res.bare().Took) / float64(first)
	t.Add("bare COPY of the same rows ÷ that", fmt.Sprintf("%.2f", share), fmt.Sprintf("≥ %g", minCopyShare), report.Verdict(share >= minCopyShare))
	t.Add("the same by the CPU time of Postgres, which waits for no core", fmt.Sprintf("%.2f", float64(res.bare().PostgresCPU)/float64(res.first.PostgresCPU)), "–", "")
	moved := median(res.moved, func(c measure.Cycle) time.Duration { return c.Storage.Total() })
	t.Add("writing, 5 % moved, median", report.Seconds(moved), "≤ 1.5 s", report.Verdict(moved <= maxMoved))
	t.Add("writing, unchanged", report.Seconds(unchanged), "≤ 0.3 s", report.Verdict(unchanged <= maxUnchanged))
	t.Add("rows of history, unchanged", report.Count(res.unchanged.HistoryRows), "0", report.Verdict(res.unchanged.HistoryRows == 0))
	p99 := measure.Percentile(updates, 0.99)
	t.Add(fmt.Sprintf("commit → visible in the cache, p50 / p99 of %d", len(updates)),
		report.Millis(measure.Median(updates))+" / "+report.Millis(p99), "p99 ≤ 50 ms", report.Verdict(p99 <= maxCacheUpdate))
	addWarm(t, res.warm, res.warmSize, true)
	addWarm(t, res.large, res.largeSize, false)
}

// following is what many replicas cost the scraper.
func (res *results) following(r *report.Report) {
	f := res.followers
	t := r.Table(fmt.Sprintf("%d replicas beside the cache", f.Number),
		"They take a full sync at the same moment, then nothing happens, then a cycle runs. What they cost is the scraper's alone: "+
			"they run in another process, as the source sends bytes that all of them share.",
		"figure", "measured", "asked", "")
	t.Add("all full syncs together", report.Seconds(f.FullSync), "–", "")
	t.Add("heap and stacks for each", report.MB(f.Held), "≤ 3 MiB", report.Verdict(f.Held <= maxHeld))
	t.Add("growth of resident memory for each, with what is free again", report.MB(f.Resident), "≤ 3 MiB", report.Verdict(f.Resident <= maxHeld))
	t.Add("share of a core for each, idle", fmt.Sprintf("%.3f %%", 100*f.Share), "≤ 1 %", report.Verdict(f.Share <= maxShare))
	t.Add("batches sent during the cycle", fmt.Sprintf("%d, %s", f.Batches, report.MB(f.Sent)), "–", "")
	updates := f.Cycle.CacheUpdates
	t.Add(fmt.Sprintf("commit → acknowledged by the slowest, p50 / p99 of %d", len(updates)),
		report.Millis(measure.Median(updates))+" / "+report.Millis(measure.Percentile(updates, 0.99)), "–", "")
}

// bare is the median of the bare COPYs.
func (res *results) bare() measure.Copied {
	sorted := slices.SortedFunc(slices.Values(res.bareCopy), func(a, b measure.Copied) int { return int(a.Took - b.Took) })
	return sorted[len(sorted)/2]
}

// addWarm adds the medians of warm starts; asked says whether something is asked of them.
func addWarm(t *report.Table, starts []measure.Warm, snapshots int64, required bool) {
	if len(starts) == 0 {
		return
	}
	var serving, live []time.Duration
	for _, w := range starts {
		serving, live = append(serving, w.Serving), append(live, w.Live)
	}
	s, l := measure.Median(serving), measure.Median(live)
	limits, verdict := "–", ""
	if required {
		limits, verdict = "≤ 1 s / ≤ 2 s", report.Verdict(s <= maxServing && l <= maxLive)
	}
	t.Add(fmt.Sprintf("warm start with %d snapshots: feed served / cache live", snapshots),
		report.Seconds(s)+" / "+report.Seconds(l), limits, verdict)
}

// perCycle is a row for each cycle.
func (res *results) perCycle(r *report.Report) {
	t := r.Table("Cycles", "Skipped, failed and blocked count details over all bookmakers.",
		"cycle", "status", "events", "snapshots", "wall", "bound", "ratio", "discovery", "skew p50 / p95 / max", "skipped", "failed", "blocked",
		"scraper CPU", "simulator CPU", "load")
	for _, c := range res.all() {
		var skipped, failed, blocked int64
		for _, b := range c.Result.GetBookmakers() {
			skipped, failed, blocked = skipped+b.GetSkipped(), failed+b.GetFailed(), blocked+b.GetBlocked()
		}
		t.Add(c.Name, statusName(c.Result.GetStatus()), report.Count(c.Result.GetEvents()), report.Count(c.Result.GetSnapshots()),
			report.Seconds(c.Wall), report.Seconds(c.Bound()), fmt.Sprintf("%.3f", c.Ratio()), report.Seconds(c.Discovery),
			report.Seconds(c.Skew.P50)+" / "+report.Seconds(c.Skew.P95)+" / "+report.Seconds(c.Skew.Max),
			report.Count(skipped), report.Count(failed), report.Count(blocked),
			report.Seconds(c.ScraperCPU), report.Seconds(c.SimulatorCPU), fmt.Sprintf("%.1f", c.Load))
	}
}

func statusName(s oddscachev1.CycleStatus) string { return s.String()[len("CYCLE_STATUS_"):] }

// bounds is what the first cycle asked of each bookmaker.
func (res *results) bounds(r *report.Report) {
	t := r.Table("The bound of the first cycle",
		"calls × max(mean latency ÷ slots, spacing), for each bookmaker; the largest is the cycle's.",
		"bookmaker", "lists", "details", "least time", "slots", "most in flight", "rejected", "latency p50 / p95")
	for _, b := range res.first.Bounds {
		counters := res.first.Counters[b.Bookmaker]
		latency := ""
		for _, result := range res.first.Result.GetBookmakers() {
			if result.GetBookmaker() == b.Bookmaker {
				latency = fmt.Sprintf("%.0f / %.0f ms", result.GetLatencyP50Ms(), result.GetLatencyP95Ms())
			}
		}
		t.Add(b.Bookmaker, report.Count(counters.Trees+counters.Lists), report.Count(counters.Details), report.Seconds(b.Least),
			report.Count(b.Slots), report.Count(counters.MaxInFlight), report.Count(counters.Rejected), latency)
	}
}

// storage is where each cycle's writing went.
func (res *results) storage(r *report.Report) {
	t := r.Table("Writing", "Times are sums over a cycle's batches, as the scraper's progress tells them.",
		"cycle", "batches", "lookups", "processing", "flush", "commit", "total", "CPU of Postgres", "rows of history", "history on disk", "WAL")
	for _, c := range res.all() {
		s := c.Storage
		t.Add(c.Name, report.Count(s.Batches), report.Seconds(s.Lookups), report.Seconds(s.Processing), report.Seconds(s.Flush),
			report.Seconds(s.Commit), report.Seconds(s.Total()), report.Seconds(c.PostgresCPU), report.Count(c.HistoryRows), "+ "+report.MB(c.HistoryBytes), report.MB(c.WALBytes))
	}
	for _, c := range res.bareCopy {
		t.Add("bare COPY of the first cycle's rows", "1", "", "", "", "", report.Seconds(c.Took), report.Seconds(c.PostgresCPU), report.Count(res.first.HistoryRows), "", "")
	}
}

// projection is what the history grows to.
func (res *results) projection(r *report.Report) {
	var rows, bytes int64
	for _, c := range res.moved {
		rows, bytes = rows+c.HistoryRows, bytes+c.HistoryBytes
	}
	if rows == 0 {
		return
	}
	each := float64(bytes) / float64(rows)
	daily := each * float64(rows) / float64(len(res.moved)) * cyclesPerDay
	t := r.Table("On disk", "With 5 % of the markets moving between cycles, five minutes apart.", "figure", "measured")
	t.Add("bytes per changed market, with index", fmt.Sprintf("%.0f", each))
	t.Add("changed markets a cycle", report.Count(rows/int64(len(res.moved))))
	t.Add("growth a day", fmt.Sprintf("%.2f GB (the previous system: %.1f GB)", daily/1e9, previousDaily/1e9))
	t.Add(fmt.Sprintf("history after %d days", retentionDays), fmt.Sprintf("%.1f GB (the previous system: %.1f GB)",
		daily*retentionDays/1e9, previousDaily*retentionDays/1e9))
	t.Add("tables of what is offered now", report.MB(res.moved[len(res.moved)-1].LiveBytes))
}

// alternativesTable is what writing and reading cost in other ways.
func (res *results) alternativesTable(r *report.Report) {
	t := r.Table("Ways to write and read it",
		"Each is the median of three in a database that nobody else uses; WAL is that of the first, right after a checkpoint. "+
			"The store keeps one payload a snapshot and copies history.", "what", "time", "WAL")
	for _, v := range res.variants {
		t.Add(v.Name, report.Millis(v.Took), report.MB(v.WALBytes))
	}
}
