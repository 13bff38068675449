// Package metrics shows to Prometheus what the cache holds, how current it is and what its feed does.
//
// What happens seldom is counted here as it happens; what a lookup touches is only read here, from counters that
// others keep, so that being observed costs a lookup nothing. The metrics of rpcs are those of pkg/rpc/server.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/cache/internal/replica"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Prefixes of all names: oddscache_cache_.
const (
	namespace = "oddscache"
	subsystem = "cache"
)

// Feed counts what the feed does. It is the replica's observer and registers itself as one collector.
type Feed struct {
	starts      *prometheus.CounterVec // by mode and reason
	disconnects *prometheus.CounterVec // by reason
	entries     *prometheus.CounterVec // by kind
	mismatches  prometheus.Counter
	gaps        prometheus.Counter
	apply       prometheus.Histogram
}

// NewFeed makes counters at zero.
func NewFeed() *Feed {
	f := &Feed{
		starts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "feed_starts_total",
			Help: "Streams that began, by mode (resume, full) and the source's reason.",
		}, []string{"mode", "reason"}),
		disconnects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "feed_reconnects_total",
			Help: "Streams that ended or could not be opened and are tried again, by reason.",
		}, []string{"reason"}),
		entries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "feed_entries_total",
			Help: "Entries applied, by kind.",
		}, []string{"kind"}),
		mismatches: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "feed_digest_mismatches_total",
			Help: "Caught-up progress messages whose entries or digest were not the cache's. Anything but 0 is a bug.",
		}),
		gaps: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "feed_gaps_total",
			Help: "Batches and progress messages that did not fit the cache's revision. Anything but 0 is a bug.",
		}),
		apply: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "feed_apply_seconds",
			Help:    "Time to apply a batch and make it visible.",
			Buckets: prometheus.ExponentialBuckets(.0001, 2.5, 10),
		}),
	}
	f.zero()
	return f
}

// zero makes the series whose labels are known: a counter that appears when something happens hides its first time.
func (f *Feed) zero() {
	for mode, reasons := range map[string][]string{"resume": {"resumable"}, "full": {"requested", "unknown_epoch", "too_old"}} {
		for _, reason := range reasons {
			f.starts.WithLabelValues(mode, reason)
		}
	}
	for _, reason := range replica.Reasons() {
		f.disconnects.WithLabelValues(reason)
	}
	for _, kind := range []string{"event", "snapshot", "confirmation", "cycle_end"} {
		f.entries.WithLabelValues(kind)
	}
}

// Started counts a stream that began.
func (f *Feed) Started(mode, reason string) { f.starts.WithLabelValues(mode, reason).Inc() }

// Disconnected counts a stream that ended.
func (f *Feed) Disconnected(reason string) { f.disconnects.WithLabelValues(reason).Inc() }

// Mismatch counts a digest that was not the source's.
func (f *Feed) Mismatch() { f.mismatches.Inc() }

// Gap counts a batch or progress that did not fit.
func (f *Feed) Gap() { f.gaps.Inc() }

// Applied counts a batch.
func (f *Feed) Applied(done store.Applied, took time.Duration) {
	f.apply.Observe(took.Seconds())
	f.entries.WithLabelValues("event").Add(float64(done.Events))
	f.entries.WithLabelValues("snapshot").Add(float64(done.Snapshots))
	f.entries.WithLabelValues("confirmation").Add(float64(done.Confirmations))
	f.entries.WithLabelValues("cycle_end").Add(float64(done.CycleEnds))
}

// collectors are the parts, each of which Prometheus knows how to read.
func (f *Feed) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.starts, f.disconnects, f.entries, f.mismatches, f.gaps, f.apply}
}

// Describe implements prometheus.Collector.
func (f *Feed) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range f.collectors() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (f *Feed) Collect(ch chan<- prometheus.Metric) {
	for _, c := range f.collectors() {
		c.Collect(ch)
	}
}
