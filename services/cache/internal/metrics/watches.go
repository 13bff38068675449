package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// Watches reads what watches do whenever Prometheus scrapes.
type Watches struct {
	watches *watch.Watches

	open, limit, started, messages *prometheus.Desc
}

// NewWatches makes a collector.
func NewWatches(w *watch.Watches) *Watches {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, subsystem, name), help, labels, nil)
	}
	return &Watches{
		watches:  w,
		open:     desc("watches", "Watches that are open."),
		limit:    desc("watches_limit", "Watches that may be open."),
		started:  desc("watches_started_total", "Watches that began."),
		messages: desc("watch_messages_total", "Messages to watches, by kind (updated, removed, synced).", "kind"),
	}
}

// Describe implements prometheus.Collector.
func (w *Watches) Describe(ch chan<- *prometheus.Desc) {
	ch <- w.open
	ch <- w.limit
	ch <- w.started
	ch <- w.messages
}

// Collect implements prometheus.Collector.
func (w *Watches) Collect(ch chan<- prometheus.Metric) {
	c := w.watches.Counts()
	ch <- prometheus.MustNewConstMetric(w.open, prometheus.GaugeValue, float64(c.Open))
	ch <- prometheus.MustNewConstMetric(w.limit, prometheus.GaugeValue, float64(w.watches.Limit()))
	ch <- prometheus.MustNewConstMetric(w.started, prometheus.CounterValue, float64(c.Started))
	for kind, n := range map[string]int64{"updated": c.Updated, "removed": c.Removed, "synced": c.Synced} {
		ch <- prometheus.MustNewConstMetric(w.messages, prometheus.CounterValue, float64(n), kind)
	}
}
