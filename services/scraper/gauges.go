package scraper

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/metrics"
)

// gauges are the parts that count while the scraper works. What is only read is registered with them.
type gauges struct {
	attempts *metrics.Attempts
	calls    *fetch.Tally // for the bounds of cycles
	cycles   *metrics.Cycles
	database *metrics.Database
}

func newGauges(cfg Config) gauges {
	return gauges{
		attempts: metrics.NewAttempts(), calls: &fetch.Tally{}, cycles: metrics.NewCycles(),
		database: metrics.NewDatabase(cfg.HistoryRetention),
	}
}

// observer hears of all requests to bookmakers.
func (g gauges) observer() fetch.Observer { return fetch.Observers(g.attempts, g.calls) }

// watch makes everything that New built visible in the registry.
func (a *App) watch(registry *prometheus.Registry, group *limit.Group) error {
	a.engine.Instruments = cycle.Instruments{Observer: a.gauges.cycles, Calls: a.gauges.calls, Limits: a.cfg.limits()}
	for _, c := range []prometheus.Collector{
		a.gauges.attempts, a.gauges.cycles, a.gauges.database,
		metrics.NewLimiters(group), metrics.NewWriter(a.engine.Writer, &a.engine.Unmapped), metrics.NewReplicas(a.feed),
		metrics.NewPools(a.store.PoolStats), metrics.NewUpkeep(a.store.Upkeep),
	} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("registering the scraper's metrics: %w", err)
		}
	}
	return nil
}
