package odds

import (
	"cmp"
	"slices"
	"time"
)

// HandicapType tells the two kinds of handicap market apart.
type HandicapType string

// The handicap types.
const (
	NoHandicap HandicapType = ""
	European   HandicapType = "EUROPEAN" // three-way: the draw after the handicap is an outcome
	Asian      HandicapType = "ASIAN"    // two-way
)

// ClosedPrice is the highest price that cannot be bet on.
const ClosedPrice = 1.0

// Outcome is one side of a market. Odds are finite and not negative.
type Outcome struct {
	Name   string // BetPawa's name
	Odds   float64
	Active bool // never true at or below ClosedPrice
}

// MarketKey names a market within a snapshot.
type MarketKey struct {
	ID   string // BetPawa's market type id
	Line Line
}

// Compare orders keys by id, then line.
func (k MarketKey) Compare(o MarketKey) int {
	return cmp.Or(cmp.Compare(k.ID, o.ID), k.Line.Compare(o.Line))
}

// Market is what can be bet on, in BetPawa's vocabulary.
type Market struct {
	MarketKey
	Name     string // BetPawa's name of the market type
	Handicap HandicapType
	Outcomes []Outcome // no name twice, in the canonical order of the market type
	Groups   []string  // BetPawa's groups, sorted; empty for competitors
	// UnavailableAt is since when the bookmaker does not offer the market any more; zero while it does.
	UnavailableAt time.Time
}

// Snapshot is all mapped markets of one event at one bookmaker at one instant.
type Snapshot struct {
	Bookmaker Bookmaker
	EventID   string // the bookmaker's own id of the event
	SrID      string // SportRadar id, digits only
	// RequestedAt is when the request was sent. Of two snapshots the newer is the one requested later.
	RequestedAt time.Time
	CapturedAt  time.Time // when the answer was complete
	Markets     []Market  // sorted by MarketKey, no key twice
	// Complete reports that no market of the answer was refused, so that a market which is not here is not offered.
	Complete bool
}

// SortMarkets brings markets into their order.
func SortMarkets(markets []Market) {
	slices.SortFunc(markets, func(a, b Market) int { return a.Compare(b.MarketKey) })
}
