package sim

import (
	"slices"
	"strconv"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// pawaWriter writes one of BetPawa's events. Version 4 is proto-JSON: defaults are left out and 64-bit integers are
// strings; version 3 writes everything.
type pawaWriter struct {
	fixture   *fixture
	reported  reported
	shape     Shape
	live      bool
	inList    bool
	noWidgets bool
	only      []string // market types to write; nil for all
	prices    []price
	row       int
	ordinal   int // of the price within the event
}

// event appends an event; without an offer it has no markets.
func (p *pawaWriter) event(dst []byte, o *offer) []byte {
	f, l, s := p.fixture, &p.fixture.listings[book.BetPawa], &p.reported
	words, t := f.sport.Words(), f.tournament
	dst = append(dst, `{"id":`...)
	dst = appendQuoted(dst, s.eventID)
	dst = append(dst, `,"name":`...)
	dst = appendQuoted(dst, s.home+" - "+s.away)
	dst = p.widgets(dst)
	dst = append(dst, `,"participants":[`...)
	for i, name := range []string{s.home, s.away} {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":"`...)
		dst = strconv.AppendInt(dst, int64(650_000+s.sides[i]), 10)
		dst = append(dst, `","name":`...)
		dst = appendQuoted(dst, name)
		dst = append(dst, `,"position":`...)
		dst = append(dst, byte('1'+i), '}')
	}
	dst = append(dst, `],"startTime":`...)
	dst = appendISO(dst, s.kickoff)
	if o != nil {
		dst = p.markets(dst, o)
	}
	dst = append(dst, `,"category":`...)
	dst = appendIDName(dst, words.BetpawaID, words.BetpawaName)
	dst = append(dst, `,"region":`...)
	dst = appendIDName(dst, t.countryIDs[book.BetPawa], t.country)
	dst = append(dst, `,"competition":`...)
	dst = appendIDName(dst, t.ids[book.BetPawa], t.name)
	version := l.revision + 1
	if o != nil {
		version += o.revision
	}
	return p.tail(dst, version)
}

// widgets appends the ids of the data providers, SportRadar's twice as the site does.
func (p *pawaWriter) widgets(dst []byte) []byte {
	if p.noWidgets {
		if p.shape == V3 {
			dst = append(dst, `,"widgets":[]`...)
		}
		return dst
	}
	dst = append(dst, `,"widgets":[{"id":"`...)
	if !p.reported.noSrID {
		dst = append(dst, p.reported.srID...)
		dst = append(dst, `","type":"SPORTRADAR","retention":"PREMATCH"},{"id":"`...)
	}
	dst = append(dst, p.fixture.geniusID...)
	dst = append(dst, `","type":"GENIUSSPORTS"`...)
	if p.shape == V3 {
		dst = append(dst, `,"retention":null`...)
	}
	if p.reported.noSrID {
		return append(dst, `}]`...)
	}
	dst = append(dst, `},{"id":"`...)
	dst = append(dst, p.reported.srID...)
	return append(dst, `","type":"SPORTRADAR","retention":"INPLAY"}]`...)
}

// tail appends what stands behind the names.
func (p *pawaWriter) tail(dst []byte, version uint64) []byte {
	if p.shape == V3 {
		dst = append(dst, `,"results":null,"additionalInfo":{"live":`...)
		dst = strconv.AppendBool(dst, p.live)
		dst = append(dst, `},"score":50.0,"neutralVenue":false,"inplayBooked":true,"version":`...)
		return append(strconv.AppendUint(dst, version, 10), '}')
	}
	dst = append(dst, `,"additionalInfo":{`...)
	if p.live {
		dst = append(dst, `"live":true,`...)
	}
	dst = append(dst, `"inplayBooked":true,"inplayBookedActual":true},"version":"`...)
	return append(strconv.AppendUint(dst, version, 10), `"}`...)
}

// markets appends the markets and their counts. A market type is written once with the rows of all its lines.
func (p *pawaWriter) markets(dst []byte, o *offer) []byte {
	dst = append(dst, `,"markets":[`...)
	start, count, groups := len(dst), 0, 0
	tabs := make(map[string]int, 8)
	for i := 0; i < len(o.quotes); {
		m, end := o.quotes[i].market, i+1
		for end < len(o.quotes) && o.quotes[end].market == m {
			end++
		}
		quotes := o.quotes[i:end]
		i = end
		if p.only != nil && !slices.Contains(p.only, m.ID) {
			continue
		}
		rows, offered := p.lines(p.marketType(comma(dst, start), m), o, quotes)
		if offered == 0 {
			continue
		}
		dst = p.marketTail(rows, m)
		count += offered
		groups++
		for _, tab := range m.Tabs {
			tabs[tab]++
		}
	}
	dst = append(dst, ']')
	if p.inList {
		return dst
	}
	return p.counters(dst, count, groups, tabs)
}

// lines appends the rows of a market and returns how many markets that are, as the site counts: one a line, and one
// when it is listed without a row.
func (p *pawaWriter) lines(dst []byte, o *offer, quotes []quote) (rows []byte, offered int) {
	if all := quotes[0].closingOfAll(); all != nil && all.outcomes == nothing {
		return dst, 1
	}
	for i := range quotes {
		if !quotes[i].listed() {
			continue
		}
		if offered > 0 {
			dst = append(dst, ',')
		}
		dst = p.rows(dst, o, &quotes[i])
		offered++
	}
	return dst, offered
}

// counters appends how many markets there are: distinct pairs of type and line, types, and types by tab.
func (p *pawaWriter) counters(dst []byte, count, groups int, tabs map[string]int) []byte {
	if p.shape == V3 {
		dst = append(dst, `,"totalMarketCount":`...)
		return strconv.AppendInt(dst, int64(count), 10)
	}
	dst = append(dst, `,"totalMarketCount":"`...)
	dst = strconv.AppendInt(dst, int64(count), 10)
	dst = append(dst, `","marketCounters":{"totalMarketGroupCount":"`...)
	dst = strconv.AppendInt(dst, int64(groups), 10)
	dst = append(dst, `","marketGroupCountByTab":{`...)
	start := len(dst)
	for _, tab := range []string{
		"all", "bookings", "combos", catalogue.TabCorners, catalogue.TabGoals, "halves", "popular", catalogue.TabSpecials,
	} {
		if tabs[tab] == 0 {
			continue
		}
		dst = comma(dst, start)
		dst = append(appendQuoted(dst, tab), `:"`...)
		dst = append(strconv.AppendInt(dst, int64(tabs[tab]), 10), '"')
	}
	return append(dst, `}}`...)
}
