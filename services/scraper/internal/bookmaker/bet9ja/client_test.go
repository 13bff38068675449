package bet9ja_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bet9ja"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func clientNow() time.Time { return time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC) }

// clientSite is Bet9ja on loopback: groups with so many events each, and what else is put in their place.
type clientSite struct {
	t      *testing.T
	events map[string]int              // by group
	broken map[string]http.HandlerFunc // by "tree", group, or event id
}

// clientPrefix is before a group's number: nothing.
const clientPrefix = ""

func (s *clientSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if got := r.Header.Get("Accept"); got != "application/json, text/plain, */*" {
		s.t.Errorf("%s: accept is %q", r.RequestURI, got)
	}
	const api, version = "/desktop/feapi/PalimpsestAjax", "v_cache_version=1.301.2.225"
	q := r.URL.Query()
	key, want, serve := "tree", "DISP=0&"+version, s.tree
	switch r.Method + " " + r.URL.Path {
	case "GET " + api + "/GetSports":
	case "GET " + api + "/GetEventsInGroupV2":
		key, want = q.Get("GROUPID"), "GROUPID="+q.Get("GROUPID")+"&DISP=0&GROUPMARKETID=1&"+version
		serve = func(w http.ResponseWriter) { s.list(w, key) }
	case "GET " + api + "/GetEvent":
		key, want = q.Get("EVENTID"), "EVENTID="+q.Get("EVENTID")+"&"+version
		serve = func(w http.ResponseWriter) { fmt.Fprint(w, `{"detail":true}`) }
	default:
		s.t.Errorf("unknown request %s %s", r.Method, r.RequestURI)
		http.NotFound(w, r)
		return
	}
	if r.URL.RawQuery != want {
		s.t.Errorf("query %s, want %s", r.URL.RawQuery, want)
	}
	if h := s.broken[key]; h != nil {
		h(w, r)
		return
	}
	serve(w)
}

func (s *clientSite) tree(w http.ResponseWriter) {
	var parts []string
	for id := range s.events {
		parts = append(parts, fmt.Sprintf(`%q:{"G_DESC":"G%s"}`, id, id))
	}
	fmt.Fprintf(w, `{"R":"OK","D":{"PAL":{"2":{"S_DESC":"Basketball"},"1":{"S_DESC":"Soccer","NUM":9,
		"SG":{"12016":{"SG_DESC":"Spain","G":{%s}}}}}}}`, strings.Join(parts, ","))
}

func (s *clientSite) list(w http.ResponseWriter, group string) {
	var parts []string
	for i := range s.events[group] {
		parts = append(parts, fmt.Sprintf(`{"ID":%s%04d,"EXTID":"5%s%04d","DS":"A - B","STARTDATE":"2026-05-06 11:00:00"}`, group, i, group, i))
	}
	fmt.Fprintf(w, `{"R":"OK","D":{"E":[%s]}}`, strings.Join(parts, ","))
}

type decoder interface {
	Detail(body []byte, asked bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error)
}

// newClient makes a client of h; d takes the place of the decoder unless it is nil.
func newClient(t *testing.T, h http.Handler, now func() time.Time, d decoder) (*client.Client, *limit.Limiter) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{odds.Bet9ja: {Slots: 50, FirstPause: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	site := bet9ja.Site(client.Country{Code: "ng"}, table(t).Column(odds.Bet9ja, mapping.Bet9ja))
	if d != nil {
		site.ReadDetail = d.Detail
	}
	c, err := client.New(site, client.Config{
		URL: server.URL, Now: now, HTTP: fetch.Config{RetryDelay: time.Millisecond, MaxRetryDelay: 2 * time.Millisecond},
	}, group.Limiter(odds.Bet9ja), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, group.Limiter(odds.Bet9ja)
}

func clientAnswers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

var errAny = errors.New("any error")

func TestDiscover(t *testing.T) {
	t.Parallel()
	page := clientAnswers(200, "<html>")
	for name, tc := range map[string]struct {
		broken  map[string]http.HandlerFunc
		listed  int
		failed  string // the tournament that fails
		err     error  // of the whole
		blocked int
	}{
		"all answer":                {listed: 253},
		"one turns away":            {broken: map[string]http.HandlerFunc{"8": page}, listed: 250, failed: "8", blocked: 1},
		"one is empty with 202":     {broken: map[string]http.HandlerFunc{"8": clientAnswers(202, "")}, listed: 250, failed: "8", blocked: 1},
		"one is down":               {broken: map[string]http.HandlerFunc{"8": clientAnswers(502, "")}, listed: 250, failed: "8"},
		"one is broken":             {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"`)}, listed: 250, failed: "8"},
		"one says it does not know": {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"R":"E","D":false}`)}, listed: 250, failed: "8"},
		"one has D false":           {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"R":"OK","D":false}`)}, listed: 250, failed: "8"},
		"one is empty":              {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"R":"OK","D":{"E":[]}}`)}, listed: 250},
		"all are empty":             {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"R":"OK","D":{"E":[]}}`), "9": clientAnswers(200, `{"R":"OK","D":{"E":[]}}`)}},
		"all are silent":            {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"R":"OK","D":{}}`), "9": clientAnswers(200, `{"R":"OK","D":{}}`)}, err: discovery.ErrNoEvents},
		"all fail":                  {broken: map[string]http.HandlerFunc{"8": page, "9": page}, err: discovery.ErrNoTournament, blocked: 2},
		"the tree turns away":       {broken: map[string]http.HandlerFunc{"tree": clientAnswers(403, "")}, err: bookmaker.ErrPushedBack, blocked: 1},
		"the tree is refused":       {broken: map[string]http.HandlerFunc{"tree": clientAnswers(200, `{"R":"E","D":false}`)}, err: errAny},
		"the tree has no football":  {broken: map[string]http.HandlerFunc{"tree": clientAnswers(200, `{"R":"OK","D":{"PAL":{}}}`)}, err: errAny},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := &clientSite{t: t, events: map[string]int{"8": 3, "9": 250}, broken: tc.broken}
			client, limiter := newClient(t, site, clientNow, nil)
			found, err := client.Discover(t.Context())
			if (err != nil) != (tc.err != nil) || (tc.err != nil && !errors.Is(tc.err, errAny) && !errors.Is(err, tc.err)) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if found.Blocked != tc.blocked {
				t.Errorf("%d blocked, want %d", found.Blocked, tc.blocked)
			}
			if s := limiter.Stats(); s.InFlight != 0 {
				t.Errorf("left over: %+v", s)
			}
			if tc.err != nil {
				return
			}
			if len(found.Listings) != tc.listed {
				t.Errorf("%d listed, want %d", len(found.Listings), tc.listed)
			}
			for _, c := range found.Tournaments {
				if (c.Err != nil) != (tc.failed != "" && c.ID == clientPrefix+tc.failed) {
					t.Errorf("tournament %s: %v", c.ID, c.Err)
				}
			}
		})
	}
}

// clientDecoder keeps what it was given.
type clientDecoder struct {
	body string
	at   [2]time.Time
}

func (d *clientDecoder) Detail(body []byte, asked bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error) {
	d.body, d.at = string(body), [2]time.Time{requestedAt, capturedAt}
	return bookmaker.Detail{Listing: odds.Listing{EventID: asked.EventID}}, nil
}

func TestFetch(t *testing.T) {
	t.Parallel()
	site := &clientSite{t: t, broken: map[string]http.HandlerFunc{
		"away": clientAnswers(202, ""), "missing": clientAnswers(404, "{}"),
	}}
	d := new(clientDecoder)
	client, _ := newClient(t, site, clientNow, d)
	before := time.Now()
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "80001"}); err != nil {
		t.Fatal(err)
	}
	if d.body != `{"detail":true}` || d.at[0].Before(before) || d.at[1].Before(d.at[0]) {
		t.Errorf("decoder was given %q, %v", d.body, d.at)
	}
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "away"}); !errors.Is(err, bookmaker.ErrPushedBack) {
		t.Errorf("turned away: %v", err)
	}
	var status *fetch.StatusError
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "missing"}); !errors.As(err, &status) || status.Status != 404 {
		t.Errorf("404: %v", err)
	}
}

// What this bookmaker answers about an event that it does not know, read by the real decoder.
func TestFetchOfAnUnknownEvent(t *testing.T) {
	t.Parallel()
	site := &clientSite{t: t, broken: map[string]http.HandlerFunc{"gone": clientAnswers(200, `{"R":"E","D":false}`)}}
	client, _ := newClient(t, site, clientNow, newDecoder(t))
	_, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "gone"})
	var refused *odds.Refused
	if !errors.As(err, &refused) || refused.Reason != odds.NotOffered || fetch.OutcomeOf(err).Kind != limit.NotFound {
		t.Errorf("unknown event: %v", err)
	}
}

// The simulated site, which is written from the same facts by others, and the real decoder.
func TestAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	cfg := sim.DefaultConfig()
	cfg.Events, cfg.Offered, cfg.Tournaments = 140, [3]int{130, 135, 120}, [3]int{6, 8, 9}
	cfg.LargestShare, cfg.RequireHeaders = 0.9, true
	world, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	world.Freeze()
	client, limiter := newClient(t, world.Handler(string(odds.Bet9ja)), world.Now, newDecoder(t))
	found, err := client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type key struct{ ID, SrID, Home string }
	want, got := make(map[key]time.Time), make(map[key]time.Time)
	for _, e := range world.Events() {
		if l, ok := e.Listings[string(odds.Bet9ja)]; ok && e.Sport == "football" {
			want[key{l.EventID, l.SrID, l.HomeTeam}] = l.Kickoff
		}
	}
	for _, l := range found.Listings {
		got[key{l.EventID, l.SrID, l.HomeTeam}] = l.Kickoff
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kickoffs by event (-want +got):\n%s", diff)
	}
	for _, l := range found.Listings[:5] {
		permit, err := limiter.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d, err := client.Fetch(t.Context(), bookmaker.Target{EventID: l.EventID, SrID: l.SrID})
		permit.Release(fetch.OutcomeOf(err))
		if err != nil {
			t.Errorf("event %s: %v", l.EventID, err)
			continue
		}
		if d.Snapshot.EventID != l.EventID || !d.Listing.Kickoff.Equal(l.Kickoff) || len(d.Snapshot.Markets) < 20 {
			t.Errorf("event %s: %d markets, listing %+v", l.EventID, len(d.Snapshot.Markets), d.Listing)
		}
	}
}
