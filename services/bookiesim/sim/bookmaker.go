package sim

import "slices"

// The bookmakers, by the names that the rest of the system uses for them.
const (
	BetPawa   = "betpawa"
	SportyBet = "sportybet"
	Bet9ja    = "bet9ja"
)

// Bookmakers lists them, the reference first.
func Bookmakers() []string { return []string{BetPawa, SportyBet, Bet9ja} }

// book is a bookmaker as an index into the world's arrays.
type book int

const (
	betPawa book = iota
	sportyBet
	bet9ja
	bookCount
)

// String is the bookmaker's name.
func (b book) String() string { return Bookmakers()[b] }

// bookNamed finds a bookmaker by name.
func bookNamed(name string) (book, bool) {
	i := slices.Index(Bookmakers(), name)
	return book(i), i >= 0
}
