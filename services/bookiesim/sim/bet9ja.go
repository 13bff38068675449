package sim

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// nineRoute tells what a request to Bet9ja asks for.
func (w *World) nineRoute(r *http.Request) (route, string) {
	call, ok := strings.CutPrefix(r.URL.Path, "/desktop/feapi/PalimpsestAjax/")
	if !ok {
		return routeOther, r.URL.Path
	}
	switch call {
	case "GetSports":
		return routeTree, call
	case "GetEventsInGroup", "GetEventsInGroupV2":
		return routeEvents, r.URL.Query().Get("GROUPID")
	case "GetEvent":
		return routeDetail, r.URL.Query().Get("EVENTID")
	default:
		return routeOther, call
	}
}

// nine answers as Bet9ja.
func (x *exchange) nine(to route, key string) {
	switch {
	case to == routeOther:
		x.send(http.StatusNotFound, "text/html; charset=utf-8", []byte("<html><body><h1>404 Not Found</h1></body></html>"))
	case x.r.Method != http.MethodGet:
		x.nineRejection()
	case to == routeTree:
		x.nineTree()
	case to == routeEvents:
		x.nineEvents(key)
	default:
		x.nineDetail(key)
	}
}

// nineRejection is Bet9ja's answer about whatever it does not know.
func (x *exchange) nineRejection() { x.json(http.StatusOK, []byte(`{"R":"E","D":false}`)) }

// nineTree answers with all sports: maps by id on every level. Besides the sports there are the long-term bets.
func (x *exchange) nineTree() {
	w := x.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	byTournament, bySport := x.counts()
	dst := []byte(`{"R":"OK","D":{"PAL":{`)
	for s := range catalogue.SportCount {
		words := s.Words()
		dst = append(append(append(dst, '"'), words.NineID...), `":{"S_DESC":"`...)
		dst = append(append(dst, words.NineName...), `","NUM":`...)
		dst = append(strconv.AppendInt(dst, int64(bySport[s]), 10), `,"SG":{`...)
		for i, inCountry := range w.byCountry(book.Bet9ja, s) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = nineCountry(dst, inCountry, byTournament)
		}
		dst = append(dst, `}},`...)
	}
	x.json(http.StatusOK, append(dst, `"590":{"S_DESC":"Soccer Antepost","NUM":0,"SG":{}}}}}`...))
}

// nineCountry appends a country with its groups.
func nineCountry(dst []byte, inCountry []*tournament, counts map[*tournament]int) []byte {
	dst = append(append(append(dst, '"'), inCountry[0].countryIDs[book.Bet9ja]...), `":{"SG_DESC":`...)
	size := 0
	for _, t := range inCountry {
		size += counts[t]
	}
	dst = append(appendQuoted(dst, inCountry[0].country), `,"NUM":`...)
	dst = append(strconv.AppendInt(dst, int64(size), 10), `,"G":{`...)
	for i, t := range inCountry {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), t.ids[book.Bet9ja]...), `":{"G_DESC":`...)
		dst = append(appendQuoted(dst, t.name), `,"NUM":`...)
		dst = append(strconv.AppendInt(dst, int64(counts[t]), 10), '}')
	}
	return append(dst, `}}`...)
}

// nineEvents answers with the upcoming events of a group, with the prices of the match result.
func (x *exchange) nineEvents(groupID string) {
	w := x.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, t := range w.tournaments {
		if t.ids[book.Bet9ja] != groupID || !w.lists(t, book.Bet9ja) {
			continue
		}
		dst := []byte(`{"R":"OK","D":{"E":[`)
		events := x.left(w.upcomingIn(t, book.Bet9ja, x.now))
		for i, f := range events[:x.page(groupID, len(events))] {
			if i > 0 {
				dst = append(dst, ',')
			}
			f.mu.Lock()
			s := x.report(f)
			dst = (&nineWriter{fixture: f, reported: s}).listed(dst, w.offerShown(f, book.Bet9ja, s))
			f.mu.Unlock()
		}
		x.json(http.StatusOK, append(dst, `]}}`...))
		return
	}
	x.nineRejection()
}

// nineDetail answers with one event. One in play is not known here: it has moved to the live calls.
func (x *exchange) nineDetail(id string) {
	f, live := x.find(id)
	if f == nil || live {
		x.nineRejection()
		return
	}
	x.detail(f, false, func(dst []byte, o *offer, s reported) []byte {
		dst = append(dst, `{"R":"OK","D":`...)
		return append((&nineWriter{fixture: f, reported: s}).event(dst, o), '}')
	}, "application/json; charset=utf-8")
}
