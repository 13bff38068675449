package bookiesim

import (
	"fmt"
	"time"
)

// Event is an event as the world knows it.
type Event struct {
	SrID     string             `json:"sr_id"` // under which this package's methods take it
	Sport    string             `json:"sport"` // "football", "basketball" or "tennis"
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

// Market is a market that a bookmaker shows, in BetPawa's words, with the outcomes that are the same bet at BetPawa.
// Markets that BetPawa has no partner for have no ID; a market that is a partner of two of BetPawa's is told twice.
type Market struct {
	ID       string    `json:"market_id"`
	Name     string    `json:"name"`
	Own      string    `json:"own"`            // the bookmaker's own id or key
	Line     *float64  `json:"line,omitempty"` // the home side's for handicaps
	Outcomes []Outcome `json:"outcomes"`
}

// Outcome is one side of a market.
type Outcome struct {
	Name string `json:"name"`
	// Odds is exactly the price in the bookmaker's answer; 0 or 1 where it shows a closed one without a price.
	Odds   float64 `json:"odds"`
	Active bool    `json:"active"`
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
	e := Event{
		SrID: f.srID, Sport: [...]string{"football", "basketball", "tennis"}[f.sport], Kickoff: f.kickoff,
		Country: f.tournament.country, League: f.tournament.name, Listings: make(map[string]Listing),
	}
	for b := range bookCount {
		if l := &f.listings[b]; l.shown() && l.kickoff.After(now) {
			e.Listings[b.String()] = Listing{
				EventID: l.eventID, SrID: l.srID, Kickoff: l.kickoff, HomeTeam: f.home[b], AwayTeam: f.away[b], TournamentID: f.tournament.ids[b],
			}
		}
	}
	return e
}

// Markets is what a bookmaker shows on an upcoming event at this instant: exactly the prices in its detail answer.
func (w *World) Markets(bookmaker, srID string) ([]Market, error) {
	b, ok := bookNamed(bookmaker)
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
	o := w.offerLocked(f, b, w.moved)
	markets, prices := make([]Market, 0, len(o.quotes)), []price(nil)
	for i := range o.quotes {
		q := &o.quotes[i]
		if q.dropped {
			continue
		}
		prices = o.prices(prices[:0], q)
		for _, id := range q.market.answers(b) {
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
func (q *quote) view(b book, id string, prices []price) Market {
	m := Market{ID: id, Name: q.market.name, Own: q.market.own(b)}
	if q.market.kind != noLine {
		line := float64(q.line) / 4
		m.Line = &line
	}
	for i, pick := range q.picks {
		if !q.market.sameBet(b, pick, id) {
			continue
		}
		p := prices[i].shownAt(b)
		m.Outcomes = append(m.Outcomes, Outcome{Name: q.market.outcomes[pick].name, Odds: float64(p.cents) / 100, Active: !p.closed})
	}
	return m
}

// own is a bookmaker's own id of the market.
func (m *market) own(b book) string { return [bookCount]string{m.id, m.sporty.id, m.nine.key}[b] }

// shownAt is how a bookmaker shows a price that may be closed: BetPawa leaves the price beside the mark or shows 0,
// SportyBet likewise or 1.00, and Bet9ja has no mark and shows 1.
func (p price) shownAt(b book) price {
	switch {
	case !p.closed:
		return p
	case b == bet9ja, b == sportyBet && p.cents == 0:
		return price{cents: 100, closed: true}
	default:
		return p
	}
}
