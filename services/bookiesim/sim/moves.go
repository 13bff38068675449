package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// ErrUnknown is what errors about an event, bookmaker or market that the world does not have wrap.
var ErrUnknown = errors.New("not in the simulated world")

// change finds an event by the SportRadar id under which the world knows it (see Event.SrID) and a bookmaker by name,
// and changes its listing.
func (w *World) change(bookmaker, srID string, apply func(*fixture, book.Book)) error {
	b, ok := book.Named(bookmaker)
	if !ok {
		return fmt.Errorf("bookmaker %q: %w", bookmaker, ErrUnknown)
	}
	w.catchUp()
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.bySrID[srID]
	if f == nil {
		return fmt.Errorf("event %q: %w", srID, ErrUnknown)
	}
	apply(f, b)
	return nil
}

// Postpone moves an event's kickoff at every bookmaker. Moving it into the past makes the event kick off.
func (w *World) Postpone(srID string, kickoff time.Time) error {
	return w.change(BetPawa, srID, func(f *fixture, _ book.Book) { w.postpone(f, kickoff.UTC()) })
}

// SetKickoff moves an event's kickoff at one bookmaker only.
func (w *World) SetKickoff(bookmaker, srID string, kickoff time.Time) error {
	return w.change(bookmaker, srID, func(f *fixture, b book.Book) {
		f.listings[b].kickoff = kickoff.UTC()
		f.listings[b].revision++
	})
}

// Vanish takes an event out of a bookmaker's lists and makes its detail unknown, until Restore.
func (w *World) Vanish(bookmaker, srID string) error {
	return w.change(bookmaker, srID, func(f *fixture, b book.Book) {
		f.listings[b].hidden, f.listings[b].returns = true, 0
		f.listings[b].revision++
	})
}

// Restore lists an event again under the ids it had; a bookmaker that never had it begins to offer it.
func (w *World) Restore(bookmaker, srID string) error {
	return w.change(bookmaker, srID, func(f *fixture, b book.Book) {
		f.listings[b].offered, f.listings[b].hidden, f.listings[b].returns = true, false, 0
		f.listings[b].revision++
	})
}

// HideFromBetPawa leaves an event to the competitors.
func (w *World) HideFromBetPawa(srID string) error { return w.Vanish(BetPawa, srID) }

// ShowAtBetPawa lets BetPawa list an event, late or again.
func (w *World) ShowAtBetPawa(srID string) error { return w.Restore(BetPawa, srID) }

// Recreate takes an event down at a bookmaker and lists it under a new id of its own, which it returns. The SportRadar
// id stays; SportyBet's id is made of it and so stays too.
func (w *World) Recreate(bookmaker, srID string) (eventID string, err error) {
	err = w.change(bookmaker, srID, func(f *fixture, b book.Book) {
		w.recreate(f, b)
		eventID = f.listings[b].eventID
	})
	return eventID, err
}

// ChangeSrID ties a bookmaker's listing to another SportRadar id, which another event may have. The event is still
// known to this world by its old one.
func (w *World) ChangeSrID(bookmaker, srID, newSrID string) error {
	return w.change(bookmaker, srID, func(f *fixture, b book.Book) { w.changeSrID(f, b, newSrID) })
}

// MoveOdds changes the prices of a share of all markets of every bookmaker once, also while the world is frozen, and
// returns how many markets changed. Which ones depends on the seed and on round.
func (w *World) MoveOdds(share float64, round uint64) int {
	w.catchUp()
	w.mu.RLock()
	defer w.mu.RUnlock()
	changed := 0
	for _, f := range w.fixtures {
		f.mu.Lock()
		for b := range book.Count {
			o := w.offerLocked(f, b, w.moved)
			for i := range o.quotes {
				if q := &o.quotes[i]; o.source(q).Of(round, 81).Unit() < share {
					o.bump(q)
					changed++
				}
			}
		}
		f.mu.Unlock()
	}
	return changed
}

// MoveMarket changes the prices of one bookmaker's market, named by BetPawa's id, on one event, at every line.
func (w *World) MoveMarket(bookmaker, srID, marketID string) error {
	return w.changeQuotes(bookmaker, srID, marketID, (*offer).bump)
}

// changeQuotes changes one bookmaker's market, named by BetPawa's id, on one event, at every line.
func (w *World) changeQuotes(bookmaker, srID, marketID string, apply func(*offer, *quote)) error {
	found := false
	err := w.change(bookmaker, srID, func(f *fixture, b book.Book) {
		f.mu.Lock()
		defer f.mu.Unlock()
		o := w.offerLocked(f, b, w.moved)
		for i := range o.quotes {
			if q := &o.quotes[i]; marketID != "" && slices.Contains(q.market.Answers(b), marketID) {
				apply(o, q)
				found = true
			}
		}
	})
	if err == nil && !found {
		return fmt.Errorf("market %q of event %q at %s: %w", marketID, srID, bookmaker, ErrUnknown)
	}
	return err
}
