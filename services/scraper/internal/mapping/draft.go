package mapping

import (
	"math"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// A complete market of an honest bookmaker has probabilities that sum up to 1.00–1.25 (1.00–1.08 recorded for the
// popular ones, up to 1.12 for the rest; twice that for double chance). Beyond these wider bounds prices are missing,
// swapped or another market's.
const (
	lowestSum  = 0.90
	highestSum = 1.60
)

// draft is a market of a competitor on its way to one of BetPawa's.
type draft struct {
	row    *Row
	rank   int
	slots  []slot // one for each of row.Names
	filled int    // outcomes put, duplicates included
	priced bool   // one of them has a price
}

// slot is where an outcome of the row goes.
type slot struct {
	odds     float64
	active   bool
	times    int  // how often the outcome came
	disagree bool // it came with different prices, so that neither can be believed
}

func newDraft(row *Row, rank int) *draft {
	return &draft{row: row, rank: rank, slots: make([]slot, len(row.Names))}
}

func (d *draft) put(position int, price answer.Price) {
	s := &d.slots[position]
	if s.times > 0 && (s.odds != price.Odds || s.active != price.Active()) {
		s.disagree = true
	}
	s.odds, s.active = price.Odds, price.Active()
	s.times++
	d.filled++
	d.priced = d.priced || price.Odds > 0
}

// before reports whether d is to be believed rather than e.
func (d *draft) before(e *draft) bool {
	if d.priced != e.priced {
		return d.priced
	}
	return d.rank < e.rank
}

// equal reports whether two drafts say the same.
func (d *draft) equal(e *draft) bool { return slices.Equal(d.slots, e.slots) }

// market makes the market, counting in m what had to be refused. It reports false if nothing is left.
func (d *draft) market(key odds.MarketKey, m *Mapper) (odds.Market, bool) {
	outcomes := make([]odds.Outcome, 0, len(d.slots))
	for i, s := range d.slots {
		switch {
		case s.times == 0:
			continue
		case s.disagree: // nothing shows which of them is right, least of all their order
			m.rejections[odds.DuplicateOutcome] += s.times
			continue
		}
		m.rejectTimes(odds.DuplicateOutcome, s.times-1)
		outcomes = append(outcomes, odds.Outcome{Name: d.row.Names[i], Odds: s.odds, Active: s.active})
	}
	if len(outcomes) == 0 {
		m.reject(odds.NoOutcomes, odds.UnreadMarket{MarketKey: key})
		return odds.Market{}, false
	}
	if Overround(d.row, outcomes) == Implausible {
		m.reject(odds.BadOverround, odds.UnreadMarket{MarketKey: key})
		return odds.Market{}, false
	}
	return odds.Market{
		MarketKey: key, Name: d.row.Name, Handicap: d.row.Line.Handicap(), Outcomes: outcomes,
	}, true
}

// rejectTimes counts without leaving a zero behind.
func (m *Mapper) rejectTimes(reason odds.Reason, n int) {
	if n > 0 {
		m.rejections[reason] += n
	}
}

// Verdict is what the sum of a market's probabilities says.
type Verdict uint8

// The verdicts.
const (
	NotJudged   Verdict = iota // an outcome is missing or closed, or the row's sum says nothing
	Plausible                  // within the bounds
	Implausible                // beyond them
)

// Overround judges the prices of a market of row r, if all its outcomes are there and open.
func Overround(r *Row, outcomes []odds.Outcome) Verdict {
	if r.ways == 0 || len(outcomes) != len(r.Names) {
		return NotJudged
	}
	sum := 0.0
	for _, o := range outcomes {
		if !o.Active {
			return NotJudged
		}
		sum += 1 / o.Odds
	}
	if sum /= r.ways; math.IsNaN(sum) || sum < lowestSum || sum > highestSum {
		return Implausible
	}
	return Plausible
}
