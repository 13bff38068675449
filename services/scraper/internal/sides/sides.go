// Package sides tells whether a bookmaker has home and away the other way round than the reference, from the names of
// the teams and from prices. At such a bookmaker the price of "1" is the one of the reference's "2".
//
// It only judges: nothing is turned here, and what becomes of a snapshot is the caller's.
//
// What it keeps to:
//
//  1. Compare(a, b) of a b with its sides swapped finds as reversed what it found as straight, and the other way round:
//     there is no preference between the two readings, only between refusing and not.
//  2. Without a clear sign nothing is swapped. Names that are the same need prices that contradict them by far.
//  3. The thresholds are those of docs/mapping.md, which says what recorded events come to.
package sides

import (
	"fmt"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Offer is what one bookmaker says of an event. Either part may be missing.
type Offer struct {
	Home, Away string
	Markets    []odds.Market // sorted by key
}

// Mirror is the offer with its sides swapped.
func (o Offer) Mirror() Offer {
	return Offer{Home: o.Away, Away: o.Home, Markets: mirrorMarkets(o.Markets)}
}

// Finding is what comparing two offers found.
type Finding struct {
	Names  Names
	Prices Prices

	reference, other Offer // of which the names are shown
}

// Compare compares what a bookmaker says of an event with what the reference says.
func Compare(reference, other Offer) Finding {
	return Finding{
		Names: compareNames(reference, other), Prices: comparePrices(reference.Markets, other.Markets),
		reference: reference, other: other,
	}
}

// Swapped reports whether the sides are swapped beyond doubt.
func (f Finding) Swapped() bool {
	switch f.Names.Fit() {
	case Reversed:
		// Prices that fit as they are say that the names alone are reversed, and prices are what is stored.
		return f.Prices.Fit() != Straight
	case Straight:
		return f.Prices.Fit() == Reversed && f.Prices.far()
	default:
		return f.Prices.Fit() == Reversed
	}
}

// String is what was seen, with the numbers.
func (f Finding) String() string {
	return fmt.Sprintf("%.60q - %.60q, the reference has %.60q - %.60q; names %v; prices %v",
		f.other.Home, f.other.Away, f.reference.Home, f.reference.Away, f.Names, f.Prices)
}

// Fit says how names, or prices, agree with the reference's.
type Fit string

// The fits.
const (
	Unclear  Fit = "unclear"  // missing, alike both ways, or alike neither way
	Straight Fit = "straight" // as they are
	Reversed Fit = "reversed" // only with home and away swapped
)
