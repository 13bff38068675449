// Package book says which bookmakers are simulated, and in which order.
package book

import "slices"

// Book is a bookmaker, as an index into arrays that have a value for each.
type Book int

// The bookmakers. Count is how many there are.
const (
	BetPawa Book = iota
	SportyBet
	Bet9ja
	Count
)

// String is the bookmaker's name.
func (b Book) String() string { return Names()[b] }

// Names are the names by which the rest of the system knows them, in their order.
func Names() []string { return []string{"betpawa", "sportybet", "bet9ja"} }

// Named finds a bookmaker by name.
func Named(name string) (Book, bool) {
	i := slices.Index(Names(), name)
	return Book(i), i >= 0
}
