// Package bet9ja reads what Bet9ja lists and offers: it requests its web API, takes the answers apart and hands the
// markets to the mapping. A detail answer of Bet9ja is a flat map of prices, whose keys name market, parameter and
// outcome, with a dictionary of the markets beside it.
//
// It does not decide which of BetPawa's markets a market is (that is package mapping), and it does not schedule,
// limit or store anything.
package bet9ja
