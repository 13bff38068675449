package recordedsite

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Paths of the bookmakers' list calls, for Break and Hits.
const (
	BetPawaCompetitions  = "/api/sportsbook/v4/categories/list/2"
	BetPawaEvents        = "/api/sportsbook/v4/events/lists/by-queries"
	BetPawaDetail        = "/api/sportsbook/v4/events/" // and the id
	SportyBetTournaments = "/api/ng/factsCenter/popularAndSportList"
	SportyBetEvents      = "/api/ng/factsCenter/pcEvents"
	SportyBetDetail      = "/api/ng/factsCenter/event"
	Bet9jaSports         = "/desktop/feapi/PalimpsestAjax/GetSports"
	Bet9jaEvents         = "/desktop/feapi/PalimpsestAjax/GetEventsInGroupV2"
	Bet9jaDetail         = "/desktop/feapi/PalimpsestAjax/GetEvent"
)

func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits[r.URL.Path]++
	if fault := s.faults[r.URL.Path]; fault != nil {
		fault(w, r)
		return
	}
	body, ok := s.answer(r.URL.Path, r.URL.Query())
	if !ok {
		http.Error(w, `{"error":"NOT_FOUND"}`, http.StatusNotFound)
		return
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encoded) // the answer is for a test that fails if it does not arrive
}

func (s *Site) answer(path string, query url.Values) (any, bool) {
	switch path {
	case BetPawaCompetitions:
		return s.betPawaCompetitions(), true
	case BetPawaEvents:
		return s.betPawaEvents(), true
	case SportyBetTournaments:
		return s.sportyBetTournaments(), true
	case SportyBetEvents:
		return s.sportyBetEvents(), true
	case SportyBetDetail:
		return s.sportyBetDetail(query.Get("eventId")), true
	case Bet9jaSports:
		return s.bet9jaSports(), true
	case Bet9jaEvents:
		return s.bet9jaEvents(), true
	case Bet9jaDetail:
		return s.bet9jaDetail(query.Get("EVENTID")), true
	}
	if id, ok := strings.CutPrefix(path, BetPawaDetail); ok {
		for _, e := range s.events {
			if e.betpawa != nil && e.BetPawa == id {
				return e.betpawa, true
			}
		}
	}
	return nil, false
}

// answer is a JSON object.
type answer = map[string]any

func (s *Site) betPawaCompetitions() any {
	return answer{"withRegions": []any{answer{
		"category": answer{"id": "2", "name": "Football"},
		"regions": []any{answer{
			"region":       answer{"id": "1", "name": "China"},
			"competitions": []any{answer{"competition": answer{"id": "11", "name": "Super League"}}},
		}},
	}}}
}

func (s *Site) betPawaEvents() any {
	events := []any{}
	for _, e := range s.events {
		if e.betpawa == nil {
			continue
		}
		item := answer{}
		for _, field := range []string{"id", "name", "startTime", "widgets", "participants", "competition", "region", "category"} {
			item[field] = e.betpawa[field]
		}
		events = append(events, item)
	}
	return answer{"responses": []any{answer{"responses": events}}}
}

func (s *Site) sportyBetTournaments() any {
	return answer{"bizCode": 10000, "message": "0#0", "data": answer{"sportList": []any{answer{
		"id": "sr:sport:1", "name": "Football", "eventSize": len(s.events),
		"categories": []any{answer{
			"id": "sr:category:99", "name": "China",
			"tournaments": []any{answer{"id": "sr:tournament:649", "name": "Super League"}},
		}},
	}}}}
}

func (s *Site) sportyBetEvents() any {
	events := []any{}
	for _, e := range s.events {
		if e.sportybet == nil {
			continue
		}
		data := object(e.sportybet["data"])
		item := answer{}
		for _, field := range []string{"eventId", "estimateStartTime", "homeTeamName", "awayTeamName", "status", "sport"} {
			item[field] = data[field]
		}
		events = append(events, item)
	}
	return answer{"bizCode": 10000, "message": "0#0", "data": []any{answer{"id": "sr:tournament:649", "events": events}}}
}

func (s *Site) sportyBetDetail(id string) any {
	for _, e := range s.events {
		if e.sportybet != nil && e.SportyBet == id {
			return e.sportybet
		}
	}
	return answer{"bizCode": 19000, "message": "event not found"}
}

func (s *Site) bet9jaSports() any {
	groups := answer{"649": answer{"G_DESC": "Super League", "NUM": len(s.events)}}
	countries := answer{"99": answer{"SG_DESC": "China", "NUM": len(s.events), "G": groups}}
	return answer{"R": "OK", "D": answer{"PAL": answer{"1": answer{"S_DESC": "Soccer", "NUM": len(s.events), "SG": countries}}}}
}

func (s *Site) bet9jaEvents() any {
	events := []any{}
	for _, e := range s.events {
		if e.bet9ja == nil {
			continue
		}
		d := object(e.bet9ja["D"])
		item := answer{}
		for _, field := range []string{"ID", "EXTID", "DS", "STARTDATE", "C", "GN", "SG", "GID", "SGID", "SID"} {
			item[field] = d[field]
		}
		events = append(events, item)
	}
	return answer{"R": "OK", "D": answer{"E": events}}
}

func (s *Site) bet9jaDetail(id string) any {
	for _, e := range s.events {
		if e.bet9ja != nil && e.Bet9ja == id {
			return e.bet9ja
		}
	}
	return answer{"R": "E", "D": nil}
}

// HTML answers with a page instead of JSON, as a bookmaker's wall does.
func HTML(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<!doctype html><title>Just a moment…</title>"))
}

// Empty202 answers with nothing, as SportyBet's wall does.
func Empty202(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }
