// Package sportybet reads what SportyBet lists and offers: it requests its web API, takes the answers apart and hands the
// markets to the mapping. SportyBet's market and outcome ids are SportRadar's where SportRadar has the market.
//
// It does not decide which of BetPawa's markets a market is (that is package mapping), and it does not schedule,
// limit or store anything.
package sportybet
