package sim_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// The shapes that a reader of Bet9ja relies on.
type (
	nineAnswer[T any] struct {
		R string
		D T
	}
	nineEvent struct {
		ID, GID, SGID, SID   json.Number
		EXTID, DS, STARTDATE string
		GN, SG, S            string
		O                    map[string]string
		AUX                  map[string]map[string]json.Number
		MK                   []nineMarket
		ENDVISIBILITYDATE    string
	}
	nineMarket struct {
		ID, DS, MDESC, GCAT, MARKETID, P, VW, CNT, CNTLABEL string
		SGN, SGNK                                           []string
	}
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// nineKey takes a key of the map of prices apart.
func nineKey(key string) (market, param, suffix string) {
	rest, _ := strings.CutPrefix(key, "S_")
	market, suffix, _ = strings.Cut(rest, "_")
	market, param, _ = strings.Cut(market, "@")
	return "S_" + market, param, suffix
}

func TestBet9jaDetailIsDescribedByItsOwnDictionary(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	for _, e := range w.Events() {
		own, ok := e.Listings[sim.Bet9ja]
		if !ok || e.Sport != "football" {
			continue
		}
		got := read[nineAnswer[nineEvent]](t, detail(t, w, sim.Bet9ja, own.EventID))
		d := got.D
		if got.R != "OK" || d.ID.String() != own.EventID || d.EXTID != own.SrID || d.STARTDATE != own.Kickoff.Format("2006-01-02 15:04:05") ||
			d.DS != own.HomeTeam+" - "+own.AwayTeam || d.SG != e.Country || d.GID.String() != own.TournamentID || d.SID != "1" {
			t.Fatalf("event %+v, want %+v", d, own)
		}
		rows := map[string]nineMarket{}
		for _, m := range d.MK {
			if _, twice := rows[m.ID]; twice || len(m.SGN) != len(m.SGNK) || m.DS == "" || m.MARKETID == "" {
				t.Fatalf("dictionary row %+v", m)
			}
			rows[m.ID] = m
		}
		odds, used := regexp.MustCompile(`^\d+(\.\d[1-9]|\.[1-9])?$`), map[string]bool{}
		for key, price := range d.O {
			market, param, suffix := nineKey(key)
			row, ok := rows[market]
			if !ok || !slices.Contains(row.SGNK, suffix) {
				t.Fatalf("key %s has no row, or %q is not in %v", key, suffix, row.SGNK)
			}
			if _, ok := d.AUX[market][param]; ok != (param != "") {
				t.Fatalf("key %s: lines %v", key, d.AUX[market])
			}
			if !odds.MatchString(price) {
				t.Fatalf("price %q of %s", price, key)
			}
			used[market] = true
		}
		if len(used) != len(rows) {
			t.Fatalf("%d rows for %d markets", len(rows), len(used))
		}
	}
}

func TestBet9jaTreeAndGroups(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	type country struct {
		Desc string         `json:"SG_DESC"`
		G    map[string]any `json:"G"`
	}
	type tree struct {
		PAL map[string]struct {
			Desc string             `json:"S_DESC"`
			Num  json.Number        `json:"NUM"`
			SG   map[string]country `json:"SG"`
		}
	}
	sports := read[nineAnswer[tree]](t, send(t, w, sim.Bet9ja, http.MethodGet, "/desktop/feapi/PalimpsestAjax/GetSports?DISP=0&v_cache_version=1", "")).D.PAL
	if sports["1"].Desc != "Soccer" || sports["1"].Num != "22" || sports["2"].Desc != "Basketball" || sports["5"].Desc != "Tennis" {
		t.Fatalf("sports %v", slices.Collect(maps.Keys(sports)))
	}
	groups, events := 0, 0
	for _, c := range sports["1"].SG {
		for id := range c.G {
			groups++
			for _, call := range []string{"GetEventsInGroup?DISP=0", "GetEventsInGroupV2?DISP=0&GROUPMARKETID=1"} {
				rec := send(t, w, sim.Bet9ja, http.MethodGet, "/desktop/feapi/PalimpsestAjax/"+call+"&v_cache_version=1&GROUPID="+id, "")
				for _, e := range read[nineAnswer[struct{ E []nineEvent }]](t, rec).D.E {
					if e.GID.String() != id || e.SG != c.Desc || e.O["S_1X2_X"] == "" || len(e.EXTID) != 8 {
						t.Errorf("event %+v of group %s", e, id)
					}
					events++
				}
			}
		}
	}
	if groups != 10 || events != 2*22 {
		t.Errorf("%d groups with %d events, want 10 with 22 in either call", groups, events)
	}
}

func TestBet9jaRejections(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	for _, call := range []string{"GetEvent?EVENTID=1", "GetEvent", "GetEventsInGroup?GROUPID=1", "GetEventsInGroupV2"} {
		rec := send(t, w, sim.Bet9ja, http.MethodGet, "/desktop/feapi/PalimpsestAjax/"+call, "")
		if rec.Code != http.StatusOK || rec.Body.String() != `{"R":"E","D":false}` {
			t.Errorf("%s: %d %s", call, rec.Code, rec.Body)
		}
	}
}
