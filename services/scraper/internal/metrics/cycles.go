package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Cycles counts what cycles do. It is the engine's observer.
type Cycles struct {
	collectors
	contributions
	batches

	running  prometheus.Gauge
	began    prometheus.Gauge
	skipped  prometheus.Counter
	ended    *prometheus.CounterVec
	finished *prometheus.GaugeVec
	seconds  prometheus.Histogram
	took     prometheus.Gauge
	bound    prometheus.Gauge
	events   prometheus.Gauge
	evicted  prometheus.Counter
	absent   prometheus.Counter
	clocks   *prometheus.GaugeVec
	skew     prometheus.Gauge
	skewed   prometheus.Counter
}

// NewCycles makes counters at zero.
func NewCycles() *Cycles {
	c := &Cycles{
		contributions: newContributions(),
		batches:       newBatches(),
		running:       gauge("cycle_running", "1 while a cycle runs."),
		began:         gauge("cycle_began_timestamp_seconds", "When the newest cycle began; 0 before the first."),
		skipped:       counter("cycles_skipped_total", "Cycles left out because the one before still ran."),
		ended:         counters("cycles_total", "Cycles that ended, by status.", "status"),
		finished:      gauges("cycle_finished_timestamp_seconds", "When a cycle last ended with a status; 0 before the first.", "status"),
		seconds:       histogram("cycle_seconds", "Duration of cycles.", 1, 2.5, 5, 10, 20, 40, 60, 80, 100, 150, 300, 600, 900),
		took:          gauge("last_cycle_seconds", "Duration of the last cycle."),
		bound: gauge("last_cycle_bound_seconds",
			"Least time in which the last cycle could have asked what it asked, by the bookmakers' latencies and limits."),
		events:  gauge("last_cycle_events", "Events that the last cycle found to fetch."),
		evicted: counter("evicted_events_total", "Events evicted by cycle ends."),
		absent: counter("absent_events_total",
			"Events whose markets were marked unavailable because their bookmaker does not list them any more."),
		clocks: gauges("clock_offset_seconds",
			"How far a clock was ahead of the time that the last cycle went by, where it was furthest: scraper, "+
				"database, or a bookmaker's by the Date of its answers. A bookmaker's is 0 while it sends none.", "clock"),
		skew:   gauge("last_cycle_clock_skew", "1 when clocks differed by more than a minute during the last cycle."),
		skewed: counter("clock_skew_cycles_total", "Cycles during which clocks differed by more than a minute; they evict nothing."),
	}
	for _, name := range append(bookmakerLabels(), clock.Scraper, clock.Database) {
		c.clocks.WithLabelValues(name)
	}
	for _, status := range []store.CycleStatus{store.Succeeded, store.Partial, store.Failed} {
		c.ended.WithLabelValues(string(status))
		c.finished.WithLabelValues(string(status))
	}
	c.collectors = append(collectors{
		c.running, c.began, c.skipped, c.ended, c.finished, c.seconds, c.took, c.bound, c.events, c.evicted, c.absent,
		c.clocks, c.skew, c.skewed,
	}, append(c.contributions.all(), c.batches.all()...)...)
	return c
}

var _ cycle.Observer = (*Cycles)(nil)

// CycleBegan notes that a cycle runs.
func (c *Cycles) CycleBegan(at time.Time) {
	c.running.Set(1)
	c.began.Set(seconds(at))
}

// CycleSkipped counts a cycle that was left out.
func (c *Cycles) CycleSkipped() { c.skipped.Inc() }

// CycleEnded counts a cycle.
func (c *Cycles) CycleEnded(s cycle.Summary) {
	c.running.Set(0)
	c.ended.WithLabelValues(string(s.Status)).Inc()
	c.finished.WithLabelValues(string(s.Status)).Set(seconds(s.FinishedAt))
	c.seconds.Observe(s.Took.Seconds())
	c.took.Set(s.Took.Seconds())
	c.bound.Set(s.Bound.Seconds())
	c.events.Set(float64(s.Events))
	c.evicted.Add(float64(s.EvictedEvents))
	c.absent.Add(float64(s.Absent))
	c.setClocks(s.Cycle)
	for _, b := range s.Bookmakers {
		c.add(b, s.Short[b.Bookmaker])
	}
}

// setClocks sets the gauges of the clocks.
func (c *Cycles) setClocks(ended store.Cycle) {
	for _, name := range append(bookmakerLabels(), clock.Scraper, clock.Database) {
		c.clocks.WithLabelValues(name).Set(0)
	}
	for _, o := range ended.Clocks {
		c.clocks.WithLabelValues(o.Clock).Set(o.Seconds)
	}
	c.skew.Set(boolValue(ended.Skewed))
	if ended.Skewed {
		c.skewed.Inc()
	}
}

// seconds is an instant as Prometheus has it.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
