package betpawa

import (
	"cmp"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// drafts gathers the rows of an answer into markets.
type drafts struct {
	table      *mapping.Table
	byKey      map[odds.MarketKey]*draft
	rejections odds.Rejections
	unread     []odds.UnreadMarket
	unknown    int // entries that do not even tell which market they are
	// empty counts entries without rows, and lost the markets that those may hold which cannot be read.
	empty, lost int
	uncounted   bool // how many markets an entry holds cannot be read
	// quotes and telling count the outcomes, and those of which the answer says whether they are open.
	quotes, telling int
}

// draft is a market whose rows are still coming.
type draft struct {
	row      *mapping.Row // nil for a type that the tables do not know: BetPawa's all the same
	name     string
	handicap string
	groups   []string
	outcomes []drafted
	rejected bool // an outcome was rejected
}

// drafted is an outcome with what orders it: its place in the row, else BetPawa's id of its kind.
type drafted struct {
	odds.Outcome
	position int
	typeID   int64
}

func newDrafts(table *mapping.Table) *drafts {
	return &drafts{
		table:      table,
		byKey:      make(map[odds.MarketKey]*draft, 256),
		rejections: make(odds.Rejections),
	}
}

// reject counts a market that is offered and cannot be read, and the rows that are lost with it.
func (d *drafts) reject(reason odds.Reason, market odds.UnreadMarket, rows int) {
	d.rejections[reason]++
	d.unread = append(d.unread, market)
	d.lost += rows
}

// rejectUnknown counts an entry that does not even tell which market it is.
func (d *drafts) rejectUnknown(rows int) {
	d.rejections[odds.BadMarket]++
	d.unknown++
	d.lost += rows
}

// holds reports whether the answer can hold total markets, BetPawa's own count of them; read is how many could be read.
// BetPawa counts the lines of a type each (118 of 79 entries in one recorded answer, 87 of 59 in another), also those
// without a price (32 of 46 in play). What it makes of one that lists nothing, or cannot be read, is not known.
func (d *drafts) holds(total int64, read int) bool {
	most := len(d.byKey) + d.empty + d.lost
	return int64(read) <= total && (d.uncounted || total <= int64(most))
}

// add enters the prices of one row of e.
func (d *drafts) add(e *entry, line odds.Line, prices []quoted) {
	key := odds.MarketKey{ID: e.typeID, Line: line}
	m := d.byKey[key]
	if m == nil {
		m = &draft{row: d.table.Row(e.typeID), name: e.name, handicap: e.handicap, groups: e.tabs}
		d.byKey[key] = m
	}
	if e.name < m.name { // a type that is written twice with two names: any rule but the order will do
		m.name = e.name
	}
	if len(m.groups) < len(e.tabs) || slices.Compare(m.groups, e.tabs) < 0 {
		m.groups = e.tabs
	}
	for i := range prices {
		q := &prices[i]
		price := q.read()
		d.quotes++
		if price.Reports() {
			d.telling++
		}
		o, known := m.outcome(q)
		if !known {
			d.rejections[odds.UnknownOutcome]++
			m.rejected = true
			continue
		}
		if price.Unreadable() {
			d.rejections[odds.BadOdds]++
		}
		o.Odds, o.Active = price.Odds, price.Active()
		m.outcomes = append(m.outcomes, o)
	}
}

// outcome finds the name of an outcome: in the tables where the type has a row, by BetPawa's id of its kind or, should
// that id be new, by its name; else it is what BetPawa writes. False for one that has no name.
func (m *draft) outcome(q *quoted) (o drafted, known bool) {
	o.typeID, _ = q.typeID.Int()
	if m.row == nil {
		o.Name = answer.Name(q.name)
		return o, o.Name != ""
	}
	o.Name, o.position, known = m.row.Outcome(q.typeID.Bytes(), q.name.Bytes())
	return o, known
}

// finish makes the markets. A market without outcomes is not offered; one of which every outcome had to be refused is,
// and cannot be read. A market whose prices cannot be its own is counted and kept all the same: BetPawa is the
// reference, and there is nothing that would say better.
func (d *drafts) finish() []odds.Market {
	markets := make([]odds.Market, 0, len(d.byKey))
	for key, m := range d.byKey {
		outcomes := d.settle(m)
		if len(outcomes) == 0 {
			if m.rejected {
				d.reject(odds.NoOutcomes, odds.UnreadMarket{MarketKey: key}, 0)
			}
			continue
		}
		if m.row != nil && mapping.Overround(m.row, outcomes) == mapping.Implausible {
			d.rejections[odds.BadOverround]++
		}
		markets = append(markets, odds.Market{
			MarketKey: key, Name: m.name, Handicap: m.handicapType(), Outcomes: outcomes, Groups: m.groups,
		})
	}
	if d.quotes > 0 && d.telling == 0 {
		d.rejections[odds.NoPrices]++
	}
	odds.SortMarkets(markets)
	return markets
}

// settle brings outcomes into their canonical order and leaves one of each name. Of two that agree one stays; two
// that contradict each other both go, as nothing but their order would tell which is right.
func (d *drafts) settle(m *draft) []odds.Outcome {
	all := m.outcomes
	slices.SortFunc(all, func(a, b drafted) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.typeID, b.typeID))
	})
	kept := all[:0]
	for from := 0; from < len(all); {
		to, agree := from+1, true
		for ; to < len(all) && all[to].Name == all[from].Name; to++ {
			agree = agree && all[to].Outcome == all[from].Outcome
		}
		rejected := to - from
		if one := all[from]; agree {
			kept = append(kept, one)
			rejected--
		}
		if rejected > 0 {
			d.rejections[odds.DuplicateOutcome] += rejected
			m.rejected = true
		}
		from = to
	}
	slices.SortFunc(kept, func(a, b drafted) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.typeID, b.typeID), cmp.Compare(a.Name, b.Name))
	})
	outcomes := make([]odds.Outcome, len(kept))
	for i, o := range kept {
		outcomes[i] = o.Outcome
	}
	return outcomes
}

// handicapType is the table's where the type has a row, else what BetPawa writes.
func (m *draft) handicapType() odds.HandicapType {
	switch {
	case m.row != nil:
		return m.row.Line.Handicap()
	case m.handicap == "EUROPEAN":
		return odds.European
	case m.handicap == "ASIAN":
		return odds.Asian
	default:
		return odds.NoHandicap
	}
}
