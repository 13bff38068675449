package betpawa

import (
	"cmp"
	"slices"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// entry is an element of markets: a market type with its display rows. One market may be spread over several rows
// (Over in one, Under in the next), and one entry holds the rows of all its lines.
type entry struct {
	typeID   string
	name     string
	handicap string // handicapType: "", NORMAL, EUROPEAN, ASIAN or NUMBER_SPECIFIER
	tabs     []string
	rows     []row
	prices   []quoted
}

// row is a display row; its prices are entry.prices[from:to].
type row struct {
	handicap, total, hcp, number jsonscan.Scalar
	from, to                     int
	object                       bool // it is one, and not of another type
	specified                    bool // the specifier could be read, or there is none
	readable                     bool // the prices could be read, or there are none
}

// quoted is an outcome as it was read.
type quoted struct {
	name, typeID, odds, price, suspended jsonscan.Scalar
	handicap                             jsonscan.Scalar // the row's line as the outcome shows it: "-1.5", "Home -1"
}

// market reads the element of markets that the cursor stands before. A market type without rows, or a row without
// prices, is not offered.
func (r *detailReader) market() {
	r.markets++
	if r.markets > answer.MaxMarkets || r.prices > answer.MaxOutcomes {
		return
	}
	c, e := r.cursor, &r.entry
	*e = entry{rows: e.rows[:0], prices: e.prices[:0]}
	rows := true // none listed is an answer, another type than a list is not
	c.Object(func(key []byte) {
		switch string(key) {
		case "marketType":
			c.Object(r.marketType)
		case "row":
			rows = c.Array(r.row) || c.Scalar().Kind() == jsonscan.Null
		}
	})
	if !rows {
		r.drafts.uncounted = true
	}
	if !answer.Digits(e.typeID) {
		r.drafts.rejectUnknown(max(1, len(e.rows)))
		return
	}
	row := r.drafts.table.Row(e.typeID)
	if row != nil {
		e.name = row.Name // in whatever language it was written
	}
	anyLine := odds.UnreadMarket{MarketKey: odds.MarketKey{ID: e.typeID}, AnyLine: true}
	if e.name == "" || !rows {
		r.drafts.reject(odds.BadMarket, anyLine, max(1, len(e.rows)))
		return
	}
	if len(e.rows) == 0 {
		r.drafts.empty++
	}
	slices.Sort(e.tabs)
	e.tabs = slices.Compact(e.tabs)
	for i := range e.rows {
		one := &e.rows[i]
		prices := e.prices[one.from:one.to]
		switch line, ok := one.line(e.handicap, prices); {
		case !one.object:
			r.drafts.reject(odds.BadMarket, anyLine, 1)
		case !ok || row != nil && !row.Line.Allows(line):
			r.drafts.reject(odds.BadLine, anyLine, 1)
		case !one.readable:
			r.drafts.reject(odds.BadMarket, odds.UnreadMarket{MarketKey: odds.MarketKey{ID: e.typeID, Line: line}}, 1)
		default:
			r.drafts.add(e, line, prices)
		}
	}
}

func (r *detailReader) marketType(key []byte) {
	c, e := r.cursor, &r.entry
	switch string(key) {
	case "id":
		e.typeID = c.Scalar().Text()
	case nameField:
		e.name = answer.Name(c.Scalar())
	case "handicapType":
		e.handicap = c.Scalar().Text()
	case "tabs":
		c.Array(func() {
			if tab := answer.Name(c.Scalar()); tab != "" && tab != "all" && len(e.tabs) < maxTabs {
				e.tabs = append(e.tabs, tab)
			}
		})
	}
}

// maxTabs bounds the groups of a market; recorded ones have up to four.
const maxTabs = 50

func (r *detailReader) row() {
	c, e := r.cursor, &r.entry
	one := row{from: len(e.prices), specified: true, readable: true}
	one.object = c.Object(func(key []byte) {
		switch string(key) {
		case "handicap":
			one.handicap = c.Scalar()
		case "specifier":
			one.specified = c.Object(func(key []byte) {
				switch string(key) {
				case "total":
					one.total = c.Scalar()
				case "hcp":
					one.hcp = c.Scalar()
				case "number":
					one.number = c.Scalar()
				}
			}) || c.Scalar().Kind() == jsonscan.Null
		case "prices":
			one.readable = c.Array(r.price) || c.Scalar().Kind() == jsonscan.Null
		}
	})
	one.to = len(e.prices)
	e.rows = append(e.rows, one)
}

func (r *detailReader) price() {
	if r.prices++; r.prices > answer.MaxOutcomes {
		return
	}
	var q quoted
	c := r.cursor
	c.Object(func(key []byte) {
		switch string(key) {
		case nameField:
			q.name = c.Scalar()
		case "typeId":
			q.typeID = c.Scalar()
		case "odds":
			q.odds = c.Scalar()
		case "price":
			q.price = c.Scalar()
		case "suspended":
			q.suspended = c.Scalar()
		case "handicap":
			q.handicap = c.Scalar()
		}
	})
	r.entry.prices = append(r.entry.prices, q)
}

// line reads the line of a row: four times it is written as handicap, and again, as a decimal, in the specifier of
// newer answers. The two must agree.
//
// A handicap that is not there at all may be a zero that version 4 left out, and only the type tells: with a
// handicap market it is line 0, unless the specifier could not be read or an outcome shows another line; with a type
// that has no handicap it is no line. A total of 0 and a goal number of 0 do not exist, so there the line is missing,
// as it is when version 3 writes null for a handicap market.
func (r *row) line(handicapType string, prices []quoted) (odds.Line, bool) {
	written := cmp.Or(text(r.hcp), text(r.total))
	if handicapType == "NUMBER_SPECIFIER" { // elsewhere the number counts something else
		written = text(r.number)
	}
	specified, err := odds.ParseLine(written)
	hasSpecified := err == nil
	if text(r.handicap) != "" {
		quarters, ok := r.handicap.Float()
		if !ok {
			return odds.Line{}, false
		}
		line, err := odds.FloatLine(quarters / 4)
		return line, err == nil && (!hasSpecified || specified == line)
	}
	if hasSpecified {
		return specified, true
	}
	if !r.specified || written != "" || !absent(r.handicap) && r.handicap.Kind() != jsonscan.String { // not even empty
		return odds.Line{}, false
	}
	switch handicapType {
	case "":
		return odds.Line{}, true
	case "ASIAN", "EUROPEAN":
		zero, _ := odds.QuarterLine(0)
		return zero, r.handicap.Kind() == jsonscan.Missing && !slices.ContainsFunc(prices, showsLine)
	default:
		return odds.Line{}, false
	}
}

// showsLine reports whether an outcome shows a line that is not 0.
func showsLine(q quoted) bool {
	shown := text(q.handicap)
	if at := strings.LastIndexByte(shown, ' '); at >= 0 {
		shown = shown[at+1:] // "Home -1", in whatever language
	}
	line, err := odds.ParseLine(shown)
	return shown != "" && (err != nil || line.Quarters() != 0)
}

func text(s jsonscan.Scalar) string { return string(s.Bytes()) }

// read reads the price of an outcome: version 4 calls it odds, version 3 price. BetPawa closes an outcome by suspended,
// by a price of null or of zero, and in version 4 by leaving the price out: 75 of 2,390 recorded prices were null, none
// of them suspended.
func (q *quoted) read() answer.Price {
	written := q.odds
	if absent(written) {
		written = q.price
	}
	price := answer.ReadPrice(written)
	suspended, readable := q.suspended.Bool()
	price.Closed = suspended || !readable && !absent(q.suspended) // version 4 leaves false out
	return price
}

func absent(s jsonscan.Scalar) bool { return s.Kind() == jsonscan.Missing || s.Kind() == jsonscan.Null }
