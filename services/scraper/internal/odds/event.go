package odds

import "time"

// Listing is an event as one bookmaker lists it, from a list or a detail answer. Fields that the answer does not
// carry are empty.
type Listing struct {
	Bookmaker  Bookmaker
	EventID    string // the bookmaker's own id, the one for detail calls
	SrID       string // SportRadar id, digits only; empty when only the detail tells it
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
