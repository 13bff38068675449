package client_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func now() time.Time { return time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC) }

// size is how many events the site has on a page at most.
const size = 100

// site is a bookmaker on loopback of the simplest shape: tournaments with so many events each, whose ids count up behind
// the tournament's, listed without SportRadar ids.
type site struct {
	t      *testing.T
	events map[string]int    // by tournament
	broken map[string]string // answers by tournament, or tournament/skip
	ignore bool              // skip is ignored: every page is the first
	twice  bool              // every page lists its first event twice
	most   int               // events on a page at most, whatever is requested; 0 for no limit
	hide   int               // events that every tournament leaves out at its end
	counts bool              // the site says how many events there are
	name   string            // of every event
	hint   string            // of every event

	// What details have: the SportRadar id, the event that they are about when it is another one, and the error.
	srID, about string
	err         error

	mu    sync.Mutex
	pages map[string]int // how often "tournament/skip" was requested
}

type listed struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tournament, ok := strings.CutPrefix(r.URL.Path, "/events/")
	if !ok {
		fmt.Fprint(w, "{}") // ReadTournaments and ReadDetail need no more
		return
	}
	skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
	key := fmt.Sprintf("%s/%d", tournament, skip)
	s.mu.Lock()
	if s.pages == nil {
		s.pages = make(map[string]int)
	}
	s.pages[key]++
	s.mu.Unlock()
	if answer := cmp.Or(s.broken[key], s.broken[tournament]); answer != "" {
		fmt.Fprint(w, answer)
		return
	}
	if s.ignore {
		skip = 0
	}
	page := make([]listed, 0, size)
	for i := skip; i < min(skip+cmp.Or(s.most, size), s.events[tournament]-s.hide); i++ {
		page = append(page, listed{fmt.Sprintf("%s%04d", tournament, i), cmp.Or(s.name, "A - B")})
	}
	if s.twice && len(page) > 0 {
		page[len(page)-1] = page[0]
	}
	if err := json.NewEncoder(w).Encode(page); err != nil {
		s.t.Error(err)
	}
}

func (s *site) readTournaments([]byte) (found []bookmaker.Tournament, total int, err error) {
	for id, n := range s.events {
		t := bookmaker.Tournament{ID: id, Name: "T" + id}
		if s.counts {
			t.Count = n
		}
		found = append(found, t)
	}
	return found, 0, nil
}

func (s *site) readEvents(body []byte, t bookmaker.Tournament, now time.Time, page *discovery.Page) error {
	var all []listed
	if err := json.Unmarshal(body, &all); err != nil {
		return odds.Reject(odds.NotJSON, "%v", err)
	}
	for _, e := range all {
		l := odds.Listing{EventID: e.ID, Name: e.Name, Kickoff: now.Add(time.Hour), TournamentID: t.ID}
		page.Enter(l, "", now)
		page.Hint(e.ID, s.hint)
	}
	return nil
}

func (s *site) readDetail(_ []byte, target bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error) {
	return bookmaker.Detail{
		Listing:  odds.Listing{EventID: cmp.Or(s.about, target.EventID), SrID: s.srID},
		Snapshot: odds.Snapshot{RequestedAt: requestedAt, CapturedAt: capturedAt},
	}, s.err
}

// newClient makes a client of the site.
func newClient(t *testing.T, s *site) *client.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{odds.BetPawa: {Slots: 50, FirstPause: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Site{
		Bookmaker:       odds.BetPawa,
		Tournaments:     func(time.Time) fetch.Request { return fetch.Request{Path: "/tournaments"} },
		ReadTournaments: s.readTournaments,
		Events: func(t bookmaker.Tournament, skip int) fetch.Request {
			return fetch.Request{Path: fmt.Sprintf("/events/%s?skip=%d", t.ID, skip)}
		},
		ReadEvents: s.readEvents, PageSize: size,
		Detail:     func(eventID string, _ time.Time) fetch.Request { return fetch.Request{Path: "/detail/" + eventID} },
		ReadDetail: s.readDetail, SparseIDs: true,
	}, client.Config{
		URL: server.URL, Now: now, HTTP: fetch.Config{RetryDelay: time.Millisecond, MaxRetryDelay: 2 * time.Millisecond},
	}, group.Limiter(odds.BetPawa), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
