package mapping

import (
	"slices"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Dialect is how bookmakers name their markets and outcomes. Several bookmakers may have the same one.
type Dialect string

// The dialects.
const (
	// BetPawa is the vocabulary itself.
	BetPawa Dialect = "betpawa"
	// SportRadar is market ids, specifiers and outcome ids of SportRadar's feed.
	SportRadar Dialect = "sportradar"
	// Bet9ja is keys such as S_OU@2.5_O.
	Bet9ja Dialect = "bet9ja"
)

// dialects are the columns of the tables, in their order.
func dialects() []Dialect { return []Dialect{SportRadar, Bet9ja} }

// scope is whose a line of the tables is: a dialect's, which holds for all bookmakers that have it, or a bookmaker's own.
type scope string

// isDialect reports whether the scope is a column of the tables.
func (s scope) isDialect() bool { return slices.Contains(dialects(), Dialect(s)) }

// qualified takes a market's id apart that may be a bookmaker's own, such as "sportybet:60200". Without a qualifier it is
// the dialect's.
func qualified(id string, d Dialect) (whose scope, key string) {
	if name, own, ok := strings.Cut(id, ":"); ok {
		return scope(name), own
	}
	return scope(d), id
}

// Column is the tables as one bookmaker reads them: the column of its dialect, and above it what is only its own.
type Column struct {
	table       *Table
	bookmaker   odds.Bookmaker
	dialect     Dialect
	own, shared map[string][]*Source
}

// Column is that of a bookmaker with a dialect.
func (t *Table) Column(b odds.Bookmaker, d Dialect) Column {
	return Column{table: t, bookmaker: b, dialect: d, own: t.sources[scope(b)], shared: t.sources[scope(d)]}
}

// Table is the tables that the column belongs to.
func (c Column) Table() *Table { return c.table }

// Sources lists what a market of the bookmaker feeds: usually one row, two where one market carries two of BetPawa's
// (home and away totals in one at Bet9ja), none for a market that has no partner. An id that is the bookmaker's own means
// nothing that the dialect says of it.
func (c Column) Sources(key []byte) []*Source {
	if own := c.own[string(key)]; len(own) > 0 {
		return own
	}
	return c.shared[string(key)]
}

// NeedsTexts reports whether anybody will look at the texts of a market's outcomes: the rows that know them by their
// texts, or the report of a market without a partner.
func (c Column) NeedsTexts(key []byte) bool {
	sources := c.Sources(key)
	for _, s := range sources {
		if len(s.texts) > 0 {
			return true
		}
	}
	return len(sources) == 0
}

// LeftOut says why a market of the bookmaker is left out.
func (c Column) LeftOut(key string) (LeftOut, bool) {
	if l, ok := c.table.leftOut[scope(c.bookmaker)][key]; ok {
		return l, true
	}
	l, ok := c.table.leftOut[scope(c.dialect)][key]
	return l, ok
}

// Exception finds the reason for which a price of the bookmaker may lie far from BetPawa's.
func (c Column) Exception(marketID, outcome string) (Exception, bool) {
	for _, e := range c.table.exceptions {
		if (e.whose == scope(c.bookmaker) || e.whose == scope(c.dialect)) &&
			e.MarketID == marketID && (e.Outcome == "" || e.Outcome == outcome) {
			return e, true
		}
	}
	return Exception{}, false
}

// Bookmakers lists whose own the tables hold something of, in alphabetical order. What is every bookmaker's of a dialect
// is not meant.
func (t *Table) Bookmakers() []odds.Bookmaker {
	found := make(map[scope]bool)
	for whose, sources := range t.sources {
		found[whose] = len(sources) > 0
	}
	for whose, left := range t.leftOut {
		found[whose] = found[whose] || len(left) > 0
	}
	for _, e := range t.exceptions {
		found[e.whose] = true
	}
	var names []odds.Bookmaker
	for whose, named := range found {
		if named && !whose.isDialect() {
			names = append(names, odds.Bookmaker(whose))
		}
	}
	slices.Sort(names)
	return names
}
