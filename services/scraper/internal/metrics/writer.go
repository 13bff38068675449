package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/unmapped"
)

// Writer reads what is committed, and who writes. At a standby only writer is shown, as 0.
type Writer struct {
	current  func() *store.Writer
	unmapped *unmapped.Register

	writer, term, lease, revision, entries, events, snapshots, markets, unmappedMarkets *prometheus.Desc
}

// NewWriter makes a collector over the writer of the present term, nil at a standby.
func NewWriter(current func() *store.Writer, left *unmapped.Register) *Writer {
	return &Writer{
		current: current, unmapped: left,
		writer:    desc("writer", "1 at the scraper that holds the lease, 0 at a standby."),
		term:      desc("lease_term", "Number of the writer's term; each takeover is one more."),
		lease:     desc("lease_seconds", "Time until the lease ends unless it is renewed."),
		revision:  desc("revision", "Revision of the newest entry that is committed and published."),
		entries:   desc("log_entries", "Entries in the log."),
		events:    desc("events", "Events that are held."),
		snapshots: desc("snapshots", "Snapshots that are held.", bookmaker),
		markets: desc("markets",
			"Markets of the snapshots that are held, by whether the bookmaker offers them now: available, "+
				"unavailable.", bookmaker, "state"),
		unmappedMarkets: desc("unmapped_markets",
			"Markets that a bookmaker offered in the last cycle and that have no known partner at BetPawa.", bookmaker),
	}
}

// Describe implements prometheus.Collector.
func (w *Writer) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, w.writer, w.term, w.lease, w.revision, w.entries, w.events, w.snapshots, w.markets, w.unmappedMarkets)
}

// Collect implements prometheus.Collector.
func (w *Writer) Collect(ch chan<- prometheus.Metric) {
	r := reading(ch)
	now := w.current()
	r.gauge(w.writer, boolValue(now != nil && now.Held()))
	if now == nil {
		return
	}
	r.gauge(w.term, float64(now.Term()))
	r.gauge(w.lease, max(0, now.LeaseLeft().Seconds()))
	view := now.Log().View()
	r.gauge(w.revision, float64(view.Head))
	r.gauge(w.entries, float64(view.Entries))
	held := now.Counts()
	r.gauge(w.events, float64(held.Events))
	for _, b := range registry.Names() {
		r.gauge(w.snapshots, float64(held.Snapshots[b]), string(b))
		r.gauge(w.markets, float64(held.Available[b]), string(b), "available")
		r.gauge(w.markets, float64(held.Markets[b]-held.Available[b]), string(b), "unavailable")
		_, left := w.unmapped.Markets(b)
		r.gauge(w.unmappedMarkets, float64(len(left)), string(b))
	}
}
