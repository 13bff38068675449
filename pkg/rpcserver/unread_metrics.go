package rpcserver

import "github.com/prometheus/client_golang/prometheus"

// unreadCounts are the metrics of responses that nobody reads.
type unreadCounts struct {
	bytes      prometheus.GaugeFunc
	refused    *prometheus.CounterVec
	connection prometheus.Counter // of refused
	server     prometheus.Counter // of refused
	stalled    prometheus.Counter
}

func newUnread(limit, perConnection int64) *unread {
	u := &unread{limit: limit, perConnection: perConnection}
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oddscache_unread_responses_refused_total",
		Help: "Unary rpcs that were refused because too many bytes of responses were unread, of their connection or of all.",
	}, []string{"scope"})
	u.counts = &unreadCounts{
		bytes: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "oddscache_unread_response_bytes",
			Help: "Bytes of unary responses that are made and not written yet.",
		}, func() float64 { return float64(u.total.Load()) }),
		refused: refused, connection: refused.WithLabelValues("connection"), server: refused.WithLabelValues("server"),
		stalled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oddscache_connections_stalled_total",
			Help: "Connections that were closed because their callers did not read their responses within the send timeout.",
		}),
	}
	return u
}

// Describe implements prometheus.Collector.
func (c *unreadCounts) Describe(ch chan<- *prometheus.Desc) {
	c.bytes.Describe(ch)
	c.refused.Describe(ch)
	c.stalled.Describe(ch)
}

// Collect implements prometheus.Collector.
func (c *unreadCounts) Collect(ch chan<- prometheus.Metric) {
	c.bytes.Collect(ch)
	c.refused.Collect(ch)
	c.stalled.Collect(ch)
}
