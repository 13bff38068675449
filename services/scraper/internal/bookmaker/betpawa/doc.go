// Package betpawa reads what BetPawa lists and offers: it requests its web API, of version 4 or 3, and takes the answers
// apart. BetPawa is the reference: its market types and outcome names are the vocabulary that everything else is
// mapped to, so nothing is translated here.
//
// It does not map competitors (that is package mapping), and it does not schedule, limit or store anything.
package betpawa
