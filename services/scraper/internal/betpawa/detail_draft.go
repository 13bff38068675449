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
	table    *mapping.Table
	byKey    map[odds.MarketKey]*draft
	refusals odds.Refusals
	lost     bool // a market of the answer is not among the result
}

// draft is a market whose rows are still coming.
type draft struct {
	row      *mapping.Row // nil for a type that the tables do not know: BetPawa's all the same
	name     string
	handicap string
	groups   []string
	outcomes []drafted
}

// drafted is an outcome with what orders it: its place in the row, else BetPawa's id of its kind.
type drafted struct {
	odds.Outcome
	position int
	typeID   int64
}

func newDrafts(table *mapping.Table) *drafts {
	return &drafts{
		table:    table,
		byKey:    make(map[odds.MarketKey]*draft, 256),
		refusals: make(odds.Refusals),
	}
}

// refuse counts a market that is lost.
func (d *drafts) refuse(reason odds.Reason) {
	d.refusals[reason]++
	d.lost = true
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
		price, active, ok := q.read()
		if !ok {
			d.refusals[odds.BadOdds]++
			continue
		}
		o := drafted{Outcome: odds.Outcome{Odds: price, Active: active}}
		o.typeID, _ = q.typeID.Int()
		if m.row != nil {
			o.position = len(m.row.Names)
			if at, known := m.row.Position(q.name.Bytes()); known {
				o.position, o.Name = at, m.row.Names[at]
			}
		}
		if o.Name == "" {
			o.Name = answer.Name(q.name)
		}
		if o.Name == "" {
			d.refusals[odds.UnknownOutcome]++
			continue
		}
		m.outcomes = append(m.outcomes, o)
	}
}

// finish makes the markets. A market whose prices cannot be its own is counted and kept all the same: BetPawa is the
// reference, and there is nothing that would say better.
func (d *drafts) finish() []odds.Market {
	markets := make([]odds.Market, 0, len(d.byKey))
	for key, m := range d.byKey {
		outcomes := d.settle(m.outcomes)
		if len(outcomes) == 0 {
			d.refuse(odds.NoOutcomes)
			continue
		}
		if m.row != nil && mapping.Overround(m.row, outcomes) == mapping.Implausible {
			d.refusals[odds.BadOverround]++
		}
		markets = append(markets, odds.Market{
			MarketKey: key, Name: m.name, Handicap: m.handicapType(), Outcomes: outcomes, Groups: m.groups,
		})
	}
	odds.SortMarkets(markets)
	return markets
}

// settle brings outcomes into their canonical order and leaves one of each name. Of two that agree one stays; two
// that contradict each other both go, as nothing but their order would tell which is right.
func (d *drafts) settle(all []drafted) []odds.Outcome {
	slices.SortFunc(all, func(a, b drafted) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.typeID, b.typeID))
	})
	kept := all[:0]
	for from := 0; from < len(all); {
		to, agree := from+1, true
		for ; to < len(all) && all[to].Name == all[from].Name; to++ {
			agree = agree && all[to].Outcome == all[from].Outcome
		}
		refused := to - from
		if one := all[from]; agree {
			kept = append(kept, one)
			refused--
		}
		if refused > 0 {
			d.refusals[odds.DuplicateOutcome] += refused
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
