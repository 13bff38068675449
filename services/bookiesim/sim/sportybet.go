package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// sportyCountries are the countries' path segments.
func sportyCountries() []string { return []string{"ng", "gh", "ke", "tz", "za", "cm", "zm"} }

// sportyPaths are what is below each country's.
func sportyPaths() []string {
	var paths []string
	for _, country := range sportyCountries() {
		paths = append(paths, "/api/"+country+"/")
	}
	return paths
}

// sportyPath takes the country off a path.
func sportyPath(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "/api/")
	if !ok {
		return "", false
	}
	country, rest, _ := strings.Cut(rest, "/")
	rest, ok = strings.CutPrefix(rest, "factsCenter/")
	return rest, ok && slices.Contains(sportyCountries(), country)
}

// sportyRoute tells what a request to SportyBet asks for.
func (w *World) sportyRoute(r *http.Request) (route, string) {
	switch path, _ := sportyPath(r.URL.Path); path {
	case "popularAndSportList":
		return routeTree, path
	case "pcEvents": // what is requested is in the body
		if r.Method != http.MethodPost || r.Body == nil {
			return routeEvents, path
		}
		const maxBody = 64 << 10
		text, _ := io.ReadAll(io.LimitReader(r.Body, maxBody)) // a broken body is rejected as unreadable later
		r.Body = io.NopCloser(bytes.NewReader(text))
		return routeEvents, string(text)
	case "pcUpcomingEvents":
		return routeEvents, path + "?" + r.URL.Query().Get("pageNum")
	case "event":
		return routeDetail, r.URL.Query().Get("eventId")
	default:
		return routeOther, r.URL.Path
	}
}

// sporty answers as SportyBet.
func (x *exchange) sporty(to route, key string) {
	if h := x.r.Header; x.world.cfg.RequireHeaders && (h.Get("Clientid") == "" || h.Get("Operid") == "") {
		x.sportyRejection(http.StatusForbidden, "invalid operId")
		return
	}
	method, paged := http.MethodGet, strings.HasSuffix(x.r.URL.Path, "/pcUpcomingEvents")
	if to == routeEvents && !paged {
		method = http.MethodPost
	}
	switch {
	case to == routeOther:
		x.sportyRejection(http.StatusNotFound, "Not Found")
	case x.r.Method != method:
		x.sportyRejection(http.StatusMethodNotAllowed, "Method Not Allowed")
	case to == routeTree:
		x.sportyTree()
	case paged:
		x.sportyUpcoming()
	case to == routeEvents:
		x.sportyEvents()
	default:
		x.sportyDetail(key)
	}
}

// sportyRejection answers with another code than 10000. The site does so with status 200 for whatever it can not serve.
func (x *exchange) sportyRejection(status int, message string) {
	x.json(status, append(append([]byte(`{"bizCode":19000,"innerMsg":"Invalid","message":`), quoted(message)...), '}'))
}

// sportyTree answers with all sports. The site does not keep to the sportId it was sent, so neither does this.
func (x *exchange) sportyTree() {
	w := x.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	byTournament, bySport := x.counts()
	if x.r.URL.Query().Get("productId") == "1" { // in play
		byTournament, bySport = nil, [catalogue.SportCount]int{}
	}
	dst := []byte(`{"bizCode":10000,"message":"0#0","data":{"popularEvents":[],"sportList":[`)
	for s := range catalogue.SportCount {
		if s > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"id":"`...), s.Words().SportyID...)
		dst = append(append(dst, `","name":"`...), s.Words().SportyName...)
		dst = append(dst, `","eventSize":`...)
		dst = strconv.AppendInt(dst, int64(bySport[s]), 10)
		dst = append(dst, `,"categories":[`...)
		for i, inCountry := range w.byCountry(book.SportyBet, s) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = sportyCategory(dst, inCountry, byTournament)
		}
		dst = append(dst, `]}`...)
	}
	x.json(http.StatusOK, append(dst, `]}}`...))
}

// sportyCategory appends a country with its tournaments.
func sportyCategory(dst []byte, inCountry []*tournament, counts map[*tournament]int) []byte {
	size := 0
	for _, t := range inCountry {
		size += counts[t]
	}
	dst = append(append(dst, `{"id":"`...), inCountry[0].countryIDs[book.SportyBet]...)
	dst = append(dst, `","name":`...)
	dst = append(appendQuoted(dst, inCountry[0].country), `,"eventSize":`...)
	dst = append(strconv.AppendInt(dst, int64(size), 10), `,"tournaments":[`...)
	for i, t := range inCountry {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"id":"`...), t.ids[book.SportyBet]...)
		dst = append(appendQuoted(append(dst, `","name":`...), t.name), `,"eventSize":`...)
		dst = append(strconv.AppendInt(dst, int64(counts[t]), 10), '}')
	}
	return append(dst, `]}`...)
}

// sportyQuery is one element of pcEvents' body.
type sportyQuery struct {
	SportID      string          `json:"sportId"`
	MarketID     string          `json:"marketId"`
	TournamentID json.RawMessage `json:"tournamentId"`
}

// tournaments reads the ids, however deep the lists are nested: one list a tournament or one list of all.
func (q sportyQuery) tournaments() ([]string, bool) {
	var nested [][]string
	if err := json.Unmarshal(q.TournamentID, &nested); err == nil {
		return slices.Concat(nested...), true
	}
	var flat []string
	if err := json.Unmarshal(q.TournamentID, &flat); err == nil {
		return flat, true
	}
	return nil, len(q.TournamentID) == 0
}

// sportyEvents answers with the upcoming events of one or several tournaments. There is no paging.
func (x *exchange) sportyEvents() {
	const maxBody = 64 << 10
	text, err := io.ReadAll(io.LimitReader(x.r.Body, maxBody))
	var queries []sportyQuery
	if err != nil || json.Unmarshal(text, &queries) != nil || len(queries) == 0 {
		x.sportyRejection(http.StatusOK, "Invalid")
		return
	}
	w := x.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	dst := []byte(`{"bizCode":10000,"message":"0#0","data":[`)
	start := len(dst)
	for _, query := range queries {
		ids, ok := query.tournaments()
		if !ok {
			x.sportyRejection(http.StatusOK, "Invalid")
			return
		}
		markets := strings.Split(query.MarketID, ",")
		for _, t := range w.tournaments {
			if !slices.Contains(ids, t.ids[book.SportyBet]) || t.sport.Words().SportyID != query.SportID {
				continue
			}
			events := x.left(w.upcomingIn(t, book.SportyBet, x.now))
			if events = events[:x.page(t.ids[book.SportyBet], len(events))]; len(events) > 0 {
				dst = x.sportyTournament(comma(dst, start), t, events, markets)
			}
		}
	}
	x.json(http.StatusOK, append(dst, `]}`...))
}

// sportyTournament appends a tournament with its events.
func (x *exchange) sportyTournament(dst []byte, t *tournament, events []*fixture, markets []string) []byte {
	dst = append(append(dst, `{"id":"`...), t.ids[book.SportyBet]...)
	dst = appendQuoted(append(dst, `","name":`...), t.name)
	dst = append(append(dst, `,"categoryId":"`...), t.countryIDs[book.SportyBet]...)
	dst = appendQuoted(append(dst, `","categoryName":`...), t.country)
	dst = append(dst, `,"events":[`...)
	for i, f := range events {
		if i > 0 {
			dst = append(dst, ',')
		}
		f.mu.Lock()
		writer := &sportyWriter{fixture: f, reported: x.report(f), world: x.world, only: markets}
		dst = writer.event(dst, x.world.offerShown(f, book.SportyBet, writer.reported))
		f.mu.Unlock()
	}
	return append(dst, `]}`...)
}

// upcomingIn is a tournament's events that a bookmaker lists. The world's lock is held.
func (w *World) upcomingIn(t *tournament, b book.Book, now time.Time) []*fixture {
	var events []*fixture
	for _, f := range w.fixtures {
		if l := &f.listings[b]; f.tournament == t && l.shown() && l.kickoff.After(now) {
			events = append(events, f)
		}
	}
	return events
}

// sportyDetail answers with one event.
func (x *exchange) sportyDetail(id string) {
	f, live := x.find(id)
	if f == nil {
		x.sportyRejection(http.StatusOK, "Event not found")
		return
	}
	// An upcoming event has nothing in play, and one in play nothing before it but player props, which are not here.
	bare := live || x.r.URL.Query().Get("productId") == "1"
	x.detail(f, bare, func(dst []byte, o *offer, s reported) []byte {
		dst = append(dst, `{"bizCode":10000,"message":"0#0","data":`...)
		dst = (&sportyWriter{fixture: f, reported: s, world: x.world, bare: bare, live: live}).event(dst, o)
		return append(dst, '}')
	}, "application/json;charset=UTF-8")
}
