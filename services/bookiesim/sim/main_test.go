package sim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is the time of a test's world.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// start is when every test's world begins.
func start() time.Time { return time.Date(2030, 3, 1, 12, 0, 0, 0, time.UTC) }

// small is a world of few events in which nothing happens by chance unless a test says so.
func small() sim.Config {
	c := sim.DefaultConfig()
	c.Events, c.Offered, c.Tournaments = 24, [3]int{20, 23, 22}, [3]int{6, 8, 10}
	c.Life, c.Closings = sim.Life{}, sim.Closings{}
	return c
}

// newWorld makes a world with a clock of its own.
func newWorld(t testing.TB, cfg sim.Config) (*sim.World, *clock) {
	t.Helper()
	c := &clock{}
	c.at.Store(start().UnixNano())
	cfg.Now = c.now
	w, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w, c
}

// send sends a request to one bookmaker of a world.
func send(t testing.TB, w *sim.World, bookmaker, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, bytes.NewReader([]byte(body)))
	r.Header.Set("Accept", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.Handler(bookmaker).ServeHTTP(rec, r)
	return rec
}

// read decodes an answer, keeping numbers as they were written.
func read[T any](t testing.TB, rec *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %.200s", rec.Code, rec.Body)
	}
	d := json.NewDecoder(rec.Body)
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("something follows the answer: %v", err)
	}
	return v
}

// detailPath is where a bookmaker's event is found.
func detailPath(bookmaker, id string) string {
	switch bookmaker {
	case sim.BetPawa:
		return "/api/sportsbook/v4/events/" + id
	case sim.SportyBet:
		return "/api/ng/factsCenter/event?productId=3&_t=1&eventId=" + url.QueryEscape(id)
	default:
		return "/desktop/feapi/PalimpsestAjax/GetEvent?v_cache_version=1.301.2.225&EVENTID=" + id
	}
}

// detail is a bookmaker's answer about one event.
func detail(t testing.TB, w *sim.World, bookmaker, id string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, w, bookmaker, http.MethodGet, detailPath(bookmaker, id), "")
}

// footballOn is an event that all the bookmakers named show.
func footballOn(t testing.TB, w *sim.World, bookmakers ...string) sim.Event {
	t.Helper()
	for _, e := range w.Events() {
		all := e.Sport == "football"
		for _, b := range bookmakers {
			_, ok := e.Listings[b]
			all = all && ok
		}
		if all {
			return e
		}
	}
	t.Fatalf("no football event on %v", bookmakers)
	return sim.Event{}
}
