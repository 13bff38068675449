package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/cache/internal/api"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Held reads what the store holds whenever Prometheus scrapes.
type Held struct {
	store   *store.Store
	lookups *api.Lookups
	head    func() int64 // the source's newest revision; 0 when unknown

	state, revision, lag, age, cycle, held, bytes, entries, evicted, lookup *prometheus.Desc
}

// NewHeld makes a collector over a store, its lookups and the source's head.
func NewHeld(s *store.Store, lookups *api.Lookups, head func() int64) *Held {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, subsystem, name), help, labels, nil)
	}
	return &Held{
		store: s, lookups: lookups, head: head,
		state:    desc("freshness", "1 for the state the cache is in: warming, live or stale.", "state"),
		revision: desc("revision", "Revision that lookups see."),
		lag:      desc("lag_revisions", "Revisions that the source is known to be ahead of what lookups see."),
		age:      desc("feed_age_seconds", "Time since the last caught-up progress message; absent before the first."),
		cycle:    desc("cycle_finished_timestamp_seconds", "When the last cycle ended whose end lookups see; absent before the first."),
		held:     desc("held", "What the cache holds, by kind.", "kind"),
		bytes:    desc("estimated_memory_bytes", "Memory of payloads, indexes and maps as accounted by the cache."),
		entries:  desc("log_entries", "Entries in the log."),
		evicted:  desc("evicted_events_total", "Events evicted by cycle ends."),
		lookup:   desc("lookups_total", "Keys looked up, by method and result (hit, miss).", "method", "result"),
	}
}

// Describe implements prometheus.Collector.
func (h *Held) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{h.state, h.revision, h.lag, h.age, h.cycle, h.held, h.bytes, h.entries, h.evicted, h.lookup} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (h *Held) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	v, _ := h.store.View() // empty while warming, and so are the figures
	for state, name := range map[store.State]string{store.Warming: "warming", store.Live: "live", store.Stale: "stale"} {
		is := 0.0
		if v.Freshness.State == state {
			is = 1
		}
		gauge(h.state, is, name)
	}
	if v.Freshness.EverCaughtUp {
		gauge(h.age, v.Freshness.Age.Seconds())
	}
	if _, finished := v.LastCycle(); !finished.IsZero() {
		gauge(h.cycle, float64(finished.UnixMilli())/1000)
	}
	gauge(h.revision, float64(v.Revision()))
	gauge(h.lag, float64(max(0, h.head()-v.Revision())))
	if x := h.store.Served(); x != nil {
		gauge(h.entries, float64(x.Log().Entries))
	}
	held := v.Stats()
	gauge(h.bytes, float64(held.Bytes))
	for kind, n := range map[string]int64{
		"events": held.Events, "betpawa_events": held.BetpawaEvents, "competitor_events": held.CompetitorEvents,
		"snapshots": held.Snapshots, "markets": held.Markets, "waiting_snapshots": held.Waiting,
	} {
		gauge(h.held, float64(n), kind)
	}
	counter(h.evicted, h.store.Evicted())
	for _, m := range h.lookups.Methods() {
		hits, misses := h.lookups.Of(m)
		counter(h.lookup, hits, m, "hit")
		counter(h.lookup, misses, m, "miss")
	}
}
