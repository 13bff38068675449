package scraper

import (
	"cmp"
	"fmt"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Bookmakers lists the names of all bookmakers in the order of precedence.
func Bookmakers() []string {
	var names []string
	for _, name := range registry.Names() {
		names = append(names, string(name))
	}
	return names
}

// newClients makes the clients of the bookmakers that are read. The observer sees all their requests.
func newClients(
	cfg Config, table *mapping.Table, limits *limit.Group, observer fetch.Observer, c *clock.Clock,
) (clients []*client.Client, err error) {
	for _, b := range registry.All() {
		settings := cfg.Bookmaker(string(b.Name))
		if settings.Off {
			continue
		}
		made, err := b.NewClient(table, client.Config{
			URL: settings.URL, HTTP: fetch.Config{Timeout: cfg.RequestTimeout, Clock: c}, Now: c.Now,
		}, limits.Limiter(b.Name), observer)
		if err != nil {
			return nil, fmt.Errorf("making the client of %s: %w", b.Name, err)
		}
		clients = append(clients, made)
	}
	return clients, nil
}

// limits are the limiters' configurations, with the bookmakers' defaults where nothing is set.
func (c Config) limits() map[odds.Bookmaker]limit.Config {
	limits := make(map[odds.Bookmaker]limit.Config)
	for _, b := range registry.All() {
		settings, limit := c.Bookmaker(string(b.Name)), b.Limits
		limit.Slots = cmp.Or(settings.Slots, limit.Slots)
		limit.Spacing = cmp.Or(settings.Spacing, limit.Spacing)
		limits[b.Name] = limit
	}
	return limits
}
