// Package odds holds the words of the domain as values: bookmakers, events, markets, outcomes, lines, snapshots,
// and the reasons for which something a bookmaker sent is refused.
//
// It is not for talking to anybody: no HTTP, no SQL, no protobuf. Whatever a value of this package says has been
// checked, so that the packages downstream need not check again.
package odds

// Bookmaker names who offers odds. BetPawa is the reference; the others are competitors.
type Bookmaker string

// The bookmakers.
const (
	BetPawa   Bookmaker = "betpawa"
	SportyBet Bookmaker = "sportybet"
	Bet9ja    Bookmaker = "bet9ja"
)

// Bookmakers lists all of them in the order of precedence: where they disagree about an event's kickoff or teams,
// the first that lists it is believed.
func Bookmakers() []Bookmaker { return []Bookmaker{BetPawa, SportyBet, Bet9ja} }

// Reference reports whether b's markets are the vocabulary that the others are mapped to.
func (b Bookmaker) Reference() bool { return b == BetPawa }

// Precedence is the position of b in Bookmakers; unknown bookmakers come last.
func (b Bookmaker) Precedence() int {
	for i, known := range Bookmakers() {
		if b == known {
			return i
		}
	}
	return len(Bookmakers())
}
