package sim

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// betpawaMux is BetPawa's part of the world: competitions, events of competitions, details.
func (w *World) betpawaRoute(r *http.Request) (route, string) {
	path, ok := w.betpawaPath(r.URL.Path)
	switch {
	case !ok:
		return routeOther, r.URL.Path
	case path == "categories/list" || strings.HasPrefix(path, "categories/list/"):
		return routeTree, path
	case path == "events/lists/by-queries":
		return routeEvents, r.URL.Query().Get("q")
	case strings.HasPrefix(path, "events/"):
		return routeDetail, strings.TrimPrefix(path, "events/")
	default:
		return routeOther, path
	}
}

// betpawaPath takes the version off a path. Version 3 is gone unless the world speaks it.
func (w *World) betpawaPath(path string) (string, bool) {
	if rest, ok := strings.CutPrefix(path, "/api/sportsbook/v4/"); ok {
		return rest, true
	}
	if rest, ok := strings.CutPrefix(path, "/api/sportsbook/v3/"); ok && w.cfg.Shape == V3 {
		return rest, true
	}
	return "", false
}

// betpawa answers as BetPawa.
func (x *exchange) betpawa(to route, key string) {
	if x.world.cfg.RequireHeaders && x.r.Header.Get("X-Pawa-Brand") == "" {
		x.betpawaError(http.StatusForbidden, "FORBIDDEN", "The brand is missing")
		return
	}
	if x.r.Method != http.MethodGet && (x.r.Method != http.MethodPost || to != routeEvents) {
		x.betpawaError(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Request method is not supported")
		return
	}
	switch to {
	case routeTree:
		x.betpawaTree(strings.TrimPrefix(strings.TrimPrefix(key, "categories/list"), "/"))
	case routeEvents:
		x.betpawaEvents(key)
	case routeDetail:
		x.betpawaDetail(key)
	default:
		x.betpawaError(http.StatusNotFound, "NOT_FOUND", "No such resource")
	}
}

// betpawaError refuses the way the site does: a code and a sentence.
func (x *exchange) betpawaError(status int, code, message string) {
	body := append([]byte(`{"error":`), quoted(code)...)
	body = append(append(body, `,"message":`...), quoted(message)...)
	x.json(status, append(body, '}'))
}

// betpawaDetail answers with one event.
func (x *exchange) betpawaDetail(id string) {
	f, live := x.find(id)
	if f == nil {
		x.betpawaError(http.StatusNotFound, "NOT_FOUND", "The event is not found")
		return
	}
	shape := x.world.cfg.Shape
	x.detail(f, live, func(dst []byte, o *offer, s reported) []byte {
		return (&pawaWriter{fixture: f, reported: s, shape: shape, live: live}).event(dst, o)
	}, "application/json;charset=UTF-8")
}

// find finds an event by the bookmaker's own id: upcoming, or in play (live). With the fault WrongEvent it finds
// another one, with LeadingZero one of SportyBet's also by an id with the zero.
func (x *exchange) find(id string) (f *fixture, live bool) {
	x.world.mu.RLock()
	defer x.world.mu.RUnlock()
	f = x.world.byID[x.book][id]
	if own, ok := strings.CutPrefix(id, "sr:match:0"); f == nil && ok {
		if f = x.world.byID[x.book]["sr:match:"+own]; f != nil && x.report(f).eventID != id {
			f = nil
		}
	}
	if f == nil || !f.listings[x.book].shown() {
		return nil, false
	}
	if x.fault != nil && x.fault.Kind == WrongEvent {
		f = x.world.neighbour(f, x.book)
	}
	kickoff := f.listings[x.book].kickoff
	if x.now.Sub(kickoff) > playing {
		return nil, false
	}
	return f, !kickoff.After(x.now)
}

// neighbour is the next event that a bookmaker shows. w.mu is held for reading.
func (w *World) neighbour(f *fixture, b book.Book) *fixture {
	other := f
	for _, g := range w.fixtures {
		later := g.serial > f.serial && (other == f || g.serial < other.serial)
		if later && g.sport == f.sport && g.tournament.pretence == nil && g.listings[b].shown() {
			other = g
		}
	}
	if other == f { // the last one: any will do
		for _, g := range w.fixtures {
			if g != f && g.listings[b].shown() {
				return g
			}
		}
	}
	return other
}

// pawaQueries is the q of by-queries.
type pawaQueries struct {
	Queries []pawaQuery `json:"queries"`
}

type pawaQuery struct {
	Query struct {
		EventType  string   `json:"eventType"`
		Categories []string `json:"categories"`
		Zones      struct {
			Competitions []string `json:"competitions"`
			Regions      []string `json:"regions"`
		} `json:"zones"`
	} `json:"query"`
	View struct {
		MarketTypes []string `json:"marketTypes"`
	} `json:"view"`
	Skip int `json:"skip"`
	Take int `json:"take"`
}

// pawaMaxTake is the largest page; the site refuses more and says so.
const pawaMaxTake = 100

// readQueries reads q and checks it the way the site does.
func readQueries(q string) (pawaQueries, string) {
	var queries pawaQueries
	if q == "" {
		return queries, "Request is empty"
	}
	if err := json.Unmarshal([]byte(q), &queries); err != nil {
		return queries, "Request is not readable"
	}
	if len(queries.Queries) == 0 {
		return queries, "Request is empty"
	}
	for i := range queries.Queries {
		query := &queries.Queries[i]
		switch {
		case query.Take > pawaMaxTake:
			return queries, "The maximum number of events is 100"
		case query.Skip < 0 || query.Take < 0:
			return queries, "The page is not valid"
		case query.Take == 0:
			query.Take = 20
		}
	}
	return queries, ""
}
