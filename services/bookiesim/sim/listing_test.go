package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// summary is what a list or a detail says of an event.
type summary struct {
	id, srID, home, away string
	kickoff              time.Time
	category, tournament string
	named, foreign       bool // BetPawa's outcomes are named in English, or otherwise
}

func parseTime(t testing.TB, layout, text string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	must(t, err)
	return at
}

func summaryOfPawa(t testing.TB, e pawaEvent) summary {
	t.Helper()
	s := summary{
		id: e.ID, home: e.Participants[0].Name, away: e.Participants[1].Name, kickoff: parseTime(t, time.RFC3339, e.StartTime),
		category: e.Region.Name, tournament: e.Competition.Name,
	}
	if e.Name != s.home+" - "+s.away {
		t.Errorf("name %q of %+v", e.Name, s)
	}
	for _, widget := range e.Widgets {
		if widget.Type == "SPORTRADAR" {
			s.srID = widget.ID
		}
	}
	for _, m := range e.Markets {
		for _, row := range m.Row {
			for _, p := range row.Prices {
				s.foreign = s.foreign || p.TypeID == "5001" && p.Name == "Plus de" && p.DisplayName == "Plus de {formattedHandicap}"
				s.named = s.named || strings.Contains(p.Name, "Over") || strings.Contains(p.Name, "Under")
			}
		}
	}
	return s
}

func summaryOfSporty(e sportyEvent) summary {
	ms, _ := e.EstimateStartTime.Int64()
	category := e.Sport.Category
	return summary{
		id: e.EventID, srID: strings.TrimPrefix(e.EventID, "sr:match:"), home: e.HomeTeamName, away: e.AwayTeamName,
		kickoff: time.UnixMilli(ms).UTC(), category: category.Name, tournament: category.Tournament.Name,
	}
}

func summaryOfNine(t testing.TB, e nineEvent) summary {
	t.Helper()
	home, away, _ := strings.Cut(e.DS, " - ")
	return summary{
		id: e.ID.String(), srID: e.EXTID, home: home, away: away, kickoff: parseTime(t, time.DateTime, e.STARTDATE),
		category: e.SG, tournament: e.GN,
	}
}

// detailed is what a detail says of an event.
func detailed(t testing.TB, w *sim.World, bookmaker, id string) summary {
	t.Helper()
	rec := detail(t, w, bookmaker, id)
	switch bookmaker {
	case sim.BetPawa:
		return summaryOfPawa(t, read[pawaEvent](t, rec))
	case sim.SportyBet:
		return summaryOfSporty(read[sportyAnswer[sportyEvent]](t, rec).Data)
	default:
		return summaryOfNine(t, read[nineAnswer[nineEvent]](t, rec).D)
	}
}

// listing is what a bookmaker lists of football, by tournament, asked as its own pages ask, with its own counts.
type listing struct {
	events map[string][]summary
	counts map[string]int
}

func listed(t testing.TB, w *sim.World, bookmaker string) listing {
	t.Helper()
	l := listing{events: map[string][]summary{}, counts: countsOf(t, w, bookmaker)}
	for id := range l.counts {
		switch bookmaker {
		case sim.BetPawa:
			for _, e := range read[pawaPage](t, send(t, w, bookmaker, http.MethodGet, pawaQuery("v4", id, 0, 100), "")).Responses[0].Responses {
				l.events[id] = append(l.events[id], summaryOfPawa(t, e))
			}
		case sim.SportyBet:
			body := `[{"sportId":"sr:sport:1","marketId":"1","tournamentId":[["` + id + `"]]}]`
			for _, one := range read[sportyAnswer[[]sportyTournament]](t, send(t, w, bookmaker, http.MethodPost, "/api/ng/factsCenter/pcEvents", body)).Data {
				for _, e := range one.Events {
					l.events[id] = append(l.events[id], summaryOfSporty(e))
				}
			}
		default:
			target := "/desktop/feapi/PalimpsestAjax/GetEventsInGroupV2?GROUPID=" + id
			for _, e := range read[nineAnswer[struct{ E []nineEvent }]](t, send(t, w, bookmaker, http.MethodGet, target, "")).D.E {
				l.events[id] = append(l.events[id], summaryOfNine(t, e))
			}
		}
	}
	return l
}

// all is everything listed, by id.
func (l listing) all() map[string]summary {
	all := map[string]summary{}
	for _, events := range l.events {
		for _, e := range events {
			all[e.id] = e
		}
	}
	return all
}

// eachListing runs a test for every bookmaker that shows a fault, in a world with it.
func eachListing(t *testing.T, fault sim.Fault, check func(t *testing.T, w *sim.World, bookmaker string)) {
	t.Helper()
	for _, bookmaker := range sim.Bookmakers() {
		fault := fault // the tests run beside each other
		fault.Bookmaker = bookmaker
		if fault.Validate() != nil {
			continue
		}
		t.Run(fmt.Sprint(fault.Kind, "/", bookmaker), func(t *testing.T) {
			t.Parallel()
			cfg := small()
			cfg.Density, cfg.WidgetlessShare, cfg.Faults = sim.Small, 0, []sim.Fault{fault}
			w, _ := newWorld(t, cfg)
			check(t, w, bookmaker)
			if w.Counters()[bookmaker].Faulted == 0 {
				t.Error("no fault is counted")
			}
			for _, other := range sim.Bookmakers() {
				if other != bookmaker && w.Counters()[other].Faulted != 0 {
					t.Errorf("%s has the fault too", other)
				}
			}
			w.SetFaults()
			for id, e := range listed(t, w, bookmaker).all() {
				if d := detailed(t, w, bookmaker, id); d.home != e.home || !d.kickoff.Equal(e.kickoff) || strings.HasPrefix(d.srID, "0") || d.srID == "" || d.foreign {
					t.Fatalf("without the fault: listed %+v, in detail %+v", e, d)
				}
			}
		})
	}
}

// football is the football events that a bookmaker has, by its own id.
func football(w *sim.World, bookmaker string) map[string]sim.Event {
	events := map[string]sim.Event{}
	for _, e := range w.Events() {
		if own, ok := e.Listings[bookmaker]; ok && e.Sport == "football" {
			events[own.EventID] = e
		}
	}
	return events
}

// upcomingPage is SportyBet's paged list.
type upcomingPage struct {
	TotalNum    json.Number
	Tournaments []sportyTournament
}

// upcoming asks for a page of it.
func upcoming(t testing.TB, w *sim.World, number, size int) upcomingPage {
	t.Helper()
	target := fmt.Sprintf("/api/ng/factsCenter/pcUpcomingEvents?sportId=%s&marketId=1,18&pageSize=%d&pageNum=%d&option=1", url.QueryEscape("sr:sport:1"), size, number)
	return read[sportyAnswer[upcomingPage]](t, send(t, w, sim.SportyBet, http.MethodGet, target, "")).Data
}
