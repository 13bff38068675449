package bet9ja_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bookmakertest"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	bookmakertest.Run(t, bookmakertest.Fixture{
		Bookmaker:    odds.Bet9ja,
		TournamentID: func(n int) string { return fmt.Sprint(170_000 + n) },
		EventID:      func(srID string) string { return "7" + srID },
		Route:        route,
		Tournaments:  groups,
		Events:       events,
		Detail:       detail,
		NoFootball: []string{
			`{"R":"OK","D":{"PAL":{}}}`, `{"R":"OK","D":{"PAL":{"2":{"S_DESC":"Basketball","SG":{}}}}}`, `{"R":"E","D":false}`,
		},
		Silent:  `{"R":"OK","D":{}}`,
		Unknown: bookmakertest.Answer{Body: `{"R":"E","D":false}`},
		Counts:  true,
		Maps:    []string{"PAL", "SG", "G", "O"},
	})
}

// route reads requests as the site's browsers send them.
func route(t testing.TB, r *http.Request) bookmakertest.Request {
	t.Helper()
	const api, version = "/desktop/feapi/PalimpsestAjax", "v_cache_version=1.301.2.225"
	if got := r.Header.Get("Accept"); got != "application/json, text/plain, */*" {
		t.Errorf("%s: accept is %q", r.RequestURI, got)
	}
	q := r.URL.Query()
	request, want := bookmakertest.Request{}, ""
	switch r.Method + " " + r.URL.Path {
	case "GET " + api + "/GetSports":
		request, want = bookmakertest.Request{Call: fetch.TournamentsCall}, "DISP=0&"+version
	case "GET " + api + "/GetEventsInGroupV2":
		request = bookmakertest.Request{Call: fetch.EventsCall, ID: q.Get("GROUPID")}
		want = "GROUPID=" + request.ID + "&DISP=0&GROUPMARKETID=1&" + version
	case "GET " + api + "/GetEvent":
		request = bookmakertest.Request{Call: fetch.DetailCall, ID: q.Get("EVENTID")}
		want = "EVENTID=" + request.ID + "&" + version
	default:
		t.Errorf("unknown request %s %s", r.Method, r.RequestURI)
	}
	if r.URL.RawQuery != want {
		t.Errorf("query %s, want %s", r.URL.RawQuery, want)
	}
	return request
}

func groups(all []bookmakertest.Tournament) string {
	var parts []string
	total := 0
	for i, g := range all {
		total += g.Count
		parts = append(parts, fmt.Sprintf(`"%d":{"SG_DESC":%q,"G":{%q:{"G_DESC":%q,"NUM":%d}}}`, 12016+i, g.Country, g.ID, g.Name, g.Count))
	}
	return fmt.Sprintf(`{"R":"OK","D":{"PAL":{"2":{"S_DESC":"Basketball"},"1":{"S_DESC":"Soccer","NUM":%d,"SG":{%s}}}}}`,
		total, strings.Join(parts, ","))
}

func header(e bookmakertest.Event) string {
	sport, name := 1, "Soccer"
	if e.Basketball {
		sport, name = 2, "Basketball"
	}
	return fmt.Sprintf(`"ID":%s,"EXTID":%q,"DS":%q,"STARTDATE":%q,"SID":%d,"S":%q`,
		e.ID, e.SrID, e.Home+" - "+e.Away, e.Kickoff.Format(time.DateTime), sport, name)
}

func events(_ bookmakertest.Tournament, all []bookmakertest.Event) string {
	var parts []string
	for _, e := range all {
		parts = append(parts, "{"+header(e)+"}")
	}
	return fmt.Sprintf(`{"R":"OK","D":{"E":[%s]}}`, strings.Join(parts, ","))
}

func detail(e bookmakertest.Event) string {
	var prices strings.Builder
	for _, q := range e.Quotes {
		prices.WriteString(q.Member("S_1X2_" + q.Outcome))
	}
	return fmt.Sprintf(`{"R":"D","D":{%s,"SG":%q,"GN":%q,"GID":%s,"O":{%s},"MK":[]}}`,
		header(e), e.Tournament.Country, e.Tournament.Name, e.Tournament.ID, strings.TrimSuffix(prices.String(), ","))
}
