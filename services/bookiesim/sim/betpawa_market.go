package sim

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

// marketType appends a market up to its first row.
func (p *pawaWriter) marketType(dst []byte, m *catalogue.Market) []byte {
	dst = append(dst, `{"marketType":{"id":"`...)
	dst = append(append(dst, m.ID...), `","name":`...)
	dst = append(appendQuoted(dst, m.Name), `,"displayName":`...)
	dst = append(appendQuoted(dst, p.word(m.Display)), `,"explainer":`...)
	dst = append(appendQuoted(dst, "Simulated market: "+m.Name+". Extra time does not count."), `,"priority":`...)
	dst = append(strconv.AppendInt(dst, int64(m.Priority), 10), `,"tabs":[`...)
	for i, tab := range m.Tabs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, tab)
	}
	dst = append(dst, ']')
	if kind := m.HandicapType(); kind != "" || p.shape == V3 {
		dst = append(append(dst, `,"handicapType":`...), quoted(kind)...)
	}
	if p.shape == V3 {
		dst = append(dst, `,"priceColumnCount":`...)
		dst = strconv.AppendInt(dst, int64(max(m.PerRow, 2)), 10)
		dst = append(dst, `,"priceSortingMethod":"PRICE_TYPE_ID"`...)
	}
	return append(dst, `},"row":[`...)
}

// marketTail appends what stands behind the rows.
func (p *pawaWriter) marketTail(dst []byte, m *catalogue.Market) []byte {
	dst = append(dst, ']')
	if p.shape == V3 {
		dst = append(dst, `,"displayNameRows":[]`...)
	}
	if len(m.Columns) > 0 || p.shape == V3 {
		dst = append(dst, `,"displayNameColumns":[`...)
		for i, column := range m.Columns {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendQuoted(dst, column)
		}
		dst = append(dst, ']')
	}
	if p.shape == V3 {
		return append(dst, `,"additionalInfo":{"boosted":false,"cashoutable":true,"twoUp":false}}`...)
	}
	return append(dst, `,"additionalInfo":{"cashoutable":true}}`...)
}

// rows appends the display rows of a market at one line: one, or several with some of its prices each.
func (p *pawaWriter) rows(dst []byte, o *offer, q *quote) []byte {
	p.prices = o.prices(p.prices[:0], q, p.reported.reversed)
	perRow := q.market.PerRow
	if perRow == 0 {
		perRow = len(q.picks)
	}
	for from := 0; from < len(q.picks); from += perRow {
		if from > 0 {
			dst = append(dst, ',')
		}
		dst = p.rowHead(dst, q, perRow < len(q.picks))
		start := len(dst)
		for i := from; i < min(from+perRow, len(q.picks)); i++ {
			if way := p.prices[i].way; way == nil || way.lists() {
				dst = p.price(comma(dst, start), o, q, i)
			}
		}
		dst = append(dst, `]}`...)
	}
	return dst
}

// rowHead appends a row up to its prices. Rows that are only a part of a market have no id in version 4.
func (p *pawaWriter) rowHead(dst []byte, q *quote, partial bool) []byte {
	p.row++
	dst = append(dst, '{')
	if !partial || p.shape == V3 {
		dst = append(dst, `"id":"`...)
		dst = strconv.AppendInt(dst, int64(390_000_000+200*p.fixture.serial+p.row), 10)
		dst = append(dst, `",`...)
	}
	if p.shape == V3 {
		return append(appendOldHandicap(dst, q), `"prices":[`...)
	}
	if q.line != 0 { // 0 is a default and left out, like no line at all
		dst = append(dst, `"handicap":`...)
		dst = append(strconv.AppendInt(dst, int64(q.line), 10), ',')
	}
	keys := [...]string{
		catalogue.TotalLine: "total", catalogue.AsianHandicap: "hcp", catalogue.EuroHandicap: "hcp", catalogue.Ordinal: "number",
	}
	if key := keys[q.market.Kind]; key != "" {
		dst = append(append(append(dst, `"specifier":{"`...), key...), `":`...)
		dst = append(appendQuoted(dst, catalogue.LineText(q.line)), `},`...)
	}
	return append(dst, `"prices":[`...)
}

// appendOldHandicap appends a row's line as version 3 does.
func appendOldHandicap(dst []byte, q *quote) []byte {
	if q.market.Kind == catalogue.NoLine {
		return append(dst, `"handicap":null,"formattedHandicap":null,`...)
	}
	dst = strconv.AppendInt(append(dst, `"handicap":`...), int64(q.line), 10)
	if q.market.Kind != catalogue.EuroHandicap && q.market.Kind != catalogue.Ordinal {
		return append(dst, `,"formattedHandicap":null,`...)
	}
	return append(appendQuoted(append(dst, `,"formattedHandicap":`...), catalogue.LineText(q.line)), ',')
}

// price appends one price.
func (p *pawaWriter) price(dst []byte, o *offer, q *quote, i int) []byte {
	out, shown := &q.market.Outcomes[q.picks[i]], p.prices[i].shownAt(book.BetPawa)
	if p.live {
		shown = price{closed: true}
	}
	p.ordinal++
	dst = append(dst, `{"id":"`...)
	dst = strconv.AppendInt(dst, int64(1_500_000_000+1000*p.fixture.serial+p.ordinal), 10)
	dst = append(append(dst, `","name":"`...), p.word(out.Name)...)
	dst = append(append(append(dst, `","typeId":"`...), out.TypeID...), '"')
	dst = p.odds(dst, shown)
	text := handicapText(q, out)
	switch {
	case text != "":
		dst = append(append(append(dst, `,"handicap":"`...), text...), '"')
	case p.shape == V3:
		dst = append(dst, `,"handicap":null`...)
	}
	dst = append(append(append(dst, `,"displayName":"`...), p.word(out.DisplayedAs)...), `","additionalInfo":{`...)
	if p.shape == V3 {
		dst = append(dst, `"hot":false,"twoUp":false,`...)
	}
	dst = append(dst, `"anyUp":"NO_UP"},"probability":`...)
	dst = p.probability(dst, o.fair(q, i, p.reported.reversed)*(1-q.refund), q.refund)
	if p.shape == V4 && (q.market.Kind == catalogue.AsianHandicap || q.market.Kind == catalogue.EuroHandicap) {
		dst = append(append(append(dst, `,"specifier":{"hcp":"`...), text...), `"}`...)
	}
	return append(dst, '}')
}

// odds appends a price, and that it is suspended.
func (p *pawaWriter) odds(dst []byte, shown price) []byte {
	text, suspended := "", shown.closed
	if shown.way != nil {
		text, suspended = shown.way.price, shown.way.marked
	}
	switch {
	case p.shape == V3:
		dst = append(dst, `,"price":`...)
	case text == null: // a default, which version 4 leaves out
	default:
		dst = append(dst, `,"odds":`...)
	}
	switch {
	case text == "":
		dst = appendPawaOdds(dst, shown.cents)
	case text != null || p.shape == V3:
		dst = append(dst, text...)
	}
	if p.shape == V3 {
		return strconv.AppendBool(append(dst, `,"suspended":`...), suspended)
	}
	if suspended {
		dst = append(dst, `,"suspended":true`...)
	}
	return dst
}

// word is what BetPawa's answer calls something.
func (p *pawaWriter) word(text string) string {
	if p.reported.foreign {
		return inFrench(text)
	}
	return text
}

// appendPawaOdds appends odds as a number that always has a decimal point, as the site does: 2.4, 3.0.
func appendPawaOdds(dst []byte, cents int32) []byte {
	dst = appendShortCents(dst, cents)
	if cents%100 == 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// handicapText is the line as a price shows it: "2.5", "+0.5", "Home -1". The draw of a European handicap names the
// side that gives goals.
func handicapText(q *quote, out *catalogue.Outcome) string {
	switch q.market.Kind {
	case catalogue.TotalLine:
		return catalogue.LineText(q.line)
	case catalogue.AsianHandicap:
		if out.HandicapSide == 2 {
			return catalogue.SignedLine(-q.line)
		}
		return catalogue.SignedLine(q.line)
	case catalogue.EuroHandicap:
		if out.HandicapSide == 2 || out.HandicapSide == 0 && q.line > 0 {
			return "Away " + catalogue.SignedLine(-q.line)
		}
		return "Home " + catalogue.SignedLine(q.line)
	default:
		return ""
	}
}

// probability appends what the site believes. Version 3 masked it: the bits of each number, a key and a constant.
func (p *pawaWriter) probability(dst []byte, win, refund float64) []byte {
	if p.shape == V4 {
		dst = append(dst, `{"win":`...)
		dst = strconv.AppendFloat(dst, math.Round(win*1e6)/1e6, 'f', -1, 64)
		dst = append(dst, `,"refund":`...)
		dst = strconv.AppendFloat(dst, math.Round(refund*1e6)/1e6, 'f', -1, 64)
		return append(dst, '}')
	}
	key := chance.Mix(uint64(p.fixture.serial)<<20 | uint64(p.ordinal))
	mask := func(v float64) string {
		return strconv.FormatInt(int64(math.Float64bits(v)^0x9E3779B97F4A7C15^key), 10)
	}
	masked := strings.Join([]string{`{"win":`, mask(win), `,"refund":`, mask(refund), `,"key":`, strconv.FormatInt(int64(key), 10), `}`}, "")
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, []byte(masked))
	return append(dst, '"')
}
