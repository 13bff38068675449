package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// Way names a way in which a bookmaker closes a market or an outcome; see Ways.
type Way string

// Closings is how much of each bookmaker's offer is closed at a time, for 5 to 20 ticks each. The zero value closes
// nothing. On every event one market at least stays open, with all its outcomes.
type Closings struct {
	Markets  float64 // the share of the markets; that of the single lines besides is the same
	Outcomes float64 // the share of the outcomes of markets that are open
	Ways     []Way   // only these; nil for all
}

// reach is what a way closes.
type reach uint8

const (
	wholeMarkets reach = 1 << iota // at every line
	singleLines
	singleOutcomes
	marketsAndLines = wholeMarkets | singleLines
	anything        = wholeMarkets | singleLines | singleOutcomes
)

// JSON in the place of a price or of outcomes.
const (
	missing = "missing" // no member at all
	null    = "null"
	noText  = `""`
	na      = `"n/a"`
	dash    = `"-"`
	one     = `"1"`
	nothing = "[]"
)

// closing is one way of closing, and what the answer then shows.
type closing struct {
	book  book.Book
	way   Way
	reach reach
	// price is the JSON in the price's place: empty for the price itself, missing for no member.
	price string
	// marked says that the outcome is closed by its own word: suspended at BetPawa, isActive 0 at SportyBet.
	marked bool
	// status is that of SportyBet's market, and banned its flag.
	status byte
	banned bool
	// outcomes is the JSON in the place of the outcomes (BetPawa's row): empty for the outcomes themselves, missing for
	// no member.
	outcomes string
	// gone leaves out all of it.
	gone bool
}

// closings is the table of all ways. Those that recorded answers have are marked (rec); the others are what readers of
// the sites guard against. BetPawa's null stands in version 3; version 4 leaves the member out, as it does with
// every default.
func closings() []closing {
	return []closing{
		{book: book.BetPawa, way: "no_price", reach: anything, price: null},   // rec
		{book: book.BetPawa, way: "suspended", reach: anything, marked: true}, // rec
		{book: book.BetPawa, way: "suspended_no_price", reach: anything, price: null, marked: true},
		{book: book.BetPawa, way: "suspended_zero", reach: anything, price: "0.0", marked: true}, // rec
		{book: book.BetPawa, way: "empty_row", reach: wholeMarkets, outcomes: nothing},
		{book: book.BetPawa, way: "gone", reach: anything, gone: true},

		{book: book.SportyBet, way: "inactive", reach: anything, marked: true},                      // rec
		{book: book.SportyBet, way: "inactive_one", reach: anything, price: `"1.00"`, marked: true}, // rec
		{book: book.SportyBet, way: "empty_price", reach: anything, price: noText, marked: true},
		{book: book.SportyBet, way: "null_price", reach: anything, price: null, marked: true},
		{book: book.SportyBet, way: "na_price", reach: anything, price: na, marked: true},
		{book: book.SportyBet, way: "dash_price", reach: anything, price: dash, marked: true},
		{book: book.SportyBet, way: "no_price", reach: anything, price: missing, marked: true},
		{book: book.SportyBet, way: "empty_price_active", reach: anything, price: noText},
		{book: book.SportyBet, way: "null_price_active", reach: anything, price: null},
		{book: book.SportyBet, way: "na_price_active", reach: anything, price: na},
		{book: book.SportyBet, way: "dash_price_active", reach: anything, price: dash},
		{book: book.SportyBet, way: "no_price_active", reach: anything, price: missing},
		{book: book.SportyBet, way: "status", reach: marketsAndLines, status: 1}, // rec
		{book: book.SportyBet, way: "status_no_outcomes", reach: marketsAndLines, status: 1, outcomes: nothing},
		{book: book.SportyBet, way: "status_outcomes_missing", reach: marketsAndLines, status: 1, outcomes: missing},
		{book: book.SportyBet, way: "status_two", reach: marketsAndLines, status: 2},
		{book: book.SportyBet, way: "banned", reach: marketsAndLines, banned: true},
		{book: book.SportyBet, way: "gone", reach: anything, gone: true},

		{book: book.Bet9ja, way: "one", reach: anything, price: one}, // rec
		{book: book.Bet9ja, way: "empty_price", reach: anything, price: noText},
		{book: book.Bet9ja, way: "null_price", reach: anything, price: null},
		{book: book.Bet9ja, way: "na_price", reach: anything, price: na},
		{book: book.Bet9ja, way: "dash_price", reach: anything, price: dash},
		{book: book.Bet9ja, way: "gone", reach: anything, gone: true},
	}
}

// Ways lists the ways in which a bookmaker closes a market at all its lines, or single outcomes.
func Ways(bookmaker string) (markets, outcomes []Way) {
	for _, c := range closings() {
		if c.book.String() != bookmaker {
			continue
		}
		if c.reach&wholeMarkets != 0 {
			markets = append(markets, c.way)
		}
		if c.reach&singleOutcomes != 0 {
			outcomes = append(outcomes, c.way)
		}
	}
	return markets, outcomes
}

// lists reports whether the answer has anything of what is closed.
func (c *closing) lists() bool { return !c.gone && c.outcomes == "" }

// number is the price that is shown, in the words of Outcome.Odds, when the offer's own would be odds.
func (c *closing) number(odds float64) float64 {
	if c.price == "" {
		return odds
	}
	shown, err := strconv.ParseFloat(strings.Trim(c.price, `"`), 64)
	if err != nil {
		return 0 // no number is shown
	}
	return shown
}

// validate reports what is wrong with c.
func (c Closings) validate() error {
	if c.Markets < 0 || c.Markets > 0.5 || c.Outcomes < 0 || c.Outcomes > 0.5 {
		return fmt.Errorf("invalid Closings %g of markets, %g of outcomes (must be 0 to 0.5)", c.Markets, c.Outcomes)
	}
	for _, way := range c.Ways {
		if !slices.ContainsFunc(closings(), func(c closing) bool { return c.way == way }) {
			return fmt.Errorf("invalid Closings: unknown way %q", way)
		}
	}
	return nil
}
