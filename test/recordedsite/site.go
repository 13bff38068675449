// Package recordedsite serves recorded event details behind the bookmakers' real paths, with list answers made to
// match, so that a scraper can be pointed at real answers without a network.
//
// It is not the simulator (services/bookiesim): nothing here moves by itself, and only what was recorded is offered.
package recordedsite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Event is a recorded event, as the three bookmakers know it. Empty ids are bookmakers that do not list it.
type Event struct {
	SrID      string
	BetPawa   string // own id
	SportyBet string // own id, sr:match:…
	Bet9ja    string // own id
	Kickoff   time.Time

	betpawa, sportybet, bet9ja map[string]any
}

// Site is the three bookmakers on one address. Its methods may be called while it serves.
type Site struct {
	*httptest.Server

	mu     sync.Mutex
	events []*Event
	// faults answers instead of the site, by path; see Break.
	faults map[string]http.HandlerFunc
	hits   map[string]int
}

// Folder is where the recorded payloads are. Without RECORDED the test is skipped, and fails when REQUIRE_RECORDED=1.
func Folder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("RECORDED")
	if dir != "" {
		return dir
	}
	const missing = "RECORDED does not name the folder of recorded payloads"
	if os.Getenv("REQUIRE_RECORDED") == "1" {
		t.Fatal(missing)
	}
	t.Skip("SKIPPED: " + missing)
	return ""
}

// New starts a site without events. It is closed when the test ends.
func New(t testing.TB) *Site {
	t.Helper()
	s := &Site{faults: make(map[string]http.HandlerFunc), hits: make(map[string]int)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// Add offers an event read from files (empty for a bookmaker that does not list it), kicking off when told. An answer
// is served as recorded but for the kickoff.
func (s *Site) Add(t testing.TB, betpawa, sportybet, bet9ja string, kickoff time.Time) *Event {
	t.Helper()
	e := &Event{betpawa: read(t, betpawa), sportybet: read(t, sportybet), bet9ja: read(t, bet9ja)}
	if e.betpawa != nil {
		e.BetPawa = fmt.Sprint(e.betpawa["id"])
		for _, w := range list(e.betpawa["widgets"]) {
			if object(w)["type"] == "SPORTRADAR" {
				e.SrID = fmt.Sprint(object(w)["id"])
			}
		}
	}
	if e.sportybet != nil {
		e.SportyBet = fmt.Sprint(object(e.sportybet["data"])["eventId"])
		e.SrID = e.SportyBet[len("sr:match:"):]
	}
	if e.bet9ja != nil {
		d := object(e.bet9ja["D"])
		e.Bet9ja, e.SrID = fmt.Sprint(d["ID"]), fmt.Sprint(d["EXTID"])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	e.move(kickoff)
	return e
}

// Wuhan offers event 68995116, which all three bookmakers list.
func (s *Site) Wuhan(t testing.TB, kickoff time.Time) *Event {
	t.Helper()
	dir := filepath.Join(Folder(t), "football-68995116")
	return s.Add(t, filepath.Join(dir, "betpawa-v3.json"), filepath.Join(dir, "sportybet.json"), filepath.Join(dir, "bet9ja.json"), kickoff)
}

// Move changes an event's kickoff at all bookmakers.
func (s *Site) Move(e *Event, kickoff time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.move(kickoff)
}

// Edit changes an event's answers; change gets the three decoded answers.
func (s *Site) Edit(e *Event, change func(betpawa, sportybet, bet9ja map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(e.betpawa, e.sportybet, e.bet9ja)
}

// Break lets a handler answer all requests to a path, nil to mend it.
func (s *Site) Break(path string, handler http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if handler == nil {
		delete(s.faults, path)
		return
	}
	s.faults[path] = handler
}

// Hits is how often a path was asked for.
func (s *Site) Hits(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[path]
}

func (e *Event) move(kickoff time.Time) {
	e.Kickoff = kickoff.UTC().Truncate(time.Second)
	if e.betpawa != nil {
		e.betpawa["startTime"] = e.Kickoff.Format(time.RFC3339)
	}
	if e.sportybet != nil {
		object(e.sportybet["data"])["estimateStartTime"] = e.Kickoff.UnixMilli()
	}
	if e.bet9ja != nil {
		object(e.bet9ja["D"])["STARTDATE"] = e.Kickoff.Format(time.DateTime)
	}
}

// read decodes a payload with its numbers as they are written.
func read(t testing.TB, file string) map[string]any {
	t.Helper()
	if file == "" {
		return nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	return v
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }
func list(v any) []any            { l, _ := v.([]any); return l }
