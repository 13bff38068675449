package sim

import (
	"fmt"
	"slices"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// byHand is the key of a whole quote among what is closed by hand, besides the picks.
const byHand = -1

// CloseMarket closes a market, named by BetPawa's id, at every line at one bookmaker, in one of its Ways, until Reopen.
func (w *World) CloseMarket(bookmaker, srID, marketID string, way Way) error {
	return w.closeByHand(bookmaker, srID, marketID, "", way)
}

// CloseOutcome closes one outcome, named in BetPawa's words, of a market at every line.
func (w *World) CloseOutcome(bookmaker, srID, marketID, name string, way Way) error {
	return w.closeByHand(bookmaker, srID, marketID, name, way)
}

func (w *World) closeByHand(bookmaker, srID, marketID, name string, way Way) error {
	want, found := wholeMarkets, false
	if name != "" {
		want = singleOutcomes
	}
	b, _ := book.Named(bookmaker) // an unknown one is refused below
	var how *closing
	if b >= 0 {
		if how = w.closers[b].all[way]; how == nil || how.reach&want == 0 {
			return fmt.Errorf("way %q of closing at %s: %w", way, bookmaker, ErrUnknown)
		}
	}
	err := w.changeQuotes(bookmaker, srID, marketID, func(o *offer, q *quote) {
		if q.closeByHand(name, how) {
			found = true
			o.revision++
		}
	})
	if err == nil && !found {
		return fmt.Errorf("outcome %q of market %q of event %q at %s: %w", name, marketID, srID, bookmaker, ErrUnknown)
	}
	return err
}

// closeByHand closes the quote, or the outcome of a name. It reports false when there is no such outcome.
func (q *quote) closeByHand(name string, how *closing) bool {
	at := byHand
	if name != "" {
		at = slices.IndexFunc(q.picks, func(pick int) bool { return q.market.Outcomes[pick].Name == name })
		if at < 0 {
			return false
		}
	}
	if q.hand == nil {
		q.hand = make(map[int]*closing)
	}
	q.hand[at] = how
	return true
}

// Reopen undoes CloseMarket and CloseOutcome of a market. What chance closed stays closed for its time.
func (w *World) Reopen(bookmaker, srID, marketID string) error {
	return w.changeQuotes(bookmaker, srID, marketID, func(o *offer, q *quote) {
		if q.hand != nil {
			q.hand = nil
			o.revision++
		}
	})
}

// DropMarket stops a bookmaker from offering a market: it closes it in the way "gone".
func (w *World) DropMarket(bookmaker, srID, marketID string) error {
	return w.CloseMarket(bookmaker, srID, marketID, "gone")
}

// RestoreMarket undoes DropMarket.
func (w *World) RestoreMarket(bookmaker, srID, marketID string) error {
	return w.Reopen(bookmaker, srID, marketID)
}
