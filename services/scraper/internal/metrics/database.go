package metrics

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// How often the database is measured, and how soon again when that did not work. Measuring takes it a few
// milliseconds.
const (
	measureInterval = 30 * time.Second
	measureRetry    = 2 * time.Second
	measureTimeout  = 10 * time.Second
)

// Measured is a database that can be measured. A store.Store is one.
type Measured interface {
	Sizes(ctx context.Context) (upkeep.Sizes, error)
	// DaysAhead waits for no lock, unlike Sizes.
	DaysAhead(ctx context.Context) (int, error)
}

// Database shows how large the database is, as of the last measurement. A scrape costs it nothing.
type Database struct {
	collectors

	bytes     prometheus.Gauge
	table     *prometheus.GaugeVec
	rows      *prometheus.GaugeVec
	days      prometheus.Gauge
	ahead     prometheus.Gauge
	age       prometheus.Gauge
	retention prometheus.Gauge
	measured  prometheus.Gauge
	failed    prometheus.Counter
}

// NewDatabase makes gauges; Run measures.
func NewDatabase(retention time.Duration) *Database {
	d := &Database{
		bytes: gauge("database_bytes", "Size of the database."),
		table: gauges("table_bytes",
			"Size of a table with its indexes; market_odds_history is the history with all of its partitions.", "table"),
		rows:      gauges("table_rows", "Rows of a table, as Postgres estimates them.", "table"),
		days:      gauge("history_partitions", "Partitions of the history, one a day."),
		ahead:     gauge("history_partitions_ahead", "Partitions of the history that are ready for the days after today, without a gap."),
		age:       gauge("history_age_seconds", "Age of the oldest partition's day."),
		retention: gauge("history_retention_seconds", "How long the history is to be kept."),
		measured:  gauge("database_measured_timestamp_seconds", "When the database was last measured; 0 before the first time."),
		failed:    counter("database_measure_errors_total", "Measurements of the database that failed."),
	}
	d.retention.Set(retention.Seconds())
	d.collectors = collectors{d.bytes, d.table, d.rows, d.days, d.ahead, d.age, d.retention, d.measured, d.failed}
	return d
}

// Run measures until ctx ends.
func (d *Database) Run(ctx context.Context, database Measured, log *slog.Logger) {
	for {
		pause := measureInterval
		if err := d.measure(ctx, database); err != nil && ctx.Err() == nil {
			d.failed.Inc()
			log.Debug("measuring the database", "error", err)
			pause = measureRetry
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

func (d *Database) measure(ctx context.Context, database Measured) error {
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	ahead, err := database.DaysAhead(ctx)
	if err != nil {
		return err
	}
	d.ahead.Set(float64(ahead))
	sizes, err := database.Sizes(ctx)
	if err == nil {
		d.set(sizes, time.Now())
	}
	return err
}

// set sets the gauges.
func (d *Database) set(sizes upkeep.Sizes, now time.Time) {
	d.bytes.Set(float64(sizes.DatabaseBytes))
	for _, t := range sizes.Tables {
		d.table.WithLabelValues(t.Table).Set(float64(t.Bytes))
		d.rows.WithLabelValues(t.Table).Set(float64(t.Rows))
	}
	d.days.Set(float64(len(sizes.Days)))
	if len(sizes.Days) > 0 {
		d.age.Set(max(0, now.Sub(sizes.Days[0].Day).Seconds()))
	}
	d.measured.Set(seconds(now))
}
