package metrics

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Pools reads the connections to Postgres, pool by pool.
type Pools struct {
	read func() map[string]*pgxpool.Stat

	connections, most, acquires, empty, waited *prometheus.Desc
}

// NewPools makes a collector over pools by name.
func NewPools(read func() map[string]*pgxpool.Stat) *Pools {
	return &Pools{
		read:        read,
		connections: desc("pool_connections", "Connections to Postgres by state: in_use, idle, opening.", "pool", "state"),
		most:        desc("pool_max_connections", "Connections to Postgres at most.", "pool"),
		acquires:    desc("pool_acquires_total", "Connections taken from the pool.", "pool"),
		empty:       desc("pool_empty_acquires_total", "Connections taken that had to be waited for.", "pool"),
		waited:      desc("pool_acquire_seconds_total", "Time spent on taking connections.", "pool"),
	}
}

// Describe implements prometheus.Collector.
func (p *Pools) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, p.connections, p.most, p.acquires, p.empty, p.waited)
}

// Collect implements prometheus.Collector.
func (p *Pools) Collect(ch chan<- prometheus.Metric) {
	r := reading(ch)
	for name, s := range p.read() {
		r.gauge(p.connections, float64(s.AcquiredConns()), name, "in_use")
		r.gauge(p.connections, float64(s.IdleConns()), name, "idle")
		r.gauge(p.connections, float64(s.ConstructingConns()), name, "opening")
		r.gauge(p.most, float64(s.MaxConns()), name)
		r.counter(p.acquires, float64(s.AcquireCount()), name)
		r.counter(p.empty, float64(s.EmptyAcquireCount()), name)
		r.counter(p.waited, s.AcquireDuration().Seconds(), name)
	}
}
