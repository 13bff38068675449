package unread

import "github.com/prometheus/client_golang/prometheus"

//nolint:gochecknoglobals // descriptions do not change
var (
	bytesDesc = prometheus.NewDesc("oddscache_unread_response_bytes",
		"Memory of responses and messages that clients have not read yet, beside the service's own data.", nil, nil)
	limitDesc = prometheus.NewDesc("oddscache_unread_response_limit_bytes",
		"How much of it there may be.", nil, nil)
	rejectedDesc = prometheus.NewDesc("oddscache_unread_responses_refused_total",
		"Calls that were rejected because their connection left too many responses unread.", nil, nil)
	closedDesc = prometheus.NewDesc("oddscache_connections_stalled_total",
		"Connections that were closed because nothing of a response was read in time.", nil, nil)
)

// Describe implements prometheus.Collector.
func (b *Budget) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bytesDesc, limitDesc, rejectedDesc, closedDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (b *Budget) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(bytesDesc, prometheus.GaugeValue, float64(b.Unread()))
	ch <- prometheus.MustNewConstMetric(limitDesc, prometheus.GaugeValue, float64(b.limits.Total))
	ch <- prometheus.MustNewConstMetric(rejectedDesc, prometheus.CounterValue, float64(b.rejected.Load()))
	ch <- prometheus.MustNewConstMetric(closedDesc, prometheus.CounterValue, float64(b.closed.Load()))
}
