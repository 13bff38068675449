// Package mapping says which market of a competitor is which of BetPawa's. The mapping itself is data: the tables
// under data, one row a market, embedded in the binary, checked when they are loaded, and described in
// docs/mapping.md. The code here only reads them and applies them.
//
// Three rules hold everywhere. Nothing is ever matched by position: outcomes are known by the bookmaker's own ids,
// suffixes or texts. BetPawa's market types are the vocabulary: whatever comes out names one of them, its line, and
// one of its outcomes. What has no row, or a row that says why it is left out, is reported and never guessed.
//
// A bookmaker reads the tables through its Column: that of its dialect, which several bookmakers may share, and above it
// the ids that are only its own.
//
// The package is not for the bookmakers' JSON: each bookmaker's own package takes its answers apart.
package mapping
