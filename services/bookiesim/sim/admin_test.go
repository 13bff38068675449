package sim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestAdmin(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.Bookmakers()...)
	call := func(method, target, body string) (int, string) {
		rec := httptest.NewRecorder()
		w.Combined().ServeHTTP(rec, httptest.NewRequest(method, target, strings.NewReader(body)))
		return rec.Code, rec.Body.String()
	}
	expect := func(method, target, body string, status int, text string) {
		t.Helper()
		if code, got := call(method, target, body); code != status || !strings.Contains(got, text) {
			t.Errorf("%s %s: %d %.300s, want %d %q", method, target, code, got, status, text)
		}
	}
	expect(http.MethodPost, "/_sim/faults", `[{"bookmaker":"bet9ja","kind":"html","share":1}]`, 200, "ok")
	expect(http.MethodGet, detailPath(sim.Bet9ja, e.Listings[sim.Bet9ja].EventID), "", 200, "<html>")
	expect(http.MethodGet, "/_sim/state", "", 200, `"kind":"html"`)
	expect(http.MethodPost, "/_sim/faults", `[{"kind":"flood"}]`, 400, "invalid fault kind")
	expect(http.MethodPost, "/_sim/faults", `{`, 400, "reading faults")
	expect(http.MethodDelete, "/_sim/faults", "", 200, "ok")
	expect(http.MethodGet, detailPath(sim.Bet9ja, e.Listings[sim.Bet9ja].EventID), "", 200, `"R":"OK"`)
	expect(http.MethodGet, detailPath(sim.SportyBet, e.Listings[sim.SportyBet].EventID), "", 200, `"bizCode":10000`)
	expect(http.MethodGet, "/_sim/events", "", 200, e.SrID)
	expect(http.MethodGet, "/_sim/markets/betpawa/"+e.SrID, "", 200, `"market_id":"3743"`)
	expect(http.MethodGet, "/_sim/markets/betpawa/1", "", 404, "not in the simulated world")
	expect(http.MethodGet, "/_sim/ways/bet9ja", "", 200, `"dash_price"`)
	expect(http.MethodPost, "/_sim/close/bet9ja/"+e.SrID+"?market=3743&way=dash_price", "", 200, "ok")
	expect(http.MethodGet, "/_sim/markets/bet9ja/"+e.SrID, "", 200, `"offer":"closed","way":"dash_price"`)
	expect(http.MethodPost, "/_sim/reopen/bet9ja/"+e.SrID+"?market=3743", "", 200, "ok")
	expect(http.MethodPost, "/_sim/close/bet9ja/"+e.SrID+"?market=3743&outcome=X&way=gone", "", 200, "ok")
	expect(http.MethodGet, "/_sim/markets/bet9ja/"+e.SrID, "", 200, `"name":"X","odds":0,"active":false,"offer":"not_offered","way":"gone"`)
	expect(http.MethodPost, "/_sim/reopen/bet9ja/"+e.SrID+"?market=3743", "", 200, "ok")
	expect(http.MethodPost, "/_sim/close/bet9ja/"+e.SrID+"?market=3743&way=banned", "", 404, "banned")
	expect(http.MethodPost, "/_sim/close/bet9ja/"+e.SrID+"?market=3743&outcome=Y&way=gone", "", 404, "outcome")
	expect(http.MethodPost, "/_sim/close/nobody/"+e.SrID+"?market=3743&way=gone", "", 404, "nobody")
	expect(http.MethodPost, "/_sim/freeze", "", 200, "ok")
	expect(http.MethodGet, "/_sim/state", "", 200, `"frozen":true`)
	expect(http.MethodPost, "/_sim/move-odds?share=0.5&round=3", "", 200, `"changed":`)
	expect(http.MethodPost, "/_sim/move-odds?share=2", "", 400, "share")
	expect(http.MethodPost, "/_sim/unfreeze", "", 200, "ok")
	expect(http.MethodPost, "/_sim/vanish/betpawa/"+e.SrID, "", 200, "ok")
	expect(http.MethodGet, "/api/sportsbook/v4/events/"+e.Listings[sim.BetPawa].EventID, "", 404, "NOT_FOUND")
	expect(http.MethodPost, "/_sim/restore/betpawa/"+e.SrID, "", 200, "ok")
	expect(http.MethodPost, "/_sim/recreate/betpawa/"+e.SrID, "", 200, "ok")
	expect(http.MethodPost, "/_sim/postpone/"+e.SrID+"?kickoff=2030-03-05T10:00:00Z", "", 200, "ok")
	expect(http.MethodPost, "/_sim/postpone/"+e.SrID+"?kickoff=soon", "", 400, "kickoff")
	expect(http.MethodPost, "/_sim/change-sr-id/bet9ja/"+e.SrID+"?to=69123456", "", 200, "ok")
	expect(http.MethodPost, "/_sim/dance/"+e.SrID, "", 404, "dance")
	expect(http.MethodPost, "/_sim/reset-counters", "", 200, "ok")
	var now sim.Event
	_, events := call(http.MethodGet, "/_sim/events", "")
	var all []sim.Event
	must(t, json.Unmarshal([]byte(events), &all))
	for _, one := range all {
		if one.SrID == e.SrID {
			now = one
		}
	}
	if now.Kickoff.Format("15:04") != "10:00" || now.Listings[sim.Bet9ja].SrID != "69123456" ||
		now.Listings[sim.BetPawa].EventID == e.Listings[sim.BetPawa].EventID {
		t.Errorf("after the moves: %+v", now)
	}
	if c := w.Counters()[sim.BetPawa]; c.Requests != 0 {
		t.Errorf("counters %+v after a reset", c)
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*sim.Config){
		"Events":       func(c *sim.Config) { c.Events = 0 },
		"Offered":      func(c *sim.Config) { c.Offered = [3]int{10, 10, 10} },
		"Tournaments":  func(c *sim.Config) { c.Tournaments[1] = 0 },
		"Tick":         func(c *sim.Config) { c.Tick = 0 },
		"MoveShare":    func(c *sim.Config) { c.MoveShare = 2 },
		"Closings":     func(c *sim.Config) { c.Closings.Markets = 0.6 },
		"unknown way":  func(c *sim.Config) { c.Closings.Ways = []sim.Way{"shut"} },
		"Density":      func(c *sim.Config) { c.Density = "dense" },
		"Shape":        func(c *sim.Config) { c.Shape = "v5" },
		"fault kind":   func(c *sim.Config) { c.Faults = []sim.Fault{{Kind: "flood"}} },
		"fault status": func(c *sim.Config) { c.Faults = []sim.Fault{{Kind: sim.Slow, Status: 200}} },
	}
	for want, spoil := range tests {
		cfg := sim.DefaultConfig()
		spoil(&cfg)
		if _, err := sim.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := sim.RealConfig().Validate(); err != nil {
		t.Error(err)
	}
}
