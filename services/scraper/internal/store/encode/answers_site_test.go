package encode

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
type detailFunc func(body []byte, requested bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error)

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
