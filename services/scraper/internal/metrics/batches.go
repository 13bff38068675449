package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// batches is what storing did and how long it took.
type batches struct {
	stored  prometheus.Counter
	retried prometheus.Counter
	events  prometheus.Counter
	markets prometheus.Counter
	phases  *prometheus.HistogramVec
	visible prometheus.Histogram
}

func newBatches() batches {
	b := batches{
		stored:  counter("batches_total", "Batches that were stored, those of refreshes included."),
		retried: counter("batch_retries_total", "Batches that the database did not take at once."),
		events:  counter("events_changed_total", "Events that were written because their identity changed."),
		markets: counter("markets_changed_total", "Markets whose content changed; each is a row of history."),
		phases: histograms("storage_seconds", "Time of storing a batch, by phase: lookups, processing, flush, commit.",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "phase"),
		visible: histogram("visible_seconds", "Time from a batch's commit until all live replicas show it.",
			.005, .01, .025, .05, .1, .25, .5, 1, 2, 3),
	}
	for phase := range phasesOf(cycle.Phases{}) {
		b.phases.WithLabelValues(phase)
	}
	return b
}

func phasesOf(p cycle.Phases) map[string]time.Duration {
	return map[string]time.Duration{"lookups": p.Lookups, "processing": p.Processing, "flush": p.Flush, "commit": p.Commit}
}

func (b *batches) all() collectors {
	return collectors{b.stored, b.retried, b.events, b.markets, b.phases, b.visible}
}

// BatchStored counts a batch.
func (b *batches) BatchStored(r store.BatchResult) {
	b.stored.Inc()
	b.events.Add(float64(r.EventsChanged))
	b.markets.Add(float64(r.MarketsChanged))
	for phase, took := range phasesOf(cycle.PhasesOf(r)) {
		b.phases.WithLabelValues(phase).Observe(took.Seconds())
	}
}

// BatchRetried counts a batch that has to be stored again.
func (b *batches) BatchRetried() { b.retried.Inc() }

// BatchVisible notes how long the replicas took.
func (b *batches) BatchVisible(took time.Duration) { b.visible.Observe(took.Seconds()) }
