package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/feed"
)

// Replicas reads who follows the feed.
type Replicas struct {
	feed *feed.Server

	replicas, lag *prometheus.Desc
}

// NewReplicas makes a collector over the feed.
func NewReplicas(server *feed.Server) *Replicas {
	return &Replicas{
		feed: server,
		replicas: desc("feed_replicas",
			"Replicas by state: streams that are open, and those of them that acknowledged within 3 s (live).", "state"),
		lag: desc("feed_lag_revisions", "Revisions that the slowest live replica is behind; absent without a live one."),
	}
}

// Describe implements prometheus.Collector.
func (r *Replicas) Describe(ch chan<- *prometheus.Desc) { describe(ch, r.replicas, r.lag) }

// Collect implements prometheus.Collector.
func (r *Replicas) Collect(ch chan<- prometheus.Metric) {
	read := reading(ch)
	open, live := r.feed.Replicas()
	read.gauge(r.replicas, float64(open), "open")
	read.gauge(r.replicas, float64(live), "live")
	if lag, has := r.feed.Lag(); has {
		read.gauge(r.lag, float64(lag))
	}
}
