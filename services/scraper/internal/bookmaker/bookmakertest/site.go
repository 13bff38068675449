package bookmakertest

import (
	"cmp"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// TreeKey is the key of the request for the tournaments in Site.Answers.
const TreeKey = "tree"

// Site is a bookmaker on loopback with a client of it. Its fields are changed only while no request is under way.
type Site struct {
	Client  *client.Client
	Limiter *limit.Limiter
	Clock   *clock.Clock

	Tournaments []Tournament
	Events      map[string][]Event // by tournament
	// Answers take the place of good ones: by TreeKey, a tournament's id, that and "/skip", or an event's id.
	Answers map[string]Answer
	// Rewrite changes every good answer; nil leaves it.
	Rewrite func(body string) string
	// Hold, if not nil, is run before a request is answered.
	Hold func(r *http.Request)
	// Header is sent with every answer.
	Header http.Header

	fixture Fixture
	t       testing.TB
	busy    atomic.Int64 // requests under way
	most    atomic.Int64 // of them at the same time

	mu       sync.Mutex // guards the rest
	requests []Request
}

// NewSite starts a site with tournaments of so many events each. Its client has so many slots.
func NewSite(t testing.TB, f Fixture, slots int, events ...int) *Site {
	t.Helper()
	s := &Site{
		Events: make(map[string][]Event), Answers: make(map[string]Answer), Header: make(http.Header), Clock: clock.New(nil),
		fixture: f, t: t,
	}
	for i, n := range events {
		of := f.tournament(i + 1)
		for j := range n {
			s.Events[of.ID] = append(s.Events[of.ID], f.event(of, j+1))
		}
		if f.Counts {
			of.Count = n
		}
		s.Tournaments = append(s.Tournaments, of)
	}
	row, ok := registry.Lookup(f.Bookmaker)
	if !ok {
		t.Fatalf("%s has no row in the registry", f.Bookmaker)
	}
	group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{f.Bookmaker: {Slots: slots, FirstPause: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	s.Limiter = group.Limiter(f.Bookmaker)
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Client, err = row.NewClient(table, client.Config{
		URL: server.URL, Now: Now,
		HTTP: fetch.Config{RetryDelay: time.Millisecond, MaxRetryDelay: 2 * time.Millisecond, Clock: s.Clock},
	}, s.Limiter, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Client.Close)
	return s
}

// ServeHTTP answers a request that has a permit.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	busy := s.busy.Add(1)
	defer s.busy.Add(-1)
	for most := s.most.Load(); busy > most && !s.most.CompareAndSwap(most, busy); {
		most = s.most.Load()
	}
	if held := s.Limiter.Stats().InFlight; held < 1 {
		s.t.Errorf("%s was sent while %d permits are out", r.URL.Path, held)
	}
	request := s.fixture.Route(s.t, r)
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.mu.Unlock()
	if s.Hold != nil {
		s.Hold(r)
	}
	answer := s.answer(request)
	maps.Copy(w.Header(), s.Header)
	w.WriteHeader(cmp.Or(answer.Status, http.StatusOK))
	if _, err := w.Write([]byte(answer.Body)); err != nil {
		return // the client left
	}
}

func (s *Site) answer(r Request) Answer {
	keys := []string{r.key(), r.ID}
	if r.Call == fetch.TournamentsCall {
		keys = []string{TreeKey}
	}
	for _, key := range keys {
		if a, ok := s.Answers[key]; ok {
			return a
		}
	}
	a := s.good(r)
	if s.Rewrite != nil && a.Status == 0 {
		a.Body = s.Rewrite(a.Body)
	}
	return a
}

// good is the answer of a site that is at ease.
func (s *Site) good(r Request) Answer {
	if r.Call == fetch.TournamentsCall {
		return Answer{Body: s.fixture.Tournaments(s.Tournaments)}
	}
	for _, t := range s.Tournaments {
		events := s.Events[t.ID]
		if r.Call == fetch.EventsCall && t.ID == r.ID {
			events = events[min(r.Skip, len(events)):]
			if r.Take > 0 {
				events = events[:min(r.Take, len(events))]
			}
			return Answer{Body: s.fixture.Events(t, events)}
		}
		for _, e := range events {
			if r.Call == fetch.DetailCall && e.ID == r.ID {
				return Answer{Body: s.fixture.Detail(e)}
			}
		}
	}
	return s.fixture.Unknown
}

// Requests counts the requests of a call so far.
func (s *Site) Requests(call fetch.Call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if r.Call == call {
			n++
		}
	}
	return n
}

// Released fails the test if a permit is still out.
func (s *Site) Released(t testing.TB) {
	t.Helper()
	if stats := s.Limiter.Stats(); stats.InFlight != 0 || stats.Waiting != 0 {
		t.Errorf("%d permits are still out, %d waiters", stats.InFlight, stats.Waiting)
	}
}
