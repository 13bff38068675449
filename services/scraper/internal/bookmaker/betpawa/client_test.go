package betpawa_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/betpawa"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func clientNow() time.Time { return time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC) }

// clientSite is BetPawa on loopback: competitions with so many events each, and what else is put in their place.
type clientSite struct {
	t      *testing.T
	events map[string]int              // by competition
	broken map[string]http.HandlerFunc // by "tree", competition, or event id
	ignore bool                        // skip is ignored: every page is the first
	most   int                         // events on a page at most, whatever is asked for; 0 for no limit
	hide   int                         // events that every competition leaves out at its end
	counts bool                        // the tree says how many events there are
	name   string                      // of every event; "A - B" without one
	// widgets are those of every event, as JSON without the brackets.
	widgets string

	mu    sync.Mutex
	pages []string // "competition/skip", in the order asked
}

func (s *clientSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, want := range map[string]string{
		"X-Pawa-Brand": "betpawa-nigeria", "Devicetype": "web", "Accept": "application/json",
	} {
		if got := r.Header.Get(name); got != want {
			s.t.Errorf("%s: header %s is %q, want %q", r.RequestURI, name, got, want)
		}
	}
	const api = "/api/sportsbook/v4"
	key, serve := "tree", s.tree
	switch {
	case r.RequestURI == api+"/categories/list/2?includeRegions=true":
	case r.URL.Path == api+"/events/lists/by-queries":
		var competition string
		key, serve = s.query(r, &competition), s.list
	case strings.HasPrefix(r.URL.Path, api+"/events/"):
		key, serve = strings.TrimPrefix(r.URL.Path, api+"/events/"), s.detail
	default:
		s.t.Errorf("unknown path %s", r.RequestURI)
		http.NotFound(w, r)
		return
	}
	if h := s.broken[key]; h != nil {
		h(w, r)
		return
	}
	serve(w, r)
}

type clientQuery struct {
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

func (s *clientSite) read(r *http.Request) (string, int, int) {
	var q clientQuery
	if err := json.Unmarshal([]byte(r.URL.Query().Get("q")), &q); err != nil || len(q.Queries) != 1 {
		s.t.Errorf("query %s: %v", r.URL.Query().Get("q"), err)
		return "", 0, 0
	}
	one := q.Queries[0]
	if one.Query.EventType != "UPCOMING" || !one.Query.HasOdds || one.View == nil ||
		!gocmp.Equal(one.Query.Categories, []string{"2"}) || len(one.Query.Zones.Competitions) != 1 {
		s.t.Errorf("query %+v", one)
	}
	return one.Query.Zones.Competitions[0], one.Skip, one.Take
}

func (s *clientSite) query(r *http.Request, competition *string) string {
	var skip int
	*competition, skip, _ = s.read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = append(s.pages, fmt.Sprintf("%s/%d", *competition, skip))
	if key := s.pages[len(s.pages)-1]; s.broken[key] != nil {
		return key
	}
	return *competition
}

func (s *clientSite) tree(w http.ResponseWriter, _ *http.Request) {
	var parts []string
	for id := range s.events {
		counts := ""
		if s.counts && s.events[id] > 0 {
			counts = fmt.Sprintf(`,"eventCounts":{"upcoming":"%d","live":3}`, s.events[id])
		}
		parts = append(parts, fmt.Sprintf(`{"competition":{"id":%q,"name":"C%s"}%s}`, id, id, counts))
	}
	fmt.Fprintf(w, `{"withRegions":[{"regions":[{"region":{"id":"1","name":"Spain"},"competitions":[%s]}]}]}`, strings.Join(parts, ","))
}

func (s *clientSite) list(w http.ResponseWriter, r *http.Request) {
	competition, skip, take := s.read(r)
	if s.ignore {
		skip = 0
	}
	if s.most > 0 {
		take = min(take, s.most)
	}
	var parts []string
	for i := skip; i < min(skip+take, s.events[competition]-s.hide); i++ {
		parts = append(parts, fmt.Sprintf(`{"id":"%s%04d","name":%q,"startTime":"2026-05-06T11:00:00Z","widgets":[%s]}`, competition, i, cmp.Or(s.name, "A - B"), s.widgets))
	}
	if len(parts) == 0 {
		fmt.Fprint(w, `{"responses":[{}]}`)
		return
	}
	fmt.Fprintf(w, `{"responses":[{"responses":[%s]}]}`, strings.Join(parts, ","))
}

func (s *clientSite) detail(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id":"1"}`) }

// clientDecoder tells SportRadar ids by the event id, and keeps what it was given.
type clientDecoder struct {
	sr   string
	of   string // the event that the answer is about; empty for the one asked for
	err  error
	body string
	at   [2]time.Time
}

func (d *clientDecoder) Detail(body []byte, asked bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error) {
	d.body, d.at = string(body), [2]time.Time{requestedAt, capturedAt}
	return bookmaker.Detail{Listing: odds.Listing{EventID: cmp.Or(d.of, asked.EventID), SrID: d.sr}}, d.err
}

type decoder interface {
	Detail(body []byte, asked bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error)
}

// newClient makes a client of h; d takes the place of the decoder unless it is nil.
func newClient(t *testing.T, h http.Handler, now func() time.Time, d decoder) (*client.Client, *limit.Limiter) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{odds.BetPawa: {Slots: 50, FirstPause: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	site := betpawa.Site(client.Country{Code: "ng", ID: "betpawa-nigeria"}, table(t).Column(odds.BetPawa, mapping.BetPawa))
	if d != nil {
		site.ReadDetail = d.Detail
	}
	c, err := client.New(site, client.Config{
		URL: server.URL, Now: now, HTTP: fetch.Config{RetryDelay: time.Millisecond, MaxRetryDelay: 2 * time.Millisecond},
	}, group.Limiter(odds.BetPawa), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, group.Limiter(odds.BetPawa)
}

func clientAnswers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// asks are the pages that a site was asked for, with how often.
func (s *clientSite) asks() map[string]int {
	asks := make(map[string]int)
	for _, page := range s.pages {
		asks[page]++
	}
	return asks
}

// A site that caps its pages is read to the end: on from what arrived, not from what was asked for.
func TestDiscoverPagesOnByWhatArrived(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		site *clientSite
		asks map[string]int
	}{
		"capped":             {&clientSite{most: 50}, map[string]int{"8/0": 1, "8/50": 1, "8/100": 1, "8/120": 1}},
		"capped, and counts": {&clientSite{most: 50, counts: true}, map[string]int{"8/0": 1, "8/50": 1, "8/100": 1}},
		"counts":             {&clientSite{counts: true}, map[string]int{"8/0": 1, "8/100": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := tc.site
			site.t, site.events = t, map[string]int{"8": 120}
			client, _ := newClient(t, site, clientNow, nil)
			found, err := client.Discover(t.Context())
			if err != nil || found.Partial() || len(found.Listings) != 120 {
				t.Errorf("%d events, partial %t, %v", len(found.Listings), found.Partial(), err)
			}
			if diff := gocmp.Diff(tc.asks, site.asks()); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
		})
	}
}

// A list that is shorter than the site's own count is used, and makes its competition partial.
func TestDiscoverShortList(t *testing.T) {
	t.Parallel()
	site := &clientSite{t: t, events: map[string]int{"8": 10, "9": 130}, hide: 4, counts: true}
	client, _ := newClient(t, site, clientNow, nil)
	found, err := client.Discover(t.Context())
	if err != nil || len(found.Listings) != 6+126 || found.Refusals[odds.ShortList] != 2 {
		t.Errorf("%d events, refusals %v, %v", len(found.Listings), found.Refusals, err)
	}
	for _, c := range found.Tournaments {
		if !errors.Is(c.Err, discovery.ErrShortList) {
			t.Errorf("competition %s: %v", c.ID, c.Err)
		}
	}
	site.hide = 0
	if found, err = client.Discover(t.Context()); err != nil || found.Partial() || len(found.Listings) != 140 {
		t.Errorf("afterwards: %d events, partial %t, %v", len(found.Listings), found.Partial(), err)
	}
}

// An event whose detail has no SportRadar id either is counted, and asked for again only when its list says something
// else.
func TestEventsWithoutSrID(t *testing.T) {
	t.Parallel()
	site := &clientSite{t: t, events: map[string]int{"8": 2}}
	decoder := &clientDecoder{err: odds.Refuse(odds.NoSrID, "GENIUSSPORTS alone")}
	now := clientNow()
	client, _ := newClient(t, site, func() time.Time { return now }, decoder)
	discover := func() (listed, refused int) {
		t.Helper()
		found, err := client.Discover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range found.Listings {
			if l.SrID == "" { // as the cycle does
				listed++
				if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: l.EventID}); err == nil {
					t.Fatal("the refusal was lost")
				}
			}
		}
		return listed, found.Refusals[odds.NoSrID]
	}
	if listed, refused := discover(); listed != 2 || refused != 0 {
		t.Errorf("at first: %d to ask for, %d refused", listed, refused)
	}
	for range 3 { // nothing else is listed, and yet the list was read
		if listed, refused := discover(); listed != 0 || refused != 2 {
			t.Errorf("later: %d to ask for, %d refused", listed, refused)
		}
	}
	site.widgets = `{"id":"13599033","type":"GENIUSSPORTS"}`
	if listed, refused := discover(); listed != 2 || refused != 0 {
		t.Errorf("with other widgets: %d to ask for, %d refused", listed, refused)
	}
	site.events["9"] = 1 // beside what is known to have none
	decoder.err = nil
	for range 3 {
		found, err := client.Discover(t.Context())
		if err != nil || len(found.Listings) != 1 || found.Refusals[odds.NoSrID] != 2 {
			t.Errorf("later: %d listed, refusals %v, %v", len(found.Listings), found.Refusals, err)
		}
	}
	site.name = "Another - Name"
	if found, err := client.Discover(t.Context()); err != nil || len(found.Listings) != 3 {
		t.Errorf("when the list says something else: %d listed, %v", len(found.Listings), err)
	}
}

func TestDiscoverReadsEveryPage(t *testing.T) {
	t.Parallel()
	site := &clientSite{t: t, counts: true, events: map[string]int{"7": 0, "8": 99, "9": 100, "10": 101, "11": 250}}
	client, limiter := newClient(t, site, clientNow, nil)
	found, err := client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for _, l := range found.Listings {
		counts[l.TournamentID]++
		if l.Country != "Spain" || l.Tournament != "C"+l.TournamentID {
			t.Fatalf("listing %+v", l)
		}
	}
	if diff := gocmp.Diff(map[string]int{"8": 99, "9": 100, "10": 101, "11": 250}, counts); diff != "" {
		t.Errorf("events by competition (-want +got):\n%s", diff)
	}
	asked := site.asks()
	want := map[string]int{"7/0": 1, "8/0": 1, "9/0": 1, "9/100": 1, "10/0": 1, "10/100": 1, "11/0": 1, "11/100": 1, "11/200": 1}
	if diff := gocmp.Diff(want, asked); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if len(found.Tournaments) != 5 || found.Partial() {
		t.Errorf("tournaments %+v", found.Tournaments)
	}
	if s := limiter.Stats(); s.InFlight != 0 {
		t.Errorf("left over: %+v", s)
	}
}

func TestDiscoverWithFaults(t *testing.T) {
	t.Parallel()
	page := clientAnswers(200, "<html>")
	for name, tc := range map[string]struct {
		broken  map[string]http.HandlerFunc
		ignore  bool
		listed  int
		failed  string // the competition that fails
		err     error  // of the whole
		blocked int
	}{
		"one competition turns away":  {broken: map[string]http.HandlerFunc{"8": page}, listed: 151, failed: "8", blocked: 1},
		"one competition is down":     {broken: map[string]http.HandlerFunc{"8": clientAnswers(500, "")}, listed: 151, failed: "8"},
		"one competition of a shape":  {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"events":[]}`)}, listed: 151, failed: "8"},
		"a second page fails":         {broken: map[string]http.HandlerFunc{"9/100": clientAnswers(404, "{}")}, listed: 150, failed: "9"},
		"pages repeat":                {ignore: true, listed: 150, failed: "9"},
		"the tree turns away":         {broken: map[string]http.HandlerFunc{"tree": clientAnswers(403, "")}, err: bookmaker.ErrPushedBack, blocked: 1},
		"the tree is empty":           {broken: map[string]http.HandlerFunc{"tree": clientAnswers(200, `{"withRegions":[]}`)}, err: errAny},
		"the tree is retired":         {broken: map[string]http.HandlerFunc{"tree": clientAnswers(404, `{}`)}, err: errAny},
		"every competition is silent": {broken: map[string]http.HandlerFunc{"8": clientAnswers(200, `{"responses":[{}]}`), "9": clientAnswers(200, `{"responses":[{}]}`)}, err: discovery.ErrNoEvents},
		"every competition fails":     {broken: map[string]http.HandlerFunc{"8": page, "9": page, "9/100": page}, err: discovery.ErrNoTournament, blocked: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := &clientSite{t: t, events: map[string]int{"8": 50, "9": 101}, broken: tc.broken, ignore: tc.ignore}
			if tc.failed == "8" {
				site.events["9"] = 151
			}
			client, _ := newClient(t, site, clientNow, nil)
			found, err := client.Discover(t.Context())
			if (err != nil) != (tc.err != nil) || (tc.err != nil && !errors.Is(tc.err, errAny) && !errors.Is(err, tc.err)) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if found.Blocked != tc.blocked {
				t.Errorf("%d blocked, want %d", found.Blocked, tc.blocked)
			}
			if tc.err != nil {
				return
			}
			if len(found.Listings) != tc.listed {
				t.Errorf("%d listed, want %d", len(found.Listings), tc.listed)
			}
			for _, c := range found.Tournaments {
				if (c.Err != nil) != (c.ID == tc.failed) {
					t.Errorf("competition %s: %v", c.ID, c.Err)
				}
			}
		})
	}
}

var errAny = errors.New("any error")

func TestFetch(t *testing.T) {
	t.Parallel()
	site := &clientSite{t: t, events: map[string]int{"8": 2}, broken: map[string]http.HandlerFunc{
		"gone": clientAnswers(404, `{"error":"NOT_FOUND"}`), "away": clientAnswers(202, ""),
	}}
	decoder := &clientDecoder{sr: "777"}
	client, _ := newClient(t, site, clientNow, decoder)
	before := time.Now()
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "80001"}); err != nil {
		t.Fatal(err)
	}
	if decoder.body != `{"id":"1"}` || decoder.at[0].Before(before) || decoder.at[1].Before(decoder.at[0]) {
		t.Errorf("decoder was given %q, %v", decoder.body, decoder.at)
	}
	var refused *odds.Refused
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "gone"}); !errors.As(err, &refused) ||
		refused.Reason != odds.NotOffered || fetch.OutcomeOf(err).Kind != limit.NotFound {
		t.Errorf("unknown event: %v", err)
	}
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "away"}); !errors.Is(err, bookmaker.ErrPushedBack) {
		t.Errorf("turned away: %v", err)
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
	client, limiter := newClient(t, world.Handler(string(odds.BetPawa)), world.Now, newDecoder(t))
	found, err := client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]time.Time)
	for _, e := range world.Events() {
		if l, ok := e.Listings[string(odds.BetPawa)]; ok && e.Sport == "football" {
			want[l.EventID] = l.Kickoff
		}
	}
	got := make(map[string]time.Time)
	for _, l := range found.Listings {
		got[l.EventID] = l.Kickoff
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("kickoffs by event (-want +got):\n%s", diff)
	}
	for _, l := range found.Listings[:5] {
		clientFetchOne(t, client, limiter, l)
	}
}

func clientFetchOne(t *testing.T, client *client.Client, limiter *limit.Limiter, l odds.Listing) {
	t.Helper()
	permit, err := limiter.Acquire(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	d, err := client.Fetch(t.Context(), bookmaker.Target{EventID: l.EventID, SrID: l.SrID})
	permit.Release(fetch.OutcomeOf(err))
	if err != nil {
		t.Errorf("event %s: %v", l.EventID, err)
		return
	}
	if d.Snapshot.EventID != l.EventID || !d.Listing.Kickoff.Equal(l.Kickoff) || len(d.Snapshot.Markets) < 20 {
		t.Errorf("event %s: %d markets, listing %+v", l.EventID, len(d.Snapshot.Markets), d.Listing)
	}
}
