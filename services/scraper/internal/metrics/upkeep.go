package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// Upkeep reads what the upkeep of the history has done.
type Upkeep struct {
	read func() upkeep.Counts

	runs, made, dropped, rows, failed, rejected *prometheus.Desc
}

// NewUpkeep makes a collector.
func NewUpkeep(read func() upkeep.Counts) *Upkeep {
	return &Upkeep{
		read:    read,
		runs:    desc("history_upkeep_runs_total", "Runs of the history's upkeep, which only the writer does."),
		made:    desc("history_partitions_made_total", "Partitions of the history that were made."),
		dropped: desc("history_partitions_dropped_total", "Partitions of the history that were dropped."),
		rows:    desc("history_rows_dropped_total", "Rows of the history that were dropped with them."),
		failed:  desc("history_upkeep_errors_total", "Runs of the history's upkeep that failed and are tried again."),
		rejected: desc("history_drops_refused_total",
			"Runs of the history's upkeep in which the database refused to drop history, as when clocks disagree."),
	}
}

// Describe implements prometheus.Collector.
func (u *Upkeep) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, u.runs, u.made, u.dropped, u.rows, u.failed, u.rejected)
}

// Collect implements prometheus.Collector.
func (u *Upkeep) Collect(ch chan<- prometheus.Metric) {
	r, c := reading(ch), u.read()
	r.counter(u.runs, float64(c.Runs))
	r.counter(u.made, float64(c.Made))
	r.counter(u.dropped, float64(c.Dropped))
	r.counter(u.rows, float64(c.DroppedRows))
	r.counter(u.failed, float64(c.Failed))
	r.counter(u.rejected, float64(c.Rejected))
}
