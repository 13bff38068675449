// Package bookmakertest is the conformance suite of bookmakers: what every client of the registry does with lists and
// details, good ones and broken ones, whatever their shape. Run is called by each bookmaker's own tests with a Fixture that
// writes its answers.
//
// It is for tests only. What is special about one bookmaker is tested in its package.
package bookmakertest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Fixture writes a bookmaker's answers. Texts are JSON; none is a recorded answer.
type Fixture struct {
	Bookmaker odds.Bookmaker
	// TournamentID and EventID are the bookmaker's own ids of the n-th tournament and of the event with a SportRadar id.
	TournamentID func(n int) string
	EventID      func(srID string) string

	// Route reads what a request is for. It reports to t a method, path, query, header or body that the site does not
	// know.
	Route func(t testing.TB, r *http.Request) Request

	// Tournaments lists tournaments. A Count that is not 0 is written where the site has one.
	Tournaments func(all []Tournament) string
	// Events lists those of a tournament.
	Events func(of Tournament, events []Event) string
	// Detail is an event with one market, 1X2 - FT.
	Detail func(e Event) string

	// NoFootball are answers instead of Tournaments in which there is no football.
	NoFootball []string
	// Silent is an answer instead of Events that holds no list at all.
	Silent string
	// Unknown is the answer to a request for the detail of an event that is not offered.
	Unknown Answer

	// PageSize is how many events the site has on a page; 0 when it has no pages.
	PageSize int
	// Counts says that Tournaments writes counts.
	Counts bool
	// Flags says that a quote may be closed by a flag beside its price.
	Flags bool
	// SparseIDs says that lists may leave out SportRadar ids.
	SparseIDs bool
	// Maps are the names of the objects whose members are data and no fields.
	Maps []string
}

// Request is what a request is for.
type Request struct {
	Call fetch.Call
	ID   string // of the tournament or the event
	Skip int    // events
	Take int    // events; 0 for all
}

// key names the request for Site.Answers.
func (r Request) key() string {
	if r.Skip > 0 {
		return fmt.Sprintf("%s/%d", r.ID, r.Skip)
	}
	return r.ID
}

// Answer is written in place of a good one.
type Answer struct {
	Status int // 0 is 200
	Body   string
}

// Tournament is one with the events that a site lists.
type Tournament struct {
	ID, Name, Country string
	Count             int
}

// Event is a match.
type Event struct {
	ID, SrID   string
	Home, Away string
	Kickoff    time.Time
	Tournament Tournament
	// Basketball says that it is no football.
	Basketball bool
	Quotes     []Quote
}

// Quote is an outcome of 1X2.
type Quote struct {
	Outcome string // 1, X or 2
	Price   string // a text; Null and Missing are no text
	Closed  bool   // by a flag beside the price
}

// Prices that are not there.
const (
	Null    = "null"
	Missing = "missing"
)

// Member writes the price as a member of an object, with a comma behind it.
func (q Quote) Member(name string) string {
	switch q.Price {
	case Missing:
		return ""
	case Null:
		return fmt.Sprintf("%q:null,", name)
	default:
		return fmt.Sprintf("%q:%q,", name, q.Price)
	}
}

// Now is the clients' clock: every event begins an hour later, unless a test says otherwise.
func Now() time.Time { return time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC) }

// quotes are those of a good detail.
func quotes() []Quote {
	return []Quote{{Outcome: "1", Price: "2.40"}, {Outcome: "X", Price: "3.30"}, {Outcome: "2", Price: "3.05"}}
}

// event is the n-th event of a tournament.
func (f Fixture) event(of Tournament, n int) Event {
	srID := fmt.Sprintf("%s%05d", digits(of.ID), n)
	return Event{
		ID: f.EventID(srID), SrID: srID, Home: "Home " + srID, Away: "Away " + srID, Kickoff: Now().Add(time.Hour), Tournament: of,
		Quotes: quotes(),
	}
}

// digits are the last three of an id, so that ids of events differ between tournaments.
func digits(id string) string { return "61" + id[max(0, len(id)-3):] }

// tournament is the n-th tournament.
func (f Fixture) tournament(n int) Tournament {
	return Tournament{ID: f.TournamentID(n), Name: fmt.Sprint("Cup ", n), Country: "Spain"}
}
