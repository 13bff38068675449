package encode

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// places tells which outcome each element holds, by decoding an answer with nothing but it. Outcomes that several
// markets of a competitor tell are left out: which of them is believed is the mapping's own business. feeds tells the
// ids of all markets that an element is about.
func (a answer) places(t *testing.T) (places map[int]named, feeds map[int][]string) {
	t.Helper()
	places, feeds = make(map[int]named), make(map[int][]string)
	markets := make(map[odds.MarketKey]map[int]bool) // a competitor's markets that feed one of BetPawa's
	several := make(map[odds.MarketKey]bool)
	for at := range a.elements {
		s := a.decode(t, a.alone(at))
		for _, m := range s.Markets {
			feeds[at] = append(feeds[at], m.ID)
		}
		if len(s.Markets) > 1 && len(s.Markets[0].Outcomes) > 0 { // a market that feeds two
			for _, m := range s.Markets {
				several[m.MarketKey] = true
			}
		}
		if len(s.Markets) == 0 || len(s.Markets[0].Outcomes) == 0 {
			continue // unmapped
		}
		m := s.Markets[0]
		places[at] = named{m.MarketKey, m.Outcomes[0].Name}
		if markets[m.MarketKey] == nil {
			markets[m.MarketKey] = make(map[int]bool)
		}
		markets[m.MarketKey][a.elements[at].market] = true
	}
	seen := make(map[named]bool)
	for _, p := range places {
		several[p.MarketKey] = several[p.MarketKey] || seen[p] || !a.book.Reference() && len(markets[p.MarketKey]) > 1
		seen[p] = true
	}
	for at, p := range places {
		if several[p.MarketKey] {
			delete(places, at)
		}
	}
	return places, feeds
}

// alone is the answer with one element.
func (a answer) alone(at int) map[string]any {
	where := a.elements[at]
	doc := maps.Clone(a.doc)
	inner := func(key string) map[string]any {
		copied := maps.Clone(doc[key].(map[string]any))
		doc[key] = copied
		return copied
	}
	switch a.book {
	case odds.Bet9ja:
		d := inner("D")
		d["O"] = map[string]any{where.key: d["O"].(map[string]any)[where.key]}
	case odds.SportyBet:
		market := clone(a.markets(a.doc)[where.market]).(map[string]any)
		market["outcomes"] = []any{market["outcomes"].([]any)[where.price]}
		inner("data")["markets"] = []any{market}
	default:
		market := clone(a.markets(a.doc)[where.market]).(map[string]any)
		row := market["row"].([]any)[where.row].(map[string]any)
		row["prices"] = []any{row["prices"].([]any)[where.price]}
		market["row"] = []any{row}
		doc["markets"], doc["totalMarketCount"] = []any{market}, "1"
	}
	return doc
}

// simulated are answers of the simulator, one of each bookmaker.
func simulated(t *testing.T, table *mapping.Table) map[string]answer {
	t.Helper()
	cfg := sim.DefaultConfig()
	cfg.Events, cfg.Offered, cfg.Tournaments = 20, [3]int{20, 20, 20}, [3]int{3, 3, 3}
	world, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	world.Freeze()
	all := make(map[string]answer)
	for b, path := range map[odds.Bookmaker]string{
		odds.BetPawa:   "/api/sportsbook/v4/events/",
		odds.SportyBet: "/api/ng/factsCenter/event?productId=3&eventId=",
		odds.Bet9ja:    "/desktop/feapi/PalimpsestAjax/GetEvent?EVENTID=",
	} {
		for _, e := range world.Events() {
			listing, listed := e.Listings[string(b)]
			if !listed || e.Sport != "football" {
				continue
			}
			rec := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+url.QueryEscape(listing.EventID), nil)
			request.Header.Set("Accept", "application/json")
			world.Handler(string(b)).ServeHTTP(rec, request)
			all["simulated "+string(b)] = newAnswer(t, table, b, rec.Body.Bytes())
			break
		}
	}
	return all
}
