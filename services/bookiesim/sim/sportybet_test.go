package sim_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// The shapes that a reader of SportyBet relies on.
type (
	sportyAnswer[T any] struct {
		BizCode json.Number
		Message string
		Data    T
	}
	sportyEvent struct {
		EventID, GameID, MatchStatus, HomeTeamName, AwayTeamName string
		EstimateStartTime, Status                                json.Number
		Sport                                                    struct {
			ID       string
			Category struct {
				ID, Name   string
				Tournament struct{ ID, Name string }
			}
		}
		Markets     []sportyMarket
		EventSource struct {
			PreMatchSource struct{ SourceType, SourceID string }
		}
	}
	sportyMarket struct {
		ID, Desc, Name, Title, Group, GroupID, Specifier, SourceType string
		Product, Status, FarNearOdds, Favourite                      *json.Number
		LastOddsChangeTime                                           json.Number
		Banned                                                       bool
		Outcomes                                                     []struct {
			ID, Odds, Probability, VoidProbability, Desc string
			IsActive                                     json.Number
		}
	}
	sportyTree struct {
		SportList []struct {
			ID, Name   string
			EventSize  json.Number
			Categories []struct {
				ID, Name    string
				Tournaments []struct{ ID, Name string }
			}
		}
	}
	sportyTournament struct {
		ID, Name string
		Events   []sportyEvent
	}
)

func TestSportyBetDetail(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.SportyBet)
	own := e.Listings[sim.SportyBet]
	rec := detail(t, w, sim.SportyBet, own.EventID)
	got := read[sportyAnswer[sportyEvent]](t, rec)
	ev := got.Data
	if got.BizCode != "10000" || ev.EventID != "sr:match:"+own.SrID || ev.EstimateStartTime.String() != itoa(own.Kickoff.UnixMilli()) || ev.Status != "0" {
		t.Fatalf("event %+v of %s, want %+v", ev.EventID, got.BizCode, own)
	}
	if ev.Sport.ID != "sr:sport:1" || ev.Sport.Category.Name != e.Country || ev.Sport.Category.Tournament.ID != own.TournamentID ||
		ev.EventSource.PreMatchSource.SourceID != own.SrID || ev.MatchStatus != "Not start" {
		t.Errorf("event %+v", ev.Sport)
	}
	seen, specifiers := map[string]bool{}, regexp.MustCompile(`^(total=\d+(\.\d+)?|hcp=-?\d+(\.\d+)?|hcp=\d+:\d+|goalnr=1|variant=sr:[a-z_]+:\d+\+)?$`)
	odds, fraction := regexp.MustCompile(`^\d+\.\d\d$`), regexp.MustCompile(`^(0\.\d{10}|1\.0{10}|0E-10)$`)
	for _, m := range ev.Markets {
		if key := m.ID + "|" + m.Specifier; seen[key] {
			t.Errorf("market %s twice", key)
		} else {
			seen[key] = true
		}
		if m.Status == nil || m.Product == nil || m.Desc == "" || m.Group == "" || strings.Contains(m.Desc, "{") || !specifiers.MatchString(m.Specifier) {
			t.Errorf("market %+v", m)
		}
		for _, o := range m.Outcomes {
			if !odds.MatchString(o.Odds) || !fraction.MatchString(o.Probability) || o.Desc == "" || strings.Contains(o.Desc, "{") || o.IsActive != "0" && o.IsActive != "1" {
				t.Errorf("outcome %+v of %s", o, m.ID)
			}
		}
	}
	for _, key := range []string{"18|total=2", "16|hcp=-0.5", "16|hcp=0", "14|hcp=0:1", "14|hcp=1:0", "45|", "47|", "21|variant=sr:exact_goals:6+", "60000|"} {
		if !seen[key] {
			t.Errorf("market %s is missing", key)
		}
	}
	dc := ev.Markets[2]
	for _, m := range ev.Markets {
		if m.ID == "10" {
			dc = m
		}
	}
	if dc.Outcomes[1].ID != "10" || dc.Outcomes[1].Desc != "Home or Away" {
		t.Errorf("double chance %+v, want 12 in the middle as on the site", dc.Outcomes)
	}
}

func TestSportyBetTreeAndEvents(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	tree := read[sportyAnswer[sportyTree]](t, send(t, w, sim.SportyBet, http.MethodGet, "/api/ng/factsCenter/popularAndSportList?sportId=sr:sport:1&timeline=&productId=3&_t=1", ""))
	sports := tree.Data.SportList
	if len(sports) != 3 || sports[0].ID != "sr:sport:1" || sports[1].ID != "sr:sport:2" || sports[2].Name != "Tennis" || sports[0].EventSize != "23" {
		t.Fatalf("sports %+v", sports)
	}
	var ids []string
	for _, category := range sports[0].Categories {
		for _, tournament := range category.Tournaments {
			ids = append(ids, tournament.ID)
		}
	}
	if len(ids) != 8 {
		t.Fatalf("%d tournaments, want 8", len(ids))
	}
	post := func(tournaments string) []sportyTournament {
		body := `[{"sportId":"sr:sport:1","marketId":"1,18,10","tournamentId":` + tournaments + `}]`
		return read[sportyAnswer[[]sportyTournament]](t, send(t, w, sim.SportyBet, http.MethodPost, "/api/ng/factsCenter/pcEvents", body)).Data
	}
	single := 0
	for _, id := range ids {
		for _, tournament := range post(`[["` + id + `"]]`) {
			if tournament.ID != id {
				t.Errorf("asked for %s, got %s", id, tournament.ID)
			}
			for _, e := range tournament.Events {
				for _, m := range e.Markets {
					if m.ID != "1" && m.ID != "18" && m.ID != "10" {
						t.Errorf("market %s was not asked for", m.ID)
					}
				}
			}
			single += len(tournament.Events)
		}
	}
	for _, list := range []string{`[["` + strings.Join(ids, `"],["`) + `"]]`, `[["` + strings.Join(ids, `","`) + `"]]`} {
		together := 0
		for _, tournament := range post(list) {
			together += len(tournament.Events)
		}
		if single != 23 || together != single {
			t.Errorf("%d events one by one, %d together, want 23", single, together)
		}
	}
}

func TestSportyBetRejections(t *testing.T) {
	t.Parallel()
	cfg := small()
	w, _ := newWorld(t, cfg)
	for _, target := range []string{
		detailPath(sim.SportyBet, "sr:match:1"), "/api/ng/factsCenter/event", "/api/ng/factsCenter/nothing", "/api/xx/factsCenter/event",
	} {
		rec := send(t, w, sim.SportyBet, http.MethodGet, target, "")
		if !json.Valid(rec.Body.Bytes()) || !strings.Contains(rec.Body.String(), `"bizCode":19000`) {
			t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
		}
	}
	if rec := send(t, w, sim.SportyBet, http.MethodPost, "/api/ng/factsCenter/pcEvents", "{"); !strings.Contains(rec.Body.String(), `"bizCode":19000`) {
		t.Errorf("broken body: %s", rec.Body)
	}
	cfg.RequireHeaders = true
	w, _ = newWorld(t, cfg)
	tree := "/api/ng/factsCenter/popularAndSportList"
	if rec := send(t, w, sim.SportyBet, http.MethodGet, tree, ""); rec.Code != http.StatusForbidden {
		t.Errorf("without headers: %d, want 403", rec.Code)
	}
	if rec := send(t, w, sim.SportyBet, http.MethodGet, tree, "", "clientid", "web", "operid", "2"); rec.Code != http.StatusOK {
		t.Errorf("with headers: %d, want 200", rec.Code)
	}
}
