// Package registry is the table of bookmakers. Flags, clients, limits, metrics, the order of precedence and the rows of
// the database are made from it, so that a bookmaker is its own package and one row here. docs/add-a-bookmaker.md is
// the checklist.
//
// It is not for how any of them is read: see the package of that name.
package registry

import (
	"cmp"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bet9ja"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/betpawa"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/sportybet"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Bookmaker is a row of the table.
type Bookmaker struct {
	Name odds.Bookmaker
	// Number is its id in the database and its precedence: where bookmakers disagree about an event's kickoff or teams,
	// the one with the lowest number is believed. It is never changed, and never used again for another one.
	Number int16
	// Off says that it is not read. What was stored of it stays, and is not missed by cycles.
	Off bool
	// Countries are those that are known to work, each with the site's host. The first one is read.
	Countries []client.Country
	// Limits are those of that host, where nothing else is configured. The figures were found with the previous system:
	// 403 answers of Bet9ja without spacing, none of the other two at 50.
	Limits limit.Config
	// Dialect is how it names markets and outcomes: its column of the mapping's tables.
	Dialect mapping.Dialect
	// Site is what a client needs to read it in one of the countries.
	Site func(client.Country, mapping.Column) client.Site
}

// Column is what the mapping says of its markets.
func (b Bookmaker) Column(table *mapping.Table) mapping.Column {
	return table.Column(b.Name, b.Dialect)
}

// DefaultSite is that of the first country.
func (b Bookmaker) DefaultSite(table *mapping.Table) client.Site {
	return b.Site(b.Countries[0], b.Column(table))
}

// NewClient makes a client of the first country's site. It is at that country's URL where cfg has none.
func (b Bookmaker) NewClient(
	table *mapping.Table, cfg client.Config, limiter *limit.Limiter, observer fetch.Observer,
) (*client.Client, error) {
	cfg.URL = cmp.Or(cfg.URL, b.Countries[0].URL)
	return client.New(b.DefaultSite(table), cfg, limiter, observer)
}

// bookmakers is the table, in the order of precedence.
//
//nolint:gochecknoglobals // it never changes
var bookmakers = []Bookmaker{
	{
		Name: odds.BetPawa, Number: 1,
		Countries: []client.Country{{Code: "ng", URL: "https://www.betpawa.ng", ID: "betpawa-nigeria"}},
		Limits:    limit.Config{Slots: 50},
		Dialect:   mapping.BetPawa,
		Site:      betpawa.Site,
	},
	{
		Name: odds.SportyBet, Number: 2,
		Countries: []client.Country{{Code: "ng", URL: "https://www.sportybet.com", ID: "2"}},
		Limits:    limit.Config{Slots: 50},
		Dialect:   mapping.SportRadar,
		Site:      sportybet.Site,
	},
	{
		Name: odds.Bet9ja, Number: 3,
		Countries: []client.Country{{Code: "ng", URL: "https://sports.bet9ja.com"}},
		Limits:    limit.Config{Slots: 15, Spacing: 25 * time.Millisecond},
		Dialect:   mapping.Bet9ja,
		Site:      bet9ja.Site,
	},
}

// All lists the bookmakers in the order of precedence, those that are off too.
func All() []Bookmaker { return slices.Clone(bookmakers) }

// Names lists the names in the order of precedence.
func Names() []odds.Bookmaker {
	names := make([]odds.Bookmaker, len(bookmakers))
	for i, b := range bookmakers {
		names[i] = b.Name
	}
	return names
}

// Lookup finds a row.
func Lookup(name odds.Bookmaker) (Bookmaker, bool) {
	i := index(name)
	if i < 0 {
		return Bookmaker{}, false
	}
	return bookmakers[i], true
}

// Known reports whether there is a row.
func Known(name odds.Bookmaker) bool { return index(name) >= 0 }

// Compare orders names by precedence; unknown ones come last.
func Compare(a, b odds.Bookmaker) int { return place(a) - place(b) }

func place(name odds.Bookmaker) int {
	if i := index(name); i >= 0 {
		return i
	}
	return len(bookmakers)
}

func index(name odds.Bookmaker) int {
	return slices.IndexFunc(bookmakers, func(b Bookmaker) bool { return b.Name == name })
}
