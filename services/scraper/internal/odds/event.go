package odds

import (
	"cmp"
	"slices"
	"time"
)

// Listing is an event as one bookmaker lists it, from a list or a detail answer. Fields that the answer does not
// carry are empty.
type Listing struct {
	Bookmaker  Bookmaker
	EventID    string // the bookmaker's own id, the one for detail calls
	SrID       string // SportRadar id, digits only; empty when only the detail has it
	Kickoff    time.Time
	Name       string
	HomeTeam   string
	AwayTeam   string
	Sport      string // "football"
	Country    string
	Tournament string
	// TournamentID is the bookmaker's own id of the tournament that listed the event.
	TournamentID string
}

// With returns the listing with the fields that detail carries: what a detail says of an event goes over what the list
// said. The ids stay the listing's, since the detail was requested by them.
func (l Listing) With(detail Listing) Listing {
	if !detail.Kickoff.IsZero() {
		l.Kickoff = detail.Kickoff
	}
	l.Name = cmp.Or(detail.Name, l.Name)
	l.HomeTeam = cmp.Or(detail.HomeTeam, l.HomeTeam)
	l.AwayTeam = cmp.Or(detail.AwayTeam, l.AwayTeam)
	l.Sport = cmp.Or(detail.Sport, l.Sport)
	l.Country = cmp.Or(detail.Country, l.Country)
	l.Tournament = cmp.Or(detail.Tournament, l.Tournament)
	return l
}

// EventKey names an event in one bookmaker's own ids.
type EventKey struct {
	Bookmaker Bookmaker
	EventID   string
}

// Event is a match across bookmakers, merged from their listings by SportRadar id.
type Event struct {
	SrID           string
	BetPawaEventID string // empty while only competitors list it
	Name           string
	HomeTeam       string
	AwayTeam       string
	Kickoff        time.Time // UTC
	Sport          string
	Country        string
	Tournament     string
	Competitors    []CompetitorEvent // ordered by bookmaker, at most one each
}

// CompetitorEvent names an event in one competitor's own ids.
type CompetitorEvent struct {
	Bookmaker Bookmaker
	EventID   string
}

// IDs returns the bookmakers' own ids of the event, by bookmaker.
func (e *Event) IDs() map[Bookmaker]string {
	ids := make(map[Bookmaker]string, 1+len(e.Competitors))
	if e.BetPawaEventID != "" {
		ids[BetPawa] = e.BetPawaEventID
	}
	for _, c := range e.Competitors {
		ids[c.Bookmaker] = c.EventID
	}
	return ids
}

// ListedBy reports whether e carries an id of b.
func (e *Event) ListedBy(b Bookmaker) bool {
	if b.Reference() {
		return e.BetPawaEventID != ""
	}
	return slices.ContainsFunc(e.Competitors, func(c CompetitorEvent) bool { return c.Bookmaker == b })
}

// Link adds b's own id to an event that carries none of b. Competitors stay ordered.
func (e *Event) Link(b Bookmaker, id string) {
	if b.Reference() {
		e.BetPawaEventID = id
		return
	}
	e.Competitors = append(e.Competitors, CompetitorEvent{Bookmaker: b, EventID: id})
	slices.SortFunc(e.Competitors, func(a, b CompetitorEvent) int { return cmp.Compare(a.Bookmaker, b.Bookmaker) })
}
