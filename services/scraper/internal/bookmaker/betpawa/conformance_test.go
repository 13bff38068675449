package betpawa_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bookmakertest"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	bookmakertest.Run(t, fixture())
}

func fixture() bookmakertest.Fixture {
	return bookmakertest.Fixture{
		Bookmaker:    odds.BetPawa,
		TournamentID: func(n int) string { return fmt.Sprint(12000 + n) },
		EventID:      func(srID string) string { return "3" + srID },
		Route:        route,
		Tournaments:  competitions,
		Events:       events,
		Detail:       detail,
		NoFootball: []string{
			`{"withRegions":[]}`, `{"withRegions":[{"category":{"id":"3"},"regions":[{"competitions":[{"competition":{"id":"1"}}]}]}]}`,
		},
		Silent:   `{"responses":[{}]}`,
		Unknown:  bookmakertest.Answer{Status: http.StatusNotFound, Body: `{"error":"NOT_FOUND"}`},
		PageSize: 100, Counts: true, Flags: true, SparseIDs: true,
	}
}

// route reads requests as the site's fourth version does.
func route(t testing.TB, r *http.Request) bookmakertest.Request {
	t.Helper()
	const api = "/api/sportsbook/v4"
	for name, want := range map[string]string{
		"X-Pawa-Brand": "betpawa-nigeria", "Devicetype": "web", "Accept": "application/json",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: header %s is %q, want %q", r.RequestURI, name, got, want)
		}
	}
	switch {
	case r.Method == http.MethodGet && r.RequestURI == api+"/categories/list/2?includeRegions=true":
		return bookmakertest.Request{Call: fetch.TournamentsCall}
	case r.Method == http.MethodGet && r.URL.Path == api+"/events/lists/by-queries":
		return query(t, r.URL.Query().Get("q"))
	case r.Method == http.MethodGet && strings.HasPrefix(r.RequestURI, api+"/events/"):
		return bookmakertest.Request{Call: fetch.DetailCall, ID: strings.TrimPrefix(r.RequestURI, api+"/events/")}
	}
	t.Errorf("unknown request %s %s", r.Method, r.RequestURI)
	return bookmakertest.Request{}
}

func query(t testing.TB, text string) bookmakertest.Request {
	t.Helper()
	var q struct {
		Queries []struct {
			Query struct {
				EventType  string   `json:"eventType"`
				Categories []string `json:"categories"`
				Zones      struct {
					Competitions []string `json:"competitions"`
				} `json:"zones"`
				HasOdds bool `json:"hasOdds"`
			} `json:"query"`
			View *struct{} `json:"view"`
			Skip int       `json:"skip"`
			Take int       `json:"take"`
		} `json:"queries"`
	}
	if err := json.Unmarshal([]byte(text), &q); err != nil || len(q.Queries) != 1 {
		t.Errorf("query %s: %v", text, err)
		return bookmakertest.Request{}
	}
	one := q.Queries[0]
	if one.Query.EventType != "UPCOMING" || !one.Query.HasOdds || one.View == nil ||
		!cmp.Equal(one.Query.Categories, []string{"2"}) || len(one.Query.Zones.Competitions) != 1 {
		t.Errorf("query %+v", one)
		return bookmakertest.Request{}
	}
	return bookmakertest.Request{Call: fetch.EventsCall, ID: one.Query.Zones.Competitions[0], Skip: one.Skip, Take: one.Take}
}

func competitions(all []bookmakertest.Tournament) string {
	var parts []string
	for _, c := range all {
		counts := ""
		if c.Count > 0 {
			counts = fmt.Sprintf(`,"eventCounts":{"upcoming":"%d","live":3}`, c.Count)
		}
		parts = append(parts, fmt.Sprintf(`{"region":{"id":"1","name":%q},"competitions":[{"competition":{"id":%q,"name":%q}%s}]}`,
			c.Country, c.ID, c.Name, counts))
	}
	return fmt.Sprintf(`{"withRegions":[{"category":{"id":"2","name":"Football"},"regions":[%s]}]}`, strings.Join(parts, ","))
}

// header is what list and detail have in common.
func header(e bookmakertest.Event) string {
	category, widgets := "2", ""
	if e.Basketball {
		category = "3"
	}
	if e.SrID != "" {
		widgets = fmt.Sprintf(`{"id":"8","type":"GENIUSSPORTS"},{"id":%q,"type":"SPORTRADAR","retention":"PREMATCH"}`, e.SrID)
	}
	return fmt.Sprintf(`"id":%q,"name":%q,"startTime":%q,"category":{"id":%q,"name":"Sport"},"widgets":[%s],
		"participants":[{"name":%q,"position":2},{"name":%q,"position":1}]`,
		e.ID, e.Home+" - "+e.Away, e.Kickoff.Format(time.RFC3339), category, widgets, e.Away, e.Home)
}

func events(_ bookmakertest.Tournament, all []bookmakertest.Event) string {
	if len(all) == 0 {
		return `{"responses":[{}]}`
	}
	var parts []string
	for _, e := range all {
		parts = append(parts, "{"+header(e)+"}")
	}
	return fmt.Sprintf(`{"responses":[{"responses":[%s]}]}`, strings.Join(parts, ","))
}

func detail(e bookmakertest.Event) string {
	var prices []string
	for _, q := range e.Quotes {
		prices = append(prices, fmt.Sprintf(`{%s"name":%q,"suspended":%t}`, q.Member("odds"), q.Outcome, q.Closed))
	}
	return fmt.Sprintf(`{%s,"totalMarketCount":"1","region":{"id":"1","name":%q},"competition":{"id":%q,"name":%q},
		"markets":[{"marketType":{"id":"3743","name":"1X2 - FT","tabs":["popular"]},"row":[{"prices":[%s]}]}]}`,
		header(e), e.Tournament.Country, e.Tournament.ID, e.Tournament.Name, strings.Join(prices, ","))
}
