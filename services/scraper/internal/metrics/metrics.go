// Package metrics exports to Prometheus what cycles do, what the bookmakers answer, what is stored and how far the
// caches are. A Set is all of it; the metrics of rpcs are those of pkg/rpc/server.
//
// Events are counted as they happen; states are read when Prometheus scrapes. Every series with known labels exists from
// the start, at zero. docs/metrics.md describes every metric, and a test compares it with what the running services show.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
)

const (
	namespace = "oddscache"
	subsystem = "scraper"
)

// bookmaker is the label of whatever there is for each bookmaker.
const bookmaker = "bookmaker"

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets ...float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: namespace, Subsystem: subsystem, Name: name, Help: help, Buckets: buckets,
	})
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Subsystem: subsystem, Name: name, Help: help, Buckets: buckets,
	}, labels)
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, subsystem, name), help, labels, nil)
}

// collectors registers several collectors as one.
type collectors []prometheus.Collector

// Describe implements prometheus.Collector.
func (c collectors) Describe(ch chan<- *prometheus.Desc) {
	for _, one := range c {
		one.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (c collectors) Collect(ch chan<- prometheus.Metric) {
	for _, one := range c {
		one.Collect(ch)
	}
}

// reading is a collection under way.
type reading chan<- prometheus.Metric

func (r reading) gauge(d *prometheus.Desc, v float64, labels ...string) {
	r <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (r reading) counter(d *prometheus.Desc, v float64, labels ...string) {
	r <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

// describe sends descriptions.
func describe(ch chan<- *prometheus.Desc, all ...*prometheus.Desc) {
	for _, d := range all {
		ch <- d
	}
}

// boolValue is 1 for true.
func boolValue(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// bookmakerLabels are the bookmakers as values of the label bookmaker.
func bookmakerLabels() []string {
	var all []string
	for _, b := range registry.Names() {
		all = append(all, string(b))
	}
	return all
}
