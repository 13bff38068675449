package sim_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// The shapes that a reader of BetPawa relies on.
type (
	pawaNamed struct{ ID, Name string }
	pawaEvent struct {
		ID, Name, StartTime string
		Widgets             []struct{ ID, Type, Retention string }
		Participants        []struct {
			ID, Name string
			Position json.Number
		}
		Category, Region, Competition pawaNamed
		TotalMarketCount              any
		Version                       any
		MarketCounters                *struct {
			TotalMarketGroupCount string
			MarketGroupCountByTab map[string]string
		}
		AdditionalInfo map[string]bool
		Markets        []pawaMarket
	}
	pawaMarket struct {
		MarketType struct {
			ID, Name, DisplayName, HandicapType string
			Tabs                                []string
			Priority                            json.Number
		}
		Row []struct {
			ID        *string
			Handicap  *json.Number
			Specifier map[string]string
			Prices    []pawaPrice
		}
	}
	pawaPrice struct {
		ID, Name, TypeID, DisplayName string
		Odds, Price                   *json.Number
		Suspended                     *bool
		Handicap                      *string
		Probability                   any
		Specifier                     map[string]string
	}
	pawaPage struct {
		Responses []struct{ Responses []pawaEvent }
	}
)

// price is the number as it was written, in either version; empty when there is none.
func (p pawaPrice) price() string {
	if number := cmp.Or(p.Odds, p.Price); number != nil {
		return number.String()
	}
	return ""
}

// pawaQuery is the target of a by-queries call.
func pawaQuery(version, competition string, skip, take int) string {
	zones := `{}`
	if competition != "" {
		zones = `{"competitions":["` + competition + `"]}`
	}
	q := `{"queries":[{"query":{"eventType":"UPCOMING","categories":["2"],"zones":` + zones + `,"hasOdds":true},"view":{},"skip":` +
		strconv.Itoa(skip) + `,"take":` + strconv.Itoa(take) + `}]}`
	return "/api/sportsbook/" + version + "/events/lists/by-queries?q=" + url.QueryEscape(q)
}

func TestBetPawaDetailHasTheShapeOfVersion4(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	for _, e := range w.Events() {
		own, ok := e.Listings[sim.BetPawa]
		if !ok || e.Sport != "football" {
			continue
		}
		rec := detail(t, w, sim.BetPawa, own.EventID)
		if strings.Contains(rec.Body.String(), `"price":`) || strings.Contains(rec.Body.String(), "null") {
			t.Fatal("version 4 has odds instead of price, and no nulls")
		}
		got := read[pawaEvent](t, rec)
		if got.ID != own.EventID || got.StartTime != own.Kickoff.Format("2006-01-02T15:04:05Z") || got.Competition.ID != own.TournamentID {
			t.Fatalf("event %s at %s in %s, want %+v", got.ID, got.StartTime, got.Competition.ID, own)
		}
		if len(got.Widgets) != 3 || got.Widgets[0].ID != own.SrID || got.Widgets[1].Type != "GENIUSSPORTS" || got.Category.ID != "2" {
			t.Fatalf("widgets %+v of category %q", got.Widgets, got.Category.ID)
		}
		if got.Participants[0].Name != own.HomeTeam || got.Participants[1].Position != "2" || got.Name != own.HomeTeam+" - "+own.AwayTeam {
			t.Fatalf("participants %+v of %q", got.Participants, got.Name)
		}
		checkPawaMarkets(t, got)
	}
}

// checkPawaMarkets checks what the site keeps: one market is a pair of type and line, and their number is told.
func checkPawaMarkets(t *testing.T, got pawaEvent) {
	t.Helper()
	keys, names, partialRows := map[string]bool{}, map[string]bool{}, 0
	for _, m := range got.Markets {
		for _, row := range m.Row {
			key := m.MarketType.ID
			if row.Handicap != nil {
				key += "@" + row.Handicap.String()
			}
			if (row.Handicap == nil) != (m.MarketType.HandicapType == "") || (row.Specifier == nil) != (row.Handicap == nil) {
				t.Fatalf("market %s: handicap %v, specifier %v, type %q", m.MarketType.ID, row.Handicap, row.Specifier, m.MarketType.HandicapType)
			}
			keys[key] = true
			if row.ID == nil {
				partialRows++
			}
			for _, p := range row.Prices {
				if names[key+"/"+p.Name] {
					t.Fatalf("outcome %s/%s twice", key, p.Name)
				}
				names[key+"/"+p.Name] = true
				if p.Odds == nil || !strings.Contains(p.Odds.String(), ".") || p.Suspended != nil && !*p.Suspended || p.TypeID == "" {
					t.Fatalf("price %+v of %s", p, key)
				}
			}
		}
	}
	if count, ok := got.TotalMarketCount.(string); !ok || count != strconv.Itoa(len(keys)) {
		t.Fatalf("totalMarketCount %v, want the string %d", got.TotalMarketCount, len(keys))
	}
	if len(keys) < 90 || len(keys) > 140 || partialRows < 10 {
		t.Fatalf("%d markets, %d rows without id: not what an event has", len(keys), partialRows)
	}
	if got.MarketCounters == nil || got.MarketCounters.TotalMarketGroupCount != strconv.Itoa(len(got.Markets)) ||
		got.MarketCounters.MarketGroupCountByTab["all"] != strconv.Itoa(len(got.Markets)) {
		t.Fatalf("counters %+v, want %d", got.MarketCounters, len(got.Markets))
	}
}

func TestBetPawaHandicapTexts(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.BetPawa)
	got := read[pawaEvent](t, detail(t, w, sim.BetPawa, e.Listings[sim.BetPawa].EventID))
	// As recorded of the site: the draw names the side that gives goals.
	want := map[string]string{
		"4724/-4/1": "Home -1", "4724/-4/X": "Home -1", "4724/-4/2": "Away +1",
		"4724/4/1": "Home +1", "4724/4/X": "Away -1", "4724/4/2": "Away -1",
		"3774/-2/1": "-0.5", "3774/-2/2": "+0.5", "5000/10/Over": "2.5",
	}
	for _, m := range got.Markets {
		for _, row := range m.Row {
			for _, p := range row.Prices {
				if row.Handicap == nil {
					continue
				}
				key := m.MarketType.ID + "/" + row.Handicap.String() + "/" + p.Name
				if text, ok := want[key]; ok {
					if p.Handicap == nil || *p.Handicap != text {
						t.Errorf("%s: handicap %v, want %q", key, p.Handicap, text)
					}
					delete(want, key)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not offered: %v", want)
	}
}

func TestBetPawaVersion3(t *testing.T) {
	t.Parallel()
	cfg := small()
	w, _ := newWorld(t, cfg)
	e := footballOn(t, w, sim.BetPawa)
	id := e.Listings[sim.BetPawa].EventID
	if rec := send(t, w, sim.BetPawa, http.MethodGet, "/api/sportsbook/v3/events/"+id, ""); rec.Code != http.StatusNotFound {
		t.Errorf("version 3 answers %d, want 404: it is retired", rec.Code)
	}
	cfg.Shape = sim.V3
	w, _ = newWorld(t, cfg)
	for _, version := range []string{"v3", "v4"} {
		got := read[pawaEvent](t, send(t, w, sim.BetPawa, http.MethodGet, "/api/sportsbook/"+version+"/events/"+id, ""))
		if n, ok := got.TotalMarketCount.(json.Number); !ok || n == "" {
			t.Errorf("%s: totalMarketCount %v, want a number", version, got.TotalMarketCount)
		}
		p := got.Markets[0].Row[0].Prices[0]
		if p.Price == nil || p.Odds != nil || p.Suspended == nil || got.Markets[0].Row[0].ID == nil {
			t.Errorf("%s: price %+v", version, p)
		}
		if masked, ok := p.Probability.(string); !ok || len(masked) < 40 {
			t.Errorf("%s: probability %v, want base64", version, p.Probability)
		}
	}
	rec := send(t, w, sim.BetPawa, http.MethodGet, pawaQuery("v3", "", 0, 10), "", "Accept", "*/*")
	if len(read[pawaPage](t, rec).Responses[0].Responses) != 10 {
		t.Error("version 3's lists are JSON whatever is accepted")
	}
}
