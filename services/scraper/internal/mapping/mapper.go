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
	Code  []byte // id or suffix
	Text  []byte // text or label; may be empty
	Price answer.Price
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
	column     Column
	drafts     map[odds.MarketKey][]*draft
	rejections odds.Rejections
	unmapped   map[unmappedKey]bookmaker.Unmapped
	unread     []odds.UnreadMarket
	// quotes and telling count the outcomes of the answer, and those of which it says whether they are open.
	quotes, telling int
}

type unmappedKey struct {
	market string
	reason bookmaker.UnmappedReason
}

// NewMapper begins an answer of the bookmaker.
func (c Column) NewMapper() *Mapper {
	return &Mapper{
		column:     c,
		drafts:     make(map[odds.MarketKey][]*draft, 256),
		rejections: make(odds.Rejections),
		unmapped:   make(map[unmappedKey]bookmaker.Unmapped),
	}
}

// Reject counts a part of the answer that does not even tell which market it is.
func (m *Mapper) Reject(reason odds.Reason) { m.rejections[reason]++ }

// reject counts a market that is offered and cannot be read.
func (m *Mapper) reject(reason odds.Reason, market odds.UnreadMarket) {
	m.rejections[reason]++
	m.unread = append(m.unread, market)
}

// RejectOffer counts an offer of which no more can be believed than its key and, if they could be read, its
// specifiers.
func (m *Mapper) RejectOffer(o *Offer, specified bool, reason odds.Reason) {
	m.rejections[reason]++
	for _, s := range m.column.Sources([]byte(o.Key)) {
		line, verdict := s.line(o.Params)
		switch {
		case !specified || verdict == unreadable:
			m.unread = append(m.unread, odds.UnreadMarket{MarketKey: odds.MarketKey{ID: s.Row.ID}, AnyLine: true})
		case verdict == readable:
			m.unread = append(m.unread, odds.UnreadMarket{MarketKey: odds.MarketKey{ID: s.Row.ID, Line: line}})
		}
	}
}

// Add maps an offer to every row that it feeds. The offer and its quotes are not kept. An offer without quotes adds
// nothing: a market that lists nothing is not offered.
func (m *Mapper) Add(o *Offer) {
	for i := range o.Quotes {
		m.quotes++
		if o.Quotes[i].Price.Reports() {
			m.telling++
		}
	}
	sources := m.column.Sources([]byte(o.Key))
	if len(sources) == 0 {
		reason := bookmaker.UnknownMarket
		if _, left := m.column.LeftOut(o.Key); left {
			reason = bookmaker.LeftOut
		}
		m.report(o, reason)
		return
	}
	unknown := 0
	for i := range o.Quotes {
		if !known(sources, &o.Quotes[i]) {
			unknown++
		}
	}
	fed := false
	for _, s := range sources {
		line, verdict := s.line(o.Params)
		switch {
		case verdict == foreign:
			continue
		case verdict == unreadable:
			m.reject(odds.BadLine, odds.UnreadMarket{MarketKey: odds.MarketKey{ID: s.Row.ID}, AnyLine: true})
		case !m.draft(s, line, o.Quotes) && unknown > 0: // the unknown outcomes may be those of this row
			m.reject(odds.NoOutcomes, odds.UnreadMarket{MarketKey: odds.MarketKey{ID: s.Row.ID, Line: line}})
		}
		fed = true
	}
	if !fed {
		m.report(o, bookmaker.UnknownSpecifier)
		return
	}
	m.rejectTimes(odds.UnknownOutcome, unknown)
}

// draft enters what s knows of quotes as a draft of its row, and reports whether that is anything: the outcomes may be
// those of another row, or such as are left out.
func (m *Mapper) draft(s *Source, line odds.Line, quotes []Quote) bool {
	d := newDraft(s.Row, s.rank)
	for i := range quotes {
		q := &quotes[i]
		position, ok := s.position(q)
		if !ok || position == omitted {
			continue
		}
		if q.Price.Unreadable() {
			m.rejections[odds.BadOdds]++
		}
		d.put(position, q.Price)
	}
	if d.filled > 0 {
		key := odds.MarketKey{ID: s.Row.ID, Line: line}
		m.drafts[key] = append(m.drafts[key], d)
	}
	return d.filled > 0
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

// Mapped is what an answer's offers become.
type Mapped struct {
	Markets    []odds.Market       // in their order
	Unread     []odds.UnreadMarket // offered, if not readably
	Rejections odds.Rejections
	Unmapped   []bookmaker.Unmapped
}

// Close closes every outcome: the answer says that nothing can be bet on.
func (m *Mapped) Close() {
	for i := range m.Markets {
		for j := range m.Markets[i].Outcomes {
			m.Markets[i].Outcomes[j].Active = false
		}
	}
	delete(m.Rejections, odds.NoPrices)
}

// Finish ends the answer.
func (m *Mapper) Finish() Mapped {
	markets := make([]odds.Market, 0, len(m.drafts))
	for key, drafts := range m.drafts {
		if market, ok := m.settle(key, drafts); ok {
			markets = append(markets, market)
		}
	}
	odds.SortMarkets(markets)
	if m.quotes > 0 && m.telling == 0 {
		m.rejections[odds.NoPrices]++
	}
	mapped := Mapped{Markets: markets, Unread: odds.SortUnread(m.unread), Rejections: m.rejections}
	for _, u := range m.unmapped {
		mapped.Unmapped = append(mapped.Unmapped, u)
	}
	slices.SortFunc(mapped.Unmapped, func(a, b bookmaker.Unmapped) int {
		return cmp.Or(cmp.Compare(a.MarketID, b.MarketID), cmp.Compare(a.Reason, b.Reason))
	})
	return mapped
}

// settle makes one market of all drafts of a key. Drafts of a source that stands earlier in the table win, unless none
// of their outcomes has a price: another market of the competitor with the same line is no contradiction. Two drafts
// of one source must agree.
func (m *Mapper) settle(key odds.MarketKey, drafts []*draft) (odds.Market, bool) {
	best := drafts[0]
	for _, d := range drafts[1:] {
		if d.before(best) {
			best = d
		}
	}
	for _, d := range drafts {
		if d == best {
			continue
		}
		m.rejections[odds.DuplicateMarket]++
		if d.rank == best.rank && !d.equal(best) {
			m.reject(odds.DuplicateMarket, odds.UnreadMarket{MarketKey: key})
			return odds.Market{}, false
		}
	}
	return best.market(key, m)
}
