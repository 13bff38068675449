// Package evidence compares what the decoders make of recorded answers: which outcomes of a competitor name the same
// bet as one of BetPawa's, and whether their prices agree. Two bookmakers never differ by much on one bet, so a price
// that strays is a bet mapped to the wrong market.
//
// It is for tests and for the mapping report, not for the running scraper, which has no other bookmaker's prices at
// hand when it maps an answer.
package evidence

import (
	"cmp"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// The price rule: of two prices for one bet the higher is at most Factor times the lower, where the lower is below
// LongShot. Beyond that the bookmakers' margins and caps differ too much.
const (
	Factor   = 1.35
	LongShot = 10.0
)

// Verdict is what two prices say about each other.
type Verdict int

// The verdicts.
const (
	Agreeing  Verdict = iota // within the factor
	Far                      // beyond the factor, but both are long shots
	Closed                   // one of the two cannot be bet on
	Explained                // beyond the factor, and the tables say why
	Stray                    // beyond the factor
)

// Pair is an outcome that both BetPawa and a competitor offer.
type Pair struct {
	Family    string
	Market    odds.MarketKey
	Name      string // of the market
	Outcome   string
	Reference float64 // BetPawa's price
	Price     float64 // the competitor's
	Verdict   Verdict
	Reason    string // of an Explained one
}

// Ratio is the higher price over the lower, 0 for a closed pair.
func (p Pair) Ratio() float64 {
	if p.Verdict == Closed {
		return 0
	}
	return max(p.Reference, p.Price) / min(p.Reference, p.Price)
}

// Stats counts a competitor's outcomes of a family.
type Stats struct {
	Family   string
	Markets  int // mapped
	Outcomes int // mapped
	Shared   int // offered by BetPawa as well
	Verdicts [Stray + 1]int
}

// Comparison is a competitor's snapshot beside BetPawa's of the same event.
type Comparison struct {
	Pairs []Pair
	// Foreign lists outcomes in a market that BetPawa offers too, but under names that BetPawa does not offer there.
	Foreign []Pair
	Tallies []Stats // by family, in alphabetical order
}

// Shared counts the pairs, closed ones included.
func (c Comparison) Shared() int { return len(c.Pairs) }

// Count counts the pairs of a verdict.
func (c Comparison) Count(v Verdict) int {
	n := 0
	for _, p := range c.Pairs {
		if p.Verdict == v {
			n++
		}
	}
	return n
}

// Compare puts a competitor's snapshot beside BetPawa's.
func Compare(table *mapping.Table, reference, competitor odds.Snapshot) Comparison {
	offered := make(map[odds.MarketKey]map[string]odds.Outcome, len(reference.Markets))
	for _, m := range reference.Markets {
		offered[m.MarketKey] = make(map[string]odds.Outcome, len(m.Outcomes))
		for _, o := range m.Outcomes {
			offered[m.MarketKey][o.Name] = o
		}
	}
	known, _ := registry.Lookup(competitor.Bookmaker)
	column := known.Column(table)
	var c Comparison
	tallies := make(map[string]*Stats)
	for _, m := range competitor.Markets {
		family := ""
		if row := table.Row(m.ID); row != nil {
			family = row.Family
		}
		t := tallies[family]
		if t == nil {
			t = &Stats{Family: family}
			tallies[family] = t
		}
		t.Markets++
		t.Outcomes += len(m.Outcomes)
		names, shared := offered[m.MarketKey]
		if !shared {
			continue
		}
		for _, o := range m.Outcomes {
			ref, named := names[o.Name]
			p := Pair{
				Family: family, Market: m.MarketKey, Name: m.Name, Outcome: o.Name, Reference: ref.Odds, Price: o.Odds,
			}
			if !named {
				c.Foreign = append(c.Foreign, p)
				continue
			}
			p.Verdict, p.Reason = judge(column, m.ID, ref, o)
			t.Shared++
			t.Verdicts[p.Verdict]++
			c.Pairs = append(c.Pairs, p)
		}
	}
	for _, t := range tallies {
		c.Tallies = append(c.Tallies, *t)
	}
	slices.SortFunc(c.Tallies, func(a, b Stats) int { return cmp.Compare(a.Family, b.Family) })
	return c
}

func judge(column mapping.Column, marketID string, ref, o odds.Outcome) (Verdict, string) {
	low, high := min(ref.Odds, o.Odds), max(ref.Odds, o.Odds)
	switch {
	case !ref.Active || !o.Active:
		return Closed, ""
	case high <= low*Factor:
		return Agreeing, ""
	case low >= LongShot:
		return Far, ""
	}
	if e, ok := column.Exception(marketID, o.Name); ok {
		return Explained, e.Reason
	}
	return Stray, ""
}

// Strays counts the outcomes of all events that speak against the mapping: a price that strays without a reason, or
// a name that BetPawa does not offer in that market.
func Strays(table *mapping.Table, events []Event) int {
	n := 0
	for _, e := range events {
		reference, ok := e.Answer(odds.BetPawa)
		if !ok {
			continue
		}
		for _, a := range e.Answers {
			if a.Err == nil && !a.Bookmaker.Reference() {
				c := Compare(table, reference.Detail.Snapshot, a.Detail.Snapshot)
				n += c.Count(Stray) + len(c.Foreign)
			}
		}
	}
	return n
}
