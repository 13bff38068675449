// Package bookmaker says what the scraper needs of a bookmaker: what it lists (Discover) and what it offers on one
// event (Fetch), in the domain's words and with everything doubtful already refused and counted.
//
// It is not for any one bookmaker's shapes: each has a package beside it. Package registry lists them, package client
// implements Client for all.
package bookmaker

import (
	"context"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Client reads one bookmaker. Its methods may be called concurrently.
type Client interface {
	// Bookmaker names it.
	Bookmaker() odds.Bookmaker
	// Discover lists the upcoming football events. It takes slots of the bookmaker's limiter by itself. The error is
	// not nil when the bookmaker as a whole did not answer; a tournament that failed says so in Discovery.
	Discover(ctx context.Context) (Discovery, error)
	// Fetch reads one event. The caller holds a slot of the bookmaker's limiter. It returns an *odds.Rejected when the
	// answer cannot be used, ErrThrottled when the bookmaker turned the request away, else the transport's error.
	Fetch(ctx context.Context, requested Target) (Detail, error)
}

// Target is an event to fetch.
type Target struct {
	EventID string // the bookmaker's own id
	SrID    string // what the answer must be about; empty when only the detail can tell
}

// Discovery is what a bookmaker lists.
type Discovery struct {
	Listings    []odds.Listing
	Tournaments []Tournament
	// Rejections counts listings that could not be used.
	Rejections odds.Rejections
	// Blocked counts requests that the bookmaker turned away.
	Blocked int
	// Short says that events are missing of which nobody can tell the tournament: nothing that is not listed is gone.
	Short bool
}

// Partial reports whether some tournament did not answer, or not with all of its events.
func (d Discovery) Partial() bool {
	if d.Short {
		return true
	}
	for _, t := range d.Tournaments {
		if t.Err != nil {
			return true
		}
	}
	return false
}

// Tournament is one tournament (competition, group) that discovery read.
type Tournament struct {
	ID      string
	Name    string
	Country string
	// Category is SportRadar's id of the category it belongs to; empty where the site does not say.
	Category string
	// Count is how many upcoming events the site itself says that it has; 0 when it does not say.
	Count int
	// Err is why its events are not known; nil when it answered, with whatever number of events. Listings may hold
	// some of its events all the same, when a later page failed.
	Err error
	// RejectedIDs are the events among its answer that were refused; an id that could not be read is "". They are
	// offered, so that a missing listing does not mean that they are gone: of a "" nobody knows which it is.
	RejectedIDs []string
}

// Detail is what a bookmaker offers on one event.
type Detail struct {
	Listing  odds.Listing // what the detail says of the event itself
	Snapshot odds.Snapshot
	// Rejections counts markets and outcomes of the answer that were refused; the rest of it stands.
	Rejections odds.Rejections
	// Unmapped lists markets that BetPawa has no known partner for.
	Unmapped []Unmapped
}

// Unmapped is a market that was left out because nothing says which of BetPawa's it is.
type Unmapped struct {
	MarketID string // the bookmaker's own id or key
	Name     string // the bookmaker's own name
	Reason   UnmappedReason
	Example  string // outcomes with prices, short
}

// UnmappedReason says why a market has no partner.
type UnmappedReason string

// The reasons.
const (
	UnknownMarket    UnmappedReason = "UNKNOWN_MARKET"    // no row of the mapping names it
	LeftOut          UnmappedReason = "LEFT_OUT"          // a row of the mapping says why it is left out
	UnknownSpecifier UnmappedReason = "UNKNOWN_SPECIFIER" // a parameter that the row does not know
)
