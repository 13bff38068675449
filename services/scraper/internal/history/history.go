// Package history puts the stored changes of a market side by side: what every bookmaker offered at each moment at
// which one of them changed something, and with which margin.
//
// It is not for reading tables (the store does), nor for the present: that is the cache's.
package history

import (
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Moment is one change, with what each bookmaker offered right after it.
type Moment struct {
	At        time.Time
	ChangedBy odds.Bookmaker
	Revision  int64 // of the change; later moments have higher ones
	// Quotes are in the order of precedence; bookmakers that had not offered the market by then are not among them.
	Quotes []store.HistoryChange
}

// Moments makes a page's moments. Every bookmaker's state is carried from one to the next, beginning with what it
// was before the page.
func Moments(page store.HistoryPage) []Moment {
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

func byPrecedence(a, b store.HistoryChange) int {
	return registry.Compare(a.Bookmaker, b.Bookmaker)
}
