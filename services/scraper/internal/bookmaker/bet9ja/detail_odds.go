package bet9ja

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// maxKey bounds a key of the odds; recorded ones have up to 30 bytes.
const maxKey = 120

// price is one member of O, its key taken apart.
type price struct {
	market []byte // "S_1X2HND"
	param  []byte // "-1", or "@" when nothing stands behind it; nil without one
	suffix []byte // "1H"; empty without one
	odds   answer.Price
}

// odds reads the flat map of prices, which PHP writes as a list when it is empty. A closed price is written as "1",
// there is no other flag.
func (r *detailReader) odds() {
	c := r.cursor
	listed := c.Object(func(key []byte) {
		if len(r.prices) > answer.MaxOutcomes {
			return
		}
		market, param, suffix, ok := splitKey(key)
		if !ok {
			r.unknown++
			r.mapper.Reject(odds.BadMarket)
			return
		}
		r.prices = append(r.prices, price{
			market: market, param: param, suffix: suffix, odds: answer.ReadPrice(c.Scalar()),
		})
	})
	elements := 0
	if !listed {
		listed = c.Array(func() { elements++ }) && elements == 0
	}
	r.listed = listed || r.listed
}

// splitKey takes a key S_<market>[@<param>]_<suffix> apart. Market names contain digits and hyphens but no
// underscore; suffixes contain nearly anything. It reports false for a key that does not tell its market.
func splitKey(key []byte) (market, param, suffix []byte, ok bool) {
	const sport = len("S_")
	if len(key) > maxKey || len(key) < sport || key[0] != 'S' || key[1] != '_' {
		return nil, nil, nil, false
	}
	market = key
	if end := bytes.IndexByte(key[sport:], '_'); end >= 0 {
		market, suffix = key[:sport+end], key[sport+end+1:]
	}
	if at := bytes.IndexByte(market, '@'); at >= 0 {
		market, param = market[:at], market[at+1:]
		if len(param) == 0 {
			param = []byte{'@'} // no line, and not the market that has none
		}
	}
	return market, param, suffix, len(market) > sport
}

// label names an outcome in the dictionary.
type label struct{ market, suffix string }

// dictionary reads MK, which holds name, suffixes and labels of every market in O: SGN and SGNK are arrays of the
// same length. Labels are kept only where somebody will look at them, for a large answer has a thousand. Two rows that
// contradict each other leave the label empty.
func (r *detailReader) dictionary() {
	c := r.cursor
	r.names = make(map[string]string, 256)
	r.labels = make(map[label]string, 256)
	var labels, suffixes []jsonscan.Scalar // used again for every row
	texts := func(into *[]jsonscan.Scalar) {
		c.Array(func() {
			if len(*into) < answer.MaxOutcomes {
				*into = append(*into, c.Scalar())
			}
		})
	}
	c.Array(func() {
		if r.markets++; r.markets > answer.MaxMarkets {
			return
		}
		var id jsonscan.Scalar
		var name string
		labels, suffixes = labels[:0], suffixes[:0]
		c.Object(func(key []byte) {
			switch string(key) {
			case "ID":
				id = c.Scalar()
			case "DS":
				name = answer.Name(c.Scalar())
			case "SGN":
				texts(&labels)
			case "SGNK":
				texts(&suffixes)
			}
		})
		market := id.Text()
		if was, twice := r.names[market]; !twice || name < was {
			r.names[market] = name
		}
		if len(labels) != len(suffixes) || !r.column.NeedsTexts(id.Bytes()) {
			return // the prices speak for themselves: suffixes are stable
		}
		for i, suffix := range suffixes {
			key, text := label{market, suffix.Text()}, answer.Name(labels[i])
			if was, twice := r.labels[key]; twice && was != text {
				text = ""
			}
			r.labels[key] = text
		}
	})
}

// offers hands the prices to the mapper, market by market. Sorting them brings the prices of one market together.
func (r *detailReader) offers() {
	slices.SortFunc(r.prices, func(a, b price) int {
		return cmp.Or(bytes.Compare(a.market, b.market), bytes.Compare(a.param, b.param),
			bytes.Compare(a.suffix, b.suffix))
	})
	var o mapping.Offer
	for from := 0; from < len(r.prices); {
		first := r.prices[from]
		to := from
		o.Key, o.Params, o.Quotes = string(first.market), o.Params[:0], o.Quotes[:0]
		for ; to < len(r.prices) && bytes.Equal(r.prices[to].market, first.market) &&
			bytes.Equal(r.prices[to].param, first.param); to++ {
			p := r.prices[to]
			o.Quotes = append(o.Quotes, mapping.Quote{
				Code: p.suffix, Text: []byte(r.labels[label{o.Key, string(p.suffix)}]),
				Price: p.odds,
			})
		}
		o.Name = r.names[o.Key]
		if first.param != nil {
			o.Params = append(o.Params, mapping.Param{Name: mapping.AnyParam, Value: string(first.param)})
		}
		r.mapper.Add(&o)
		from = to
	}
}
