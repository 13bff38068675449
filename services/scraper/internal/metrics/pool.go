package metrics

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Pool reads the connections to Postgres.
type Pool struct {
	pool *pgxpool.Pool

	connections, most, acquires, empty, waited *prometheus.Desc
}

// NewPool makes a collector over a pool.
func NewPool(pool *pgxpool.Pool) *Pool {
	return &Pool{
		pool:        pool,
		connections: desc("pool_connections", "Connections to Postgres by state: in_use, idle, opening.", "state"),
		most:        desc("pool_max_connections", "Connections to Postgres at most."),
		acquires:    desc("pool_acquires_total", "Connections taken from the pool."),
		empty:       desc("pool_empty_acquires_total", "Connections taken that had to be waited for."),
		waited:      desc("pool_acquire_seconds_total", "Time spent on taking connections."),
	}
}

// Describe implements prometheus.Collector.
func (p *Pool) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, p.connections, p.most, p.acquires, p.empty, p.waited)
}

// Collect implements prometheus.Collector.
func (p *Pool) Collect(ch chan<- prometheus.Metric) {
	r, s := reading(ch), p.pool.Stat()
	r.gauge(p.connections, float64(s.AcquiredConns()), "in_use")
	r.gauge(p.connections, float64(s.IdleConns()), "idle")
	r.gauge(p.connections, float64(s.ConstructingConns()), "opening")
	r.gauge(p.most, float64(s.MaxConns()))
	r.counter(p.acquires, float64(s.AcquireCount()))
	r.counter(p.empty, float64(s.EmptyAcquireCount()))
	r.counter(p.waited, s.AcquireDuration().Seconds())
}
