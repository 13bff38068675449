package encode

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// answer is a bookmaker's answer about an event, taken apart into the elements that hold a price each.
type answer struct {
	book     odds.Bookmaker
	doc      map[string]any
	elements []element
	detail   detailFunc
}

// detailFunc is a decoder's Detail.
type detailFunc func(body []byte, asked bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error)

// element is where a price stands: in BetPawa's markets[market].row[row].prices[price], in SportyBet's
// markets[market].outcomes[price], or under Bet9ja's key, whose market is numbered too.
type element struct {
	market, row, price int
	key                string
}

func newAnswer(t *testing.T, table *mapping.Table, b odds.Bookmaker, body []byte) answer {
	t.Helper()
	a := answer{book: b}
	if err := json.Unmarshal(body, &a.doc); err != nil {
		t.Fatal(err)
	}
	row, _ := registry.Lookup(b)
	a.detail = row.DefaultSite(table).ReadDetail
	a.thin()
	if b == odds.Bet9ja {
		d := a.doc["D"].(map[string]any)
		d["MK"] = json.RawMessage(encode(d["MK"])) // large, and never edited
		for key := range d["O"].(map[string]any) {
			a.elements = append(a.elements, element{key: key})
		}
		slices.SortFunc(a.elements, func(x, y element) int { return strings.Compare(x.key, y.key) })
		offers := make(map[string]int)
		for i, e := range a.elements {
			offer := strings.Join(strings.SplitN(e.key, "_", 3)[:2], "_")
			if _, seen := offers[offer]; !seen {
				offers[offer] = len(offers)
			}
			a.elements[i].market = offers[offer]
		}
		return a
	}
	for i := range a.markets(a.doc) {
		for j, row := range a.rows(a.doc, i) {
			for k := range row {
				a.elements = append(a.elements, element{market: i, row: j, price: k})
			}
		}
	}
	return a
}

// thin leaves every third market, so that an answer of a thousand outcomes can be decoded some hundred times.
func (a answer) thin() {
	const third = 3
	n := 0
	skip := func(any) bool { n++; return n%third != 1 }
	switch a.book {
	case odds.BetPawa:
		a.doc["markets"] = slices.DeleteFunc(a.markets(a.doc), skip)
		a.sweep(a.doc)
	case odds.SportyBet:
		a.doc["data"].(map[string]any)["markets"] = slices.DeleteFunc(a.markets(a.doc), skip)
	default:
		d := a.doc["D"].(map[string]any)
		names, _ := d["MK"].([]any)
		d["MK"] = slices.DeleteFunc(names, skip)
		kept := make(map[string]bool)
		for _, name := range d["MK"].([]any) {
			id, _ := name.(map[string]any)["ID"].(string)
			kept[id] = true
		}
		prices := d["O"].(map[string]any)
		for key := range prices {
			id, _, _ := strings.Cut(strings.Join(strings.SplitN(key, "_", 3)[:2], "_"), "@")
			if !kept[id] {
				delete(prices, key)
			}
		}
	}
}

// markets are the market objects of a document of BetPawa's or SportyBet's.
func (a answer) markets(doc map[string]any) []any {
	if a.book == odds.SportyBet {
		doc = doc["data"].(map[string]any)
	}
	all, _ := doc["markets"].([]any)
	return all
}

// rows are the lists of prices of a market.
func (a answer) rows(doc map[string]any, market int) [][]any {
	m := a.markets(doc)[market].(map[string]any)
	if a.book == odds.SportyBet {
		outcomes, _ := m["outcomes"].([]any)
		return [][]any{outcomes}
	}
	var rows [][]any
	for _, row := range m["row"].([]any) {
		prices, _ := row.(map[string]any)["prices"].([]any)
		rows = append(rows, prices)
	}
	return rows
}

// document is the answer with edits.
func (a answer) document(edits map[int]edit) map[string]any {
	doc := clone(a.doc).(map[string]any)
	if a.book == odds.Bet9ja {
		prices := doc["D"].(map[string]any)["O"].(map[string]any)
		for at, e := range edits {
			key := a.elements[at].key
			price := prices[key]
			if e.spoil {
				price = e.price
			}
			delete(prices, key)
			if e.line {
				key = lineParam.ReplaceAllString(key, "@0.3_")
			}
			if !e.drop {
				prices[key] = price
			}
		}
		return doc
	}
	for at, e := range edits {
		where := a.elements[at]
		if e.line {
			a.spoilLine(doc, where)
		}
		row := a.rows(doc, where.market)[where.row]
		if e.drop {
			row[where.price] = nil // swept out below
			continue
		}
		if !e.spoil {
			continue
		}
		outcome := row[where.price].(map[string]any)
		for _, member := range []string{"price", "odds"} {
			if _, has := outcome[member]; !has {
				continue
			}
			if outcome[member] = e.price; e.price == any(missing{}) {
				delete(outcome, member)
			}
		}
	}
	a.sweep(doc)
	return doc
}

// lineParam is the line in a key of Bet9ja's, lineSpecifier that in a specifier of SportyBet's.
var (
	lineParam     = regexp.MustCompile(`@[^_]*_`)
	lineSpecifier = regexp.MustCompile(`(total|hcp|goalnr)=[^|]*`)
)

// hasLine reports whether an element stands under a line.
func (a answer) hasLine(e element) bool {
	switch a.book {
	case odds.Bet9ja:
		return lineParam.MatchString(e.key)
	case odds.SportyBet:
		specifier, _ := a.markets(a.doc)[e.market].(map[string]any)["specifier"].(string)
		return lineSpecifier.MatchString(specifier)
	default:
		row := a.markets(a.doc)[e.market].(map[string]any)["row"].([]any)[e.row].(map[string]any)
		return row["handicap"] != nil
	}
}

// spoilLine leaves a line that is none.
func (a answer) spoilLine(doc map[string]any, e element) {
	market := a.markets(doc)[e.market].(map[string]any)
	if a.book == odds.SportyBet {
		market["specifier"] = lineSpecifier.ReplaceAllString(market["specifier"].(string), "$1=x")
		return
	}
	row := market["row"].([]any)[e.row].(map[string]any)
	delete(row, "specifier")
	if row["handicap"] = 0.3; e.row%2 == 0 {
		delete(row, "handicap") // version 4 leaves out a zero, which this is not
	}
}

// sweep removes what was dropped: outcomes, and the rows that are empty then.
func (a answer) sweep(doc map[string]any) {
	dropped := func(v any) bool { return v == nil }
	for _, m := range a.markets(doc) {
		market := m.(map[string]any)
		if a.book == odds.SportyBet {
			outcomes, _ := market["outcomes"].([]any)
			market["outcomes"] = slices.DeleteFunc(outcomes, dropped)
			continue
		}
		rows := market["row"].([]any)
		for _, row := range rows {
			prices, _ := row.(map[string]any)["prices"].([]any)
			row.(map[string]any)["prices"] = slices.DeleteFunc(prices, dropped)
		}
		market["row"] = slices.DeleteFunc(rows, func(row any) bool {
			return len(row.(map[string]any)["prices"].([]any)) == 0
		})
	}
	if a.book == odds.BetPawa {
		doc["totalMarketCount"] = strconv.Itoa(len(a.keys(doc)))
	}
}

// keys are the types and lines of a document of BetPawa's: what its own count counts.
func (a answer) keys(doc map[string]any) map[string]bool {
	keys := make(map[string]bool)
	for _, m := range a.markets(doc) {
		market := m.(map[string]any)
		for _, row := range market["row"].([]any) {
			r := row.(map[string]any)
			keys[string(encode([]any{market["marketType"].(map[string]any)["id"], r["handicap"], r["specifier"]}))] = true
		}
	}
	return keys
}

func (a answer) decode(t tester, doc map[string]any) odds.Snapshot {
	t.Helper()
	return a.decodeText(t, encode(doc))
}

func (a answer) decodeText(t tester, text []byte) odds.Snapshot {
	t.Helper()
	d, err := a.detail(text, bookmaker.Target{}, answeredAt, answeredAt)
	if err != nil {
		t.Fatalf("decoding: %v", err)
	}
	return d.Snapshot
}

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
