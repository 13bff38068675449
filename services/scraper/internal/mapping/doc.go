// Package mapping says which market of a competitor is which of BetPawa's. The mapping itself is data: the tables
// under data, one row a market, embedded in the binary, checked when they are loaded, and described in
// docs/mapping.md. The code here only reads them and applies them.
//
// Three rules hold everywhere. Nothing is ever matched by position: outcomes are known by the bookmaker's own ids,
// suffixes or texts. BetPawa's market types are the vocabulary: whatever comes out names one of them, its line, and
// one of its outcomes. What has no row, or a row that says why it is left out, is reported and never guessed.
//
// The package is not for the bookmakers' JSON: the packages betpawa, sportybet and bet9ja take an answer apart and
// hand markets in here.
package mapping
