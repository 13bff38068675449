package odds

import (
	"cmp"
	"slices"
	"time"
)

// HandicapType distinguishes the two kinds of handicap market.
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
	// Request numbers the request that was answered. It grows with every request that this process sends, so of two
	// snapshots the newer is the one with the higher number, whatever the clock said.
	Request     uint64
	RequestedAt time.Time // when the request was sent
	CapturedAt  time.Time // when the answer was complete
	// Markets are what the answer lists, sorted by MarketKey, no key twice. An outcome that the answer lists without a
	// price has odds 0 and is not active: the odds that were last seen stay.
	Markets []Market
	// Unread are markets that the answer lists in a form that could not be read. They are offered, at prices that
	// nobody knows: closed, and not withdrawn.
	Unread []UnreadMarket
	// Complete reports that the answer lists all that the bookmaker offers on the event, so that a market which is
	// neither in Markets nor in Unread is withdrawn. When it is false, such a market is closed.
	Complete bool
}

// UnreadMarket names a market of which nothing but its identity could be read.
type UnreadMarket struct {
	MarketKey
	AnyLine bool // the line could not be read either: any of the market id's may be meant
}

// SortMarkets brings markets into their order.
func SortMarkets(markets []Market) {
	slices.SortFunc(markets, func(a, b Market) int { return a.Compare(b.MarketKey) })
}

// SortUnread brings unread markets into an order that does not depend on where the answer listed them, each once.
func SortUnread(unread []UnreadMarket) []UnreadMarket {
	slices.SortFunc(unread, func(a, b UnreadMarket) int {
		return cmp.Or(a.Compare(b.MarketKey), compareBool(a.AnyLine, b.AnyLine))
	})
	return slices.Compact(unread)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}
