package sim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestBetPawaTree(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	type tree struct {
		OnlyMeta []struct {
			Category    pawaNamed
			EventCounts struct{ Upcoming json.Number }
		}
		WithRegions []struct {
			Category pawaNamed
			Regions  []struct {
				Region       pawaNamed
				Competitions []struct{ Competition pawaNamed }
			}
		}
	}
	sports := read[tree](t, send(t, w, sim.BetPawa, http.MethodGet, "/api/sportsbook/v4/categories/list/all", "")).OnlyMeta
	if len(sports) != 3 || sports[0].EventCounts.Upcoming != "20" || sports[1].Category.Name != "Basketball" || sports[2].Category.ID != "452" {
		t.Errorf("sports %+v", sports)
	}
	football := read[tree](t, send(t, w, sim.BetPawa, http.MethodGet, "/api/sportsbook/v4/categories/list/2?includeRegions=true", "", "Accept", "*/*"))
	ids := map[string]bool{}
	for _, region := range football.WithRegions[0].Regions {
		for _, c := range region.Competitions {
			ids[c.Competition.ID] = true
		}
	}
	if len(ids) != 6 {
		t.Errorf("%d competitions, want 6", len(ids))
	}
	listed := 0
	for id := range ids {
		page := read[pawaPage](t, send(t, w, sim.BetPawa, http.MethodGet, pawaQuery("v4", id, 0, 100), ""))
		for _, e := range page.Responses[0].Responses {
			if e.Competition.ID != id {
				t.Errorf("event %s of competition %s listed in %s", e.ID, e.Competition.ID, id)
			}
			listed++
		}
	}
	if listed != 20 {
		t.Errorf("%d events in all competitions, want the 20 offered", listed)
	}
}

func TestBetPawaPaging(t *testing.T) {
	t.Parallel()
	cfg := sim.DefaultConfig()
	cfg.WidgetlessShare = 0.2
	w, _ := newWorld(t, cfg)
	seen, without, last := map[string]bool{}, 0, ""
	for skip := 0; ; skip += 100 {
		page := read[pawaPage](t, send(t, w, sim.BetPawa, http.MethodGet, pawaQuery("v4", "", skip, 100), ""))
		events := page.Responses[0].Responses
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			if seen[e.ID] || e.StartTime < last {
				t.Fatalf("event %s at %s twice or out of order", e.ID, e.StartTime)
			}
			seen[e.ID], last = true, e.StartTime
			if len(e.Widgets) == 0 {
				without++
			}
		}
	}
	if len(seen) != 278 {
		t.Errorf("paged through %d events, want 278", len(seen))
	}
	if without < 30 || without > 85 {
		t.Errorf("%d of 278 listed without a SportRadar id, want about a fifth", without)
	}
	rec := send(t, w, sim.BetPawa, http.MethodGet, pawaQuery("v4", "", 500, 100), "")
	if body := rec.Body.String(); body != `{"responses":[{}]}` {
		t.Errorf("past the end: %s, want the inner list left out", body)
	}
}

func TestBetPawaRejections(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.RequireHeaders = true
	w, _ := newWorld(t, cfg)
	brand := []string{"X-Pawa-Brand", "betpawa-nigeria"}
	tests := []struct {
		name, target string
		header       []string
		status       int
		text         string
	}{
		{"no brand", "/api/sportsbook/v4/categories/list/all", nil, 403, "FORBIDDEN"},
		{"unknown event", "/api/sportsbook/v4/events/1", brand, 404, "NOT_FOUND"},
		{"not an id", "/api/sportsbook/v4/events/abc", brand, 404, "NOT_FOUND"},
		{"unknown path", "/api/sportsbook/v4/nothing", brand, 404, "NOT_FOUND"},
		{"page too large", pawaQuery("v4", "", 0, 101), brand, 400, "The maximum number of events is 100"},
		{"no query", "/api/sportsbook/v4/events/lists/by-queries", brand, 400, "Request is empty"},
		{"broken query", "/api/sportsbook/v4/events/lists/by-queries?q=%7B", brand, 400, "Request is not readable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := send(t, w, sim.BetPawa, http.MethodGet, tt.target, "", tt.header...)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.text) || !json.Valid(rec.Body.Bytes()) {
				t.Errorf("got %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.text)
			}
		})
	}
}

func TestBetPawaListsSpeakProtobufUnlessJSONIsAccepted(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	for accept, want := range map[string]string{
		"*/*": "application/x-protobuf", "application/x-protobuf": "application/x-protobuf",
		"application/json": "application/json", "application/json, text/plain, */*": "application/json",
	} {
		rec := send(t, w, sim.BetPawa, http.MethodGet, pawaQuery("v4", "", 0, 100), "", "Accept", accept)
		if got := rec.Header().Get("Content-Type"); !strings.HasPrefix(got, want) || json.Valid(rec.Body.Bytes()) != (want == "application/json") {
			t.Errorf("accept %q: %q", accept, got)
		}
	}
}

func TestBetPawaListWithMarkets(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	q := `{"queries":[{"query":{"categories":["2"]},"view":{"marketTypes":["3743"]},"skip":0,"take":5},{"query":{"categories":["452"]},"take":50}]}`
	page := read[pawaPage](t, send(t, w, sim.BetPawa, http.MethodGet, "/api/sportsbook/v4/events/lists/by-queries?q="+url.QueryEscape(q), ""))
	if len(page.Responses) != 2 || len(page.Responses[0].Responses) != 5 || len(page.Responses[1].Responses) != 6 {
		t.Fatalf("answers %+v, want one a query", page)
	}
	for _, e := range page.Responses[0].Responses {
		if len(e.Markets) != 1 || e.Markets[0].MarketType.ID != "3743" {
			t.Errorf("event %s lists %d markets, want the match result", e.ID, len(e.Markets))
		}
	}
	if tennis := page.Responses[1].Responses[0]; tennis.Category.Name != "Tennis" || !regexp.MustCompile(`^\d+$`).MatchString(tennis.ID) {
		t.Errorf("tennis event %+v", tennis)
	}
}
