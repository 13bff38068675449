package answer

import (
	"bytes"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// MaxOdds is the highest price that is believed. The bookmakers cap theirs at 100, 180 and 250.
const MaxOdds = 100_000

// Price is what an answer says of an outcome's price. The zero value says nothing, so that it is closed.
//
// One rule holds for every bookmaker: after an answer was applied, an outcome is active exactly when the answer gave it
// a readable price above odds.ClosedPrice and nothing says that it is closed. docs/mapping.md has the rule as a table
// of what was seen.
type Price struct {
	Odds float64 // 0 without a readable price: the odds that were last seen stay
	kind priceKind
	// Closed says that something besides the price closes the outcome: a flag of its own, or its market's status.
	Closed bool
}

type priceKind uint8

const (
	noPrice    priceKind = iota // missing, null, blank, or one of the words for nothing
	priced                      // readable
	unreadable                  // anything else
)

// Priced is a price that was read; it has to be from 0 to MaxOdds.
func Priced(price float64) Price { return Price{Odds: price + 0, kind: priced} } // −0 becomes 0

// ReadPrice reads decimal odds as a number or a string.
func ReadPrice(s jsonscan.Scalar) Price {
	if s.Kind() == jsonscan.Missing || s.Kind() == jsonscan.Null || s.Kind() == jsonscan.String && isNothing(s.Bytes()) {
		return Price{}
	}
	price, ok := s.Float()
	if !ok || price < 0 || price > MaxOdds {
		return Price{kind: unreadable}
	}
	return Priced(price)
}

// isNothing reports whether a text stands for no price. Bookmakers' sites and their public readers know "", "-" and
// "n/a".
func isNothing(text []byte) bool {
	switch string(bytes.ToLower(bytes.TrimSpace(text))) {
	case "", "-", "--", "n/a", "na", "null", "none":
		return true
	default:
		return false
	}
}

// Active reports whether the outcome can be bet on.
func (p Price) Active() bool { return p.kind == priced && !p.Closed && p.Odds > odds.ClosedPrice }

// Unreadable reports whether something stands where the price should, and is none: BAD_ODDS.
func (p Price) Unreadable() bool { return p.kind == unreadable }

// Reports reports whether the answer says anything at all about the outcome being open or closed. An answer of which no
// outcome does looks like one whose fields have other names than we know: NO_PRICES.
func (p Price) Reports() bool { return p.kind == priced || p.Closed }
