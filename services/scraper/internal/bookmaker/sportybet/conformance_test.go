package sportybet_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bookmakertest"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	bookmakertest.Run(t, bookmakertest.Fixture{
		Bookmaker:    odds.SportyBet,
		TournamentID: func(n int) string { return fmt.Sprint("sr:tournament:", 100+n) },
		EventID:      func(srID string) string { return "sr:match:" + srID },
		Route:        route,
		Tournaments:  tournaments,
		Events:       events,
		Detail:       detail,
		NoFootball: []string{
			`{"bizCode":10000,"data":{"sportList":[]}}`, `{"bizCode":10000,"data":{"sportList":[{"id":"sr:sport:2","categories":[]}]}}`,
			`{"bizCode":19000,"message":"invalid"}`,
		},
		Silent:  `{"bizCode":10000,"data":[{}]}`,
		Unknown: bookmakertest.Answer{Body: `{"bizCode":19000,"message":"invalid"}`},
		Counts:  true, Flags: true,
	})
}

// route reads requests as the site's browsers send them.
func route(t testing.TB, r *http.Request) bookmakertest.Request {
	t.Helper()
	const api = "/api/ng/factsCenter"
	for name, want := range map[string]string{"Clientid": "web", "Operid": "2", "Platform": "web", "Accept": "*/*"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: header %s is %q, want %q", r.RequestURI, name, got, want)
		}
	}
	q := r.URL.Query()
	want := url.Values{"productId": {"3"}, "_t": {fmt.Sprint(bookmakertest.Now().UnixMilli())}}
	request := bookmakertest.Request{Call: fetch.DetailCall, ID: q.Get("eventId")}
	switch r.Method + " " + r.URL.Path {
	case "GET " + api + "/popularAndSportList":
		want.Set("sportId", "sr:sport:1")
		want.Set("timeline", "")
		request = bookmakertest.Request{Call: fetch.TournamentsCall}
	case "GET " + api + "/event":
		want.Set("eventId", request.ID)
	case "POST " + api + "/pcEvents":
		want = url.Values{}
		request = bookmakertest.Request{Call: fetch.EventsCall, ID: tournament(t, r)}
	default:
		t.Errorf("unknown request %s %s", r.Method, r.RequestURI)
	}
	if q.Encode() != want.Encode() {
		t.Errorf("query %s, want %s", q.Encode(), want.Encode())
	}
	return request
}

// tournament is the one that the body of a request names.
func tournament(t testing.TB, r *http.Request) string {
	t.Helper()
	var body []struct {
		SportID      string     `json:"sportId"`
		MarketID     string     `json:"marketId"`
		TournamentID [][]string `json:"tournamentId"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	if err != nil || len(body) != 1 || body[0].SportID != "sr:sport:1" || body[0].MarketID != "1,18,10,29,11,26,36,14" ||
		len(body[0].TournamentID) != 1 || len(body[0].TournamentID[0]) != 1 {
		t.Errorf("body %+v, %v", body, err)
		return ""
	}
	return body[0].TournamentID[0][0]
}

func tournaments(all []bookmakertest.Tournament) string {
	var parts []string
	total := 0
	for _, one := range all {
		total += one.Count
		parts = append(parts, fmt.Sprintf(`{"id":"sr:category:32","name":%q,"tournaments":[{"id":%q,"name":%q,"eventSize":%d}]}`,
			one.Country, one.ID, one.Name, one.Count))
	}
	return fmt.Sprintf(`{"bizCode":10000,"data":{"sportList":[{"id":"sr:sport:2","categories":[]},
		{"id":"sr:sport:1","eventSize":%d,"categories":[%s]}]}}`, total, strings.Join(parts, ","))
}

func events(_ bookmakertest.Tournament, all []bookmakertest.Event) string {
	var parts []string
	for _, e := range all {
		parts = append(parts, fmt.Sprintf(`{"eventId":%q,"estimateStartTime":%d,"homeTeamName":%q,"awayTeamName":%q}`,
			e.ID, e.Kickoff.UnixMilli(), e.Home, e.Away))
	}
	return fmt.Sprintf(`{"bizCode":10000,"data":[{"events":[%s]}]}`, strings.Join(parts, ","))
}

func detail(e bookmakertest.Event) string {
	sport := "sr:sport:1"
	if e.Basketball {
		sport = "sr:sport:2"
	}
	var outcomes []string
	for _, q := range e.Quotes {
		active := 1
		if q.Closed {
			active = 0
		}
		id := map[string]string{"1": "1", "X": "2", "2": "3"}[q.Outcome]
		outcomes = append(outcomes, fmt.Sprintf(`{%s"id":%q,"isActive":%d}`, q.Member("odds"), id, active))
	}
	return fmt.Sprintf(`{"bizCode":10000,"message":"0#0","data":{"eventId":%q,"estimateStartTime":%d,"homeTeamName":%q,
		"awayTeamName":%q,"sport":{"id":%q,"name":"Sport","category":{"name":%q,"tournament":{"id":%q,"name":%q}}},
		"markets":[{"id":"1","status":0,"outcomes":[%s]}]}}`, e.ID, e.Kickoff.UnixMilli(), e.Home, e.Away, sport,
		e.Tournament.Country, e.Tournament.ID, e.Tournament.Name, strings.Join(outcomes, ","))
}
