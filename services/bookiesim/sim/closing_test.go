package sim_test

import (
	stdcmp "cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// closedShape is what an answer shows of the match result in one way of closing: of each outcome the price and the mark
// as they stand in the JSON, "-" for a member that is not there.
type closedShape struct {
	price, mark string
	gone        bool   // of the outcome, or of the market when the whole is closed
	status      string // of SportyBet's market
	outcomes    string // BetPawa's row or SportyBet's outcomes, when there are none in it
	banned      bool
}

const itself = "itself" // the price stays in sight

func closedShapes(shape sim.Shape) map[string]map[sim.Way]closedShape {
	pawa := map[sim.Way]closedShape{
		"no_price": {price: "-", mark: "-"}, "suspended": {price: itself, mark: "true"},
		"suspended_no_price": {price: "-", mark: "true"}, "suspended_zero": {price: "0.0", mark: "true"},
		"empty_row": {outcomes: "[]"}, "gone": {gone: true},
	}
	if shape == sim.V3 {
		pawa["no_price"] = closedShape{price: "null", mark: "false"}
		pawa["suspended_no_price"] = closedShape{price: "null", mark: "true"}
	}
	return map[string]map[sim.Way]closedShape{
		sim.BetPawa: pawa,
		sim.SportyBet: {
			"inactive": {price: itself, mark: "0"}, "inactive_one": {price: `"1.00"`, mark: "0"},
			"empty_price": {price: `""`, mark: "0"}, "empty_price_active": {price: `""`, mark: "1"},
			"null_price": {price: "null", mark: "0"}, "null_price_active": {price: "null", mark: "1"},
			"na_price": {price: `"n/a"`, mark: "0"}, "na_price_active": {price: `"n/a"`, mark: "1"},
			"dash_price": {price: `"-"`, mark: "0"}, "dash_price_active": {price: `"-"`, mark: "1"},
			"no_price": {price: "-", mark: "0"}, "no_price_active": {price: "-", mark: "1"},
			"status": {price: itself, mark: "1", status: "1"}, "status_two": {price: itself, mark: "1", status: "2"},
			"status_no_outcomes": {outcomes: "[]", status: "1"}, "status_outcomes_missing": {outcomes: "-", status: "1"},
			"banned": {price: itself, mark: "1", banned: true}, "gone": {gone: true},
		},
		sim.Bet9ja: {
			"one": {price: `"1"`, mark: "-"}, "empty_price": {price: `""`, mark: "-"}, "null_price": {price: "null", mark: "-"},
			"na_price": {price: `"n/a"`, mark: "-"}, "dash_price": {price: `"-"`, mark: "-"}, "gone": {gone: true},
		},
	}
}

// member is an object's member as it stands in the JSON.
func member(object map[string]json.RawMessage, key string) string {
	if raw, ok := object[key]; ok {
		return string(raw)
	}
	return "-"
}

// objects reads a list of objects.
func objects(t testing.TB, raw json.RawMessage) []map[string]json.RawMessage {
	t.Helper()
	var list []map[string]json.RawMessage
	must(t, json.Unmarshal(raw, &list))
	return list
}

// resultShown is what an answer shows of the match result, by the bookmaker's own word for the outcome: 1, X or 2 at
// BetPawa and Bet9ja, the ids 1 to 3 at SportyBet.
func resultShown(t testing.TB, w *sim.World, bookmaker, id string) (market closedShape, outcomes map[string]closedShape) {
	t.Helper()
	var answer map[string]json.RawMessage
	must(t, json.Unmarshal(detail(t, w, bookmaker, id).Body.Bytes(), &answer))
	if bookmaker != sim.BetPawa {
		raw := answer[map[string]string{sim.SportyBet: "data", sim.Bet9ja: "D"}[bookmaker]]
		clear(answer)
		must(t, json.Unmarshal(raw, &answer))
	}
	outcomes, market.gone = map[string]closedShape{}, true
	if bookmaker == sim.Bet9ja {
		var prices map[string]json.RawMessage
		must(t, json.Unmarshal(answer["O"], &prices))
		for key, price := range prices {
			if suffix, ok := strings.CutPrefix(key, "S_1X2_"); ok {
				outcomes[suffix], market.gone = closedShape{price: string(price), mark: "-"}, false
			}
		}
		return market, outcomes
	}
	for _, m := range objects(t, answer["markets"]) {
		price, list := "odds", m["outcomes"]
		switch {
		case bookmaker == sim.SportyBet && string(m["id"]) == `"1"`:
			market.status, market.banned = string(m["status"]), string(m["banned"]) == "true"
			market.outcomes = map[bool]string{true: stdcmp.Or(string(list), "-")}[len(list) <= 2]
		case bookmaker == sim.BetPawa && strings.Contains(string(m["marketType"]), `"id":"3743"`):
			if rows := objects(t, m["row"]); len(rows) > 0 {
				list = rows[0]["prices"]
			}
			market.outcomes = map[bool]string{true: string(m["row"])}[len(list) == 0]
		default:
			continue
		}
		market.gone = false
		if len(list) <= 2 {
			continue
		}
		for _, o := range objects(t, list) {
			if bookmaker == sim.SportyBet {
				outcomes[strings.Trim(string(o["id"]), `"`)] = closedShape{price: member(o, price), mark: member(o, "isActive")}
				continue
			}
			if _, old := o["price"]; old {
				price = "price"
			}
			outcomes[strings.Trim(string(o["name"]), `"`)] = closedShape{price: member(o, price), mark: member(o, "suspended")}
		}
	}
	return market, outcomes
}

func TestEveryWayOfClosing(t *testing.T) {
	t.Parallel()
	for _, shape := range []sim.Shape{sim.V4, sim.V3} {
		for bookmaker, shapes := range closedShapes(shape) {
			markets, outcomes := sim.Ways(bookmaker)
			if len(markets) != len(shapes) {
				t.Errorf("%s: %d ways, want %d", bookmaker, len(markets), len(shapes))
			}
			if bookmaker != sim.BetPawa && shape == sim.V3 {
				continue
			}
			cfg := small()
			cfg.Density, cfg.Shape = sim.Small, shape
			w, _ := newWorld(t, cfg)
			for _, way := range markets {
				t.Run(bookmaker+"/"+string(shape)+"/"+string(way), func(t *testing.T) {
					checkWay(t, w, bookmaker, way, shapes[way], slices.Contains(outcomes, way))
				})
			}
		}
	}
}

// checkWay closes the match result, and then its draw alone, and looks at the answer and at what the world tells.
func checkWay(t *testing.T, w *sim.World, bookmaker string, way sim.Way, want closedShape, single bool) {
	t.Helper()
	e := footballOn(t, w, bookmaker)
	id, draw := e.Listings[bookmaker].EventID, map[bool]string{true: "2", false: "X"}[bookmaker == sim.SportyBet]
	openMarket, open := resultShown(t, w, bookmaker, id)
	all := len(open)
	if all != 3 {
		t.Fatalf("open: %v", open)
	}
	must(t, w.CloseMarket(bookmaker, e.SrID, "3743", way))
	market, outcomes := resultShown(t, w, bookmaker, id)
	lists := !want.gone && want.outcomes == ""
	if market.gone != want.gone || market.outcomes != want.outcomes || market.banned != want.banned ||
		!want.gone && bookmaker == sim.SportyBet && market.status != stdcmp.Or(want.status, "0") {
		t.Errorf("the market shows as %+v, want %+v", market, want)
	}
	if lists != (len(outcomes) == all) || !lists && len(outcomes) > 0 {
		t.Errorf("outcomes %v", outcomes)
	}
	for name, o := range outcomes {
		if price := stdcmp.Or(map[bool]string{true: open[name].price}[want.price == itself], want.price); o.price != price || o.mark != want.mark {
			t.Errorf("outcome %s shows as %+v, want %s and %s", name, o, price, want.mark)
		}
	}
	offer := map[bool]sim.Offer{true: sim.Closed, false: sim.NotOffered}[lists]
	checkReported(t, w, bookmaker, e.SrID, way, map[string]sim.Offer{"1": offer, "X": offer, "2": offer})
	must(t, w.Reopen(bookmaker, e.SrID, "3743"))
	if reopened, again := resultShown(t, w, bookmaker, id); reopened != openMarket || !cmp.Equal(again, open, cmp.AllowUnexported(closedShape{})) {
		t.Errorf("reopened: %v, %v", reopened, again)
	}
	if !single {
		if err := w.CloseOutcome(bookmaker, e.SrID, "3743", "X", way); err == nil {
			t.Error("an outcome is closed in a way of whole markets")
		}
		return
	}
	must(t, w.CloseOutcome(bookmaker, e.SrID, "3743", "X", way))
	_, outcomes = resultShown(t, w, bookmaker, id)
	o, there := outcomes[draw]
	if there == want.gone || there && o.mark != want.mark || len(outcomes) != all-map[bool]int{true: 1}[want.gone] || outcomes["1"] != open["1"] {
		t.Errorf("with the draw closed: %v", outcomes)
	}
	checkReported(t, w, bookmaker, e.SrID, way, map[string]sim.Offer{"1": sim.Open, "X": offer, "2": sim.Open})
	must(t, w.Reopen(bookmaker, e.SrID, "3743"))
}

// checkReported checks what the world says of the match result.
func checkReported(t *testing.T, w *sim.World, bookmaker, srID string, way sim.Way, want map[string]sim.Offer) {
	t.Helper()
	markets, err := w.Markets(bookmaker, srID)
	must(t, err)
	for _, m := range markets {
		if m.ID != "3743" {
			continue
		}
		got := map[string]sim.Offer{}
		for _, o := range m.Outcomes {
			if got[o.Name] = o.Offer; o.Offer != sim.Open && o.Way != way {
				t.Errorf("outcome %+v is not told to be closed as %s", o, way)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		return
	}
	t.Error("the market is not told of")
}
