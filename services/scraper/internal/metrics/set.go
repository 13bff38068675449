package metrics

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Set is all metrics of a scraper. It counts from the moment that it is made, and is shown once it is registered.
type Set struct {
	Attempts *Attempts
	Cycles   *Cycles
	Database *Database

	calls *fetch.Stats // of all requests, for the bounds of cycles
}

// NewSet makes a set at zero. historyRetention is how long the history of odds is to be kept.
func NewSet(historyRetention time.Duration) *Set {
	return &Set{
		Attempts: NewAttempts(), Cycles: NewCycles(), Database: NewDatabase(historyRetention), calls: &fetch.Stats{},
	}
}

// Observer counts the requests to bookmakers.
func (s *Set) Observer() fetch.Observer { return fetch.Observers(s.Attempts, s.calls) }

// Instruments counts what cycles do. limits are those of the bookmakers' limiters.
func (s *Set) Instruments(limits map[odds.Bookmaker]limit.Config) cycle.Instruments {
	return cycle.Instruments{Observer: s.Cycles, Calls: s.calls, Limits: limits}
}

// Sources are the parts of a scraper whose state is read when Prometheus scrapes. All are required.
type Sources struct {
	Engine *cycle.Engine
	Feed   *feed.Server
	Limits *limit.Group
	Store  *store.Store
}

// Register adds the set to registry, together with collectors over from.
func (s *Set) Register(registry *prometheus.Registry, from Sources) error {
	for _, c := range []prometheus.Collector{
		s.Attempts, s.Cycles, s.Database,
		NewLimiters(from.Limits), NewWriter(from.Engine.Writer, &from.Engine.Unmapped), NewReplicas(from.Feed),
		NewPools(from.Store.PoolStats), NewUpkeep(from.Store.Upkeep),
	} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("registering the scraper's metrics: %w", err)
		}
	}
	return nil
}
