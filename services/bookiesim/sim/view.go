package sim

import (
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// Event is an event as the world knows it.
type Event struct {
	SrID     string             `json:"sr_id"` // under which this package's methods take it
	Sport    string             `json:"sport"` // "football", "basketball", "tennis" or "simulated" (see SimulatedEvents)
	Kickoff  time.Time          `json:"kickoff"`
	Country  string             `json:"country"`
	League   string             `json:"tournament"`
	Listings map[string]Listing `json:"listings"` // by bookmaker; those that show the event now
}

// Listing is an event as one bookmaker shows it.
type Listing struct {
	EventID      string    `json:"event_id"` // the bookmaker's own
	SrID         string    `json:"sr_id"`    // digits only; differs from the event's after ChangeSrID
	Kickoff      time.Time `json:"kickoff"`
	HomeTeam     string    `json:"home_team"`
	AwayTeam     string    `json:"away_team"`
	TournamentID string    `json:"tournament_id"`
}

// Offer says what a bookmaker's answer shows of a market or outcome.
type Offer string

// The offers. A market is open when one of its outcomes is.
const (
	Open   Offer = "open"   // with a price
	Closed Offer = "closed" // listed, and not to be bet on
	// NotOffered is a market of which the answer has no outcome, or an outcome that is not in it.
	NotOffered Offer = "not_offered"
)

// Market is a market that a bookmaker has, in BetPawa's words, with the outcomes that are the same bet at BetPawa.
// Markets that BetPawa has no partner for have no ID; a market that is a partner of two of BetPawa's is told twice.
type Market struct {
	ID       string    `json:"market_id"`
	Name     string    `json:"name"`
	Own      string    `json:"own"`            // the bookmaker's own id or key
	Line     *float64  `json:"line,omitempty"` // the home side's for handicaps
	Offer    Offer     `json:"offer"`
	Way      Way       `json:"way,omitempty"` // in which all of it is closed
	Outcomes []Outcome `json:"outcomes"`
}

// Outcome is one side of a market.
type Outcome struct {
	Name string `json:"name"`
	// Odds is exactly the price in the bookmaker's answer; 0 or 1 where it shows a closed one without a price, and 0
	// where it shows none.
	Odds   float64 `json:"odds"`
	Active bool    `json:"active"` // it is Open
	Offer  Offer   `json:"offer"`
	Way    Way     `json:"way,omitempty"` // in which it is closed; none for one that is too sure to be open
}

// Events lists the upcoming events that some bookmaker shows, in no particular order.
func (w *World) Events() []Event {
	now := w.catchUp()
	w.mu.RLock()
	defer w.mu.RUnlock()
	var events []Event
	for _, f := range w.fixtures {
		if e := f.view(now); len(e.Listings) > 0 {
			events = append(events, e)
		}
	}
	return events
}

// view is what Events says of a fixture. The world's lock is held.
func (f *fixture) view(now time.Time) Event {
	sport := [...]string{"football", "basketball", "tennis"}[f.sport]
	if f.tournament.pretence != nil {
		sport = "simulated"
	}
	e := Event{
		SrID: f.srID, Sport: sport, Kickoff: f.kickoff,
		Country: f.tournament.country, League: f.tournament.name, Listings: make(map[string]Listing),
	}
	for b := range book.Count {
		if l := &f.listings[b]; l.shown() && l.kickoff.After(now) {
			e.Listings[b.String()] = Listing{
				EventID: l.eventID, SrID: l.srID, Kickoff: l.kickoff, HomeTeam: f.home[b], AwayTeam: f.away[b], TournamentID: f.tournament.ids[b],
			}
		}
	}
	return e
}

// Markets is what a bookmaker shows on an upcoming event at this instant: exactly the prices in its detail answer, those
// of faults that swap them included, and which of its markets and outcomes it does not open or offer.
func (w *World) Markets(bookmaker, srID string) ([]Market, error) {
	b, ok := book.Named(bookmaker)
	if !ok {
		return nil, fmt.Errorf("bookmaker %q: %w", bookmaker, ErrUnknown)
	}
	now := w.catchUp()
	w.mu.RLock()
	defer w.mu.RUnlock()
	f := w.bySrID[srID]
	if f == nil || !f.listings[b].shown() || !f.listings[b].kickoff.After(now) {
		return nil, fmt.Errorf("event %q at %s: %w", srID, bookmaker, ErrUnknown)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	g := w.gates[b]
	s := g.report(f, routeDetail, g.faults.Load().inside, 0)
	o := w.offerShown(f, b, s)
	markets, prices := make([]Market, 0, len(o.quotes)), []price(nil)
	for i := range o.quotes {
		q := &o.quotes[i]
		prices = o.prices(prices[:0], q, s.reversed)
		for _, id := range q.market.Answers(b) {
			markets = append(markets, q.view(b, id, prices))
		}
	}
	return markets, nil
}

// Odds is the price of one outcome, named in BetPawa's words (line is nil where there is none), in a bookmaker's
// answer at this instant.
func (w *World) Odds(bookmaker, srID, marketID string, line *float64, name string) (Outcome, error) {
	markets, err := w.Markets(bookmaker, srID)
	if err != nil {
		return Outcome{}, err
	}
	for _, m := range markets {
		if m.ID != marketID || (m.Line == nil) != (line == nil) || line != nil && *m.Line != *line {
			continue
		}
		for _, o := range m.Outcomes {
			if o.Name == name {
				return o, nil
			}
		}
	}
	return Outcome{}, fmt.Errorf("outcome %q of market %q of event %q at %s: %w", name, marketID, srID, bookmaker, ErrUnknown)
}

// view is a quote with its prices as BetPawa's market id.
func (q *quote) view(b book.Book, id string, prices []price) Market {
	m := Market{ID: id, Name: q.market.Name, Own: q.market.Own(b), Offer: NotOffered}
	if q.market.Kind != catalogue.NoLine {
		line := float64(q.line) / 4
		m.Line = &line
	}
	if all := q.closingOfAll(); all != nil {
		m.Way = all.way
	}
	for i, pick := range q.picks {
		o := prices[i].view(b)
		if o.Offer == Open || o.Offer == Closed && m.Offer == NotOffered {
			m.Offer = o.Offer
		}
		if q.market.SameBet(b, pick, id) {
			o.Name = q.market.Outcomes[pick].Name
			m.Outcomes = append(m.Outcomes, o)
		}
	}
	return m
}

// view is what a bookmaker shows of a price.
func (p price) view(b book.Book) Outcome {
	shown := p.shownAt(b)
	o := Outcome{Odds: float64(shown.cents) / 100, Active: !p.closed, Offer: Open}
	if p.closed {
		o.Offer = Closed
	}
	if p.way != nil {
		o.Way, o.Odds = p.way.way, p.way.number(o.Odds)
		if !p.way.lists() {
			o.Odds, o.Offer = 0, NotOffered
		}
	}
	return o
}

// shownAt is how a bookmaker shows a price, where its way of being closed has no other word: one that is too sure is 0
// at BetPawa and 1 at the others.
func (p price) shownAt(b book.Book) price {
	if p.closed && p.cents == 0 && b != book.BetPawa {
		p.cents = 100
	}
	return p
}
