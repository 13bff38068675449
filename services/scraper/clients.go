package scraper

import (
	"fmt"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bet9ja"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/betpawa"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/sportybet"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// client is a bookmaker's client that can be closed.
type client interface {
	bookmaker.Client
	Close()
}

// newClients makes the clients of all bookmakers. The observer hears of all their requests.
func newClients(cfg Config, table *mapping.Table, limits *limit.Group, observer fetch.Observer, c *clock.Clock) ([]client, error) {
	http := fetch.Config{Timeout: cfg.RequestTimeout, Clock: c}
	pawa, err := betpawa.NewClient(
		betpawa.Config{BaseURL: cfg.BetPawa.URL, HTTP: http, Now: c.Now},
		betpawa.NewDecoder(table), limits.Limiter(odds.BetPawa), observer)
	if err != nil {
		return nil, fmt.Errorf("making the client of betpawa: %w", err)
	}
	sporty, err := sportybet.NewClient(
		sportybet.Config{BaseURL: cfg.SportyBet.URL, HTTP: http, Now: c.Now},
		sportybet.NewDecoder(table), limits.Limiter(odds.SportyBet), observer)
	if err != nil {
		return nil, fmt.Errorf("making the client of sportybet: %w", err)
	}
	nine, err := bet9ja.NewClient(
		bet9ja.Config{BaseURL: cfg.Bet9ja.URL, HTTP: http, Now: c.Now},
		bet9ja.NewDecoder(table), limits.Limiter(odds.Bet9ja), observer)
	if err != nil {
		return nil, fmt.Errorf("making the client of bet9ja: %w", err)
	}
	return []client{pawa, sporty, nine}, nil
}
