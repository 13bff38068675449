package sides

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Thresholds of prices. A distance is that of the logarithms of two prices' quotient: 0.7 is a factor of two between
// the two books' opinions. The margin cancels out.
const (
	apart       = 1.0 // of the reading that does not fit, at the least
	farApart    = 2.0 // the same where the names contradict it
	timesNearer = 4.0 // how much nearer the reading that fits must be
)

// Prices is how far apart the prices are, by family.
type Prices struct{ families []distances }

// distances are the medians over the markets of a family that both offers price, and price both ways.
type distances struct {
	family            family
	markets           int
	straight, reverse float64
}

// fit is what one family says.
func (d distances) fit() Fit {
	switch {
	case d.reverse >= apart && d.straight*timesNearer <= d.reverse:
		return Straight
	case d.straight >= apart && d.reverse*timesNearer <= d.straight:
		return Reversed
	default:
		return Unclear
	}
}

// comparePrices compares the prices of markets.
func comparePrices(reference, other []odds.Market) Prices {
	known := make(map[odds.MarketKey]lean, len(reference))
	for i := range reference {
		if l, ok := leanOf(&reference[i]); ok {
			known[reference[i].MarketKey] = l
		}
	}
	straight, reverse := make(map[family][]float64), make(map[family][]float64)
	for i := range other {
		m := &other[i]
		l, ok := leanOf(m)
		same, listed := known[m.MarketKey]
		mirrored, listedToo := known[mirrorKey(m)]
		if !ok || !listed || !listedToo {
			continue
		}
		f := markets[m.ID].family
		straight[f] = append(straight[f], math.Abs(l.value-same.value))
		reverse[f] = append(reverse[f], math.Abs(l.value-mirrored.mirror().value))
	}
	var p Prices
	for f := range straight {
		p.families = append(p.families, distances{f, len(straight[f]), median(straight[f]), median(reverse[f])})
	}
	slices.SortFunc(p.families, func(a, b distances) int { return cmp.Compare(a.family, b.family) })
	return p
}

// Fit is what the prices say: what some families say and none contradicts. Where several can be compared one alone
// may be the mistake.
func (p Prices) Fit() Fit {
	families := make(map[Fit]int)
	for _, d := range p.families {
		families[d.fit()]++
	}
	enough := min(2, len(p.families))
	switch {
	case families[Straight] > 0 && families[Reversed] == 0:
		return Straight
	case families[Reversed] >= enough && families[Reversed] > 0 && families[Straight] == 0:
		return Reversed
	default:
		return Unclear
	}
}

// Nearer is which reading is the nearer one by a factor of two at the least, however small the distances are. That is
// enough to tell which of two states of one bookmaker's own snapshot has its sides where.
func Nearer(before, now []odds.Market) Fit {
	straight, reverse := 0.0, 0.0
	for _, d := range comparePrices(before, now).families {
		straight += d.straight
		reverse += d.reverse
	}
	switch {
	case 2*straight < reverse:
		return Straight
	case 2*reverse < straight:
		return Reversed
	default:
		return Unclear
	}
}

// far reports whether prices that fit reversed are far from fitting as they are.
func (p Prices) far() bool {
	return slices.ContainsFunc(p.families, func(d distances) bool { return d.fit() == Reversed && d.straight >= farApart })
}

// String is the fit with the numbers.
func (p Prices) String() string {
	if len(p.families) == 0 {
		return "missing"
	}
	each := make([]string, len(p.families))
	for i, d := range p.families {
		each[i] = fmt.Sprintf("%s %.2f as they are, %.2f reversed", d.family, d.straight, d.reverse)
	}
	return fmt.Sprintf("%s (%s)", p.Fit(), strings.Join(each, "; "))
}

// lean is how much more likely a market takes one of two outcomes than the other: the logarithm of the quotient of
// their prices.
type lean struct {
	value float64
	sided bool // the outcomes are the two sides, and change places in the mirror
}

// mirror is what the lean of a market says of the market's mirror.
func (l lean) mirror() lean {
	if l.sided {
		l.value = -l.value
	}
	return l
}

// contrasts are the pairs of outcomes that a lean is read from.
//
//nolint:gochecknoglobals // a table, never written
var contrasts = [...]struct {
	one, other string
	sided      bool
}{{"1", "2", true}, {"1X", "X2", true}, {"Over", "Under", false}, {"Yes", "No", false}}

// leanOf reads a market; false for one that does not tell the sides apart or has no prices to bet on.
func leanOf(m *odds.Market) (lean, bool) {
	if !Sided(m.ID) || !m.UnavailableAt.IsZero() {
		return lean{}, false
	}
	for _, c := range contrasts {
		one, other := price(m, c.one), price(m, c.other)
		if one > 0 && other > 0 {
			return lean{math.Log(other / one), c.sided}, true
		}
	}
	return lean{}, false
}

// price is an outcome's; 0 when it cannot be bet on.
func price(m *odds.Market, name string) float64 {
	for i := range m.Outcomes {
		if o := &m.Outcomes[i]; o.Name == name && o.Active && o.Odds > odds.ClosedPrice {
			return o.Odds
		}
	}
	return 0
}

// median of at least one value.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
