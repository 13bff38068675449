package mapping

import (
	"cmp"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Quote is one outcome of a competitor's market as it was read.
type Quote struct {
	Code   []byte // id or suffix
	Text   []byte // text or label; may be empty
	Odds   float64
	Valid  bool // Odds is a price
	Active bool // nothing but the price itself speaks against betting on it
}

// Offer is a competitor's market as it was read.
type Offer struct {
	Key    string
	Name   string // the competitor's own name, for reports
	Params []Param
	Quotes []Quote
}

// Param is a specifier of an offer.
type Param struct{ Name, Value string }

// Mapper turns the offers of one answer into BetPawa's markets. The result does not depend on the order in which
// offers and their quotes come in. It serves one answer and is not safe for concurrent use.
type Mapper struct {
	table    *Table
	book     odds.Bookmaker
	drafts   map[odds.MarketKey][]*draft
	refusals odds.Refusals
	unmapped map[unmappedKey]bookmaker.Unmapped
	// incomplete is set once a market of the answer is lost, so that its absence does not mean that it is not offered.
	incomplete bool
}

type unmappedKey struct {
	market string
	reason bookmaker.UnmappedReason
}

// NewMapper begins an answer of competitor b.
func (t *Table) NewMapper(b odds.Bookmaker) *Mapper {
	return &Mapper{
		table: t, book: b,
		drafts:   make(map[odds.MarketKey][]*draft, 256),
		refusals: make(odds.Refusals),
		unmapped: make(map[unmappedKey]bookmaker.Unmapped),
	}
}

// Refuse counts something that the caller refuses; lost says that a market went with it.
func (m *Mapper) Refuse(reason odds.Reason, lost bool) {
	m.refusals[reason]++
	m.incomplete = m.incomplete || lost
}

// Add maps an offer to every row that it feeds. The offer and its quotes are not kept.
func (m *Mapper) Add(o *Offer) {
	sources := m.table.sources[m.book][o.Key]
	if len(sources) == 0 {
		reason := bookmaker.UnknownMarket
		if _, left := m.table.leftOut[m.book][o.Key]; left {
			reason = bookmaker.LeftOut
		}
		m.report(o, reason)
		return
	}
	fed, drafted, lost := false, false, false
	for _, s := range sources {
		line, verdict := s.line(o.Params)
		switch verdict {
		case foreign:
			continue
		case unreadable:
			m.Refuse(odds.BadLine, true)
			lost = true
		case readable:
			drafted = m.draft(s, line, o.Quotes) || drafted
		}
		fed = true
	}
	if !fed {
		m.report(o, bookmaker.UnknownSpecifier)
		return
	}
	unknown := 0
	for i := range o.Quotes {
		if !known(sources, &o.Quotes[i]) {
			unknown++
		}
	}
	m.refuseTimes(odds.UnknownOutcome, unknown)
	if !drafted && !lost && unknown == len(o.Quotes) { // empty, or nothing in it is known
		m.Refuse(odds.NoOutcomes, true)
	}
}

// draft enters what s knows of quotes as a draft of its row. It reports false if that is nothing.
func (m *Mapper) draft(s *Source, line odds.Line, quotes []Quote) bool {
	d := newDraft(s.Row, s.rank)
	for i := range quotes {
		q := &quotes[i]
		position, ok := s.position(q)
		if !ok || position == omitted {
			continue
		}
		if !q.Valid {
			m.refusals[odds.BadOdds]++
			d.lost = true
			continue
		}
		d.put(position, q.Odds, q.Active && q.Odds > odds.ClosedPrice)
	}
	if d.filled == 0 && !d.lost {
		return false // nothing but outcomes of other rows, or such as are left out
	}
	key := odds.MarketKey{ID: s.Row.ID, Line: line}
	m.drafts[key] = append(m.drafts[key], d)
	return true
}

// report notes a market without a partner, once a market and reason. Of several the smallest example is kept, so
// that the order in which they come does not show.
func (m *Mapper) report(o *Offer, reason bookmaker.UnmappedReason) {
	u := bookmaker.Unmapped{
		MarketID: answer.Cut(o.Key, answer.MaxID), Name: answer.Cut(o.Name, answer.MaxName),
		Reason: reason, Example: example(o),
	}
	key := unmappedKey{u.MarketID, reason}
	seen, twice := m.unmapped[key]
	if !twice || cmp.Or(cmp.Compare(u.Example, seen.Example), cmp.Compare(u.Name, seen.Name)) < 0 {
		m.unmapped[key] = u
	}
}

// Finish returns the markets in their order, what was refused, what has no partner, and whether no market was lost.
func (m *Mapper) Finish() (markets []odds.Market, refusals odds.Refusals, unmapped []bookmaker.Unmapped, complete bool) {
	markets = make([]odds.Market, 0, len(m.drafts))
	for key, drafts := range m.drafts {
		if market, ok := m.settle(key, drafts); ok {
			markets = append(markets, market)
		}
	}
	odds.SortMarkets(markets)
	for _, u := range m.unmapped {
		unmapped = append(unmapped, u)
	}
	slices.SortFunc(unmapped, func(a, b bookmaker.Unmapped) int {
		return cmp.Or(cmp.Compare(a.MarketID, b.MarketID), cmp.Compare(a.Reason, b.Reason))
	})
	return markets, m.refusals, unmapped, !m.incomplete
}

// settle makes one market of all drafts of a key. Drafts of a source that stands earlier in the table win: another
// market of the competitor with the same line is no contradiction. Two drafts of one source must agree.
func (m *Mapper) settle(key odds.MarketKey, drafts []*draft) (odds.Market, bool) {
	best := drafts[0]
	for _, d := range drafts[1:] {
		if d.rank < best.rank {
			best = d
		}
	}
	for _, d := range drafts {
		if d == best {
			continue
		}
		m.refusals[odds.DuplicateMarket]++
		if d.rank == best.rank && !d.equal(best) {
			m.Refuse(odds.DuplicateMarket, true)
			return odds.Market{}, false
		}
	}
	return best.market(key, m)
}
