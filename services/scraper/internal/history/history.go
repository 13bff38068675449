// Package history reads the stored changes of a market and puts them side by side: what every bookmaker offered at each
// moment at which one of them changed something, and with which margin.
//
// The store writes the changes, with the content they belong to; the present is the cache's.
package history

import (
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Query names a market of an event and a time.
type Query struct {
	SrID       string
	Market     odds.MarketKey
	Bookmakers []odds.Bookmaker // empty for all
	// From and To bound captured_at, To excluded; zero for no bound.
	From, To time.Time
	// After is the revision of the last change of the page before; 0 for the first page.
	After int64
	// Limit is how many changes are returned at most.
	Limit int
}

// Change is one row of the history: what a bookmaker offered from then on.
type Change struct {
	Bookmaker  odds.Bookmaker
	CapturedAt time.Time
	Revision   int64 // of the snapshot that brought it
	Available  bool  // if not, the outcomes are the last ones seen
	Outcomes   []odds.Outcome
}

// Gap is a time in which a bookmaker did not offer a market that it had offered.
type Gap struct {
	Bookmaker odds.Bookmaker
	From      time.Time
	To        time.Time // zero while it lasts
}

// Page is a page of changes.
type Page struct {
	// Before is each bookmaker's last change before the page, in no order.
	Before  []Change
	Changes []Change // in the order in which they were stored
	Gaps    []Gap    // of all the query's time, by beginning
}

// Moment is one change, with what each bookmaker offered right after it.
type Moment struct {
	At        time.Time
	ChangedBy odds.Bookmaker
	Revision  int64 // of the change; later moments have higher ones
	// Quotes are in the order of precedence; bookmakers that had not offered the market by then are not among them.
	Quotes []Change
}

// Moments makes a page's moments. Every bookmaker's state is carried from one to the next, beginning with what it
// was before the page.
func Moments(page Page) []Moment {
	state := slices.Clone(page.Before)
	slices.SortFunc(state, byPrecedence)
	moments := make([]Moment, 0, len(page.Changes))
	for _, c := range page.Changes {
		at, known := slices.BinarySearchFunc(state, c, byPrecedence)
		// The slice of the moment before is kept as it is.
		if state = slices.Clone(state); known {
			state[at] = c
		} else {
			state = slices.Insert(state, at, c)
		}
		moments = append(moments, Moment{At: c.CapturedAt, ChangedBy: c.Bookmaker, Revision: c.Revision, Quotes: state})
	}
	return moments
}

func byPrecedence(a, b Change) int {
	return registry.Compare(a.Bookmaker, b.Bookmaker)
}
