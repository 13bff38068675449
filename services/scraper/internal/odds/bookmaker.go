// Package odds holds the words of the domain as values: bookmakers, events, markets, outcomes, lines, snapshots,
// and the reasons for which something a bookmaker sent is refused.
//
// It is not for talking to anybody: no HTTP, no SQL, no protobuf. Whatever a value of this package says has been
// checked, so that the packages downstream need not check again.
package odds

// Bookmaker names who offers odds. BetPawa is the reference; the others are competitors.
type Bookmaker string

// Names that the code mentions. Which bookmakers there are, and in which order, is the registry's.
const (
	BetPawa   Bookmaker = "betpawa"
	SportyBet Bookmaker = "sportybet"
	Bet9ja    Bookmaker = "bet9ja"
)

// Reference reports whether b's markets are the vocabulary that the others are mapped to.
func (b Bookmaker) Reference() bool { return b == BetPawa }
