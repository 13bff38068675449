package encode

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Limits of what is stored. Clients have checked what they made; these keep one bad value out of everybody's batch.
const (
	maxText     = 500       // bytes of an id or a name
	maxMarkets  = 5000      // of a snapshot
	maxOutcomes = 1000      // of a market
	maxOdds     = 1_000_000 // the highest price known of any bookmaker is below 10,000

	// MaxContent is how many bytes a snapshot's markets may have; a receiver's default limit is 4 MiB a message.
	MaxContent = 2 << 20
)

// Usable reports whether Postgres and protobuf can hold a text.
func Usable(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// checked is what is left of a capture's markets once each was checked by itself.
type checked struct {
	markets  []odds.Market // the caller's own slice when nothing was rejected
	unread   []odds.UnreadMarket
	rejected odds.Rejections // nil when nothing was rejected
	defects  []string        // what odds.InternalCheck rejected
}

// checkMarkets rejects the markets and outcomes, in order, that cannot be stored. A market that is rejected is offered
// all the same.
func checkMarkets(markets []odds.Market) checked {
	c := checked{markets: markets}
	for i := range markets {
		m := markets[i]
		reason := checkMarket(&m)
		if i > 0 && m.Compare(markets[i-1].MarketKey) <= 0 {
			reason = odds.InternalCheck // decoders leave each market once, in order
		}
		var outcomes odds.Rejections
		if reason == "" {
			outcomes, reason = checkOutcomes(m.Outcomes)
		}
		if c.rejected == nil {
			if reason == "" && outcomes == nil {
				continue
			}
			c.rejected, c.markets = make(odds.Rejections), slices.Clone(markets[:i])
		}
		if reason == odds.InternalCheck || outcomes[odds.InternalCheck] > 0 {
			c.defects = append(c.defects, fmt.Sprintf("market %.40q %v: %.200q", m.ID, m.Line, fmt.Sprint(m.Outcomes)))
		}
		if reason != "" {
			c.rejected[reason]++
			c.unread = append(c.unread, odds.UnreadMarket{MarketKey: m.MarketKey, AnyLine: reason == odds.BadLine})
			continue
		}
		if outcomes != nil {
			c.rejected.Add(outcomes)
			m.Outcomes = usableOutcomes(m.Outcomes)
		}
		c.markets = append(c.markets, m)
	}
	return c
}

// checkMarket returns why a market cannot be stored, its outcomes apart; empty when it can.
func checkMarket(m *odds.Market) odds.Reason {
	switch {
	case m.ID == "":
		return odds.BadMarket
	case !Usable(m.ID) || !Usable(m.Name) || slices.ContainsFunc(m.Groups, func(g string) bool { return !Usable(g) }):
		return odds.BadText
	case m.Handicap != odds.NoHandicap && m.Handicap != odds.European && m.Handicap != odds.Asian:
		return odds.InternalCheck
	case m.Handicap != odds.NoHandicap && !m.Line.IsSet():
		return odds.BadLine
	case len(m.Outcomes) == 0:
		return odds.NoOutcomes
	case len(m.Outcomes) > maxOutcomes:
		return odds.TooLarge
	default:
		return ""
	}
}

// checkOutcomes counts the outcomes that cannot be stored, nil when there are none, or returns why the market cannot:
// none of its outcomes can.
func checkOutcomes(outcomes []odds.Outcome) (rejected odds.Rejections, whole odds.Reason) {
	if storable(outcomes) {
		return nil, ""
	}
	for i := range outcomes {
		reason := checkOutcome(outcomes, i)
		if reason == "" {
			continue
		}
		if rejected == nil {
			rejected = make(odds.Rejections)
		}
		rejected[reason]++
	}
	switch {
	case rejected.Total() < len(outcomes):
		return rejected, ""
	case rejected[odds.InternalCheck] > 0:
		return nil, odds.InternalCheck
	default:
		return nil, odds.BadText
	}
}

// storable reports whether all outcomes can be stored, as nearly always. Of two of one name it looks at the second.
func storable(outcomes []odds.Outcome) bool {
	for i := range outcomes {
		if o := &outcomes[i]; !Usable(o.Name) || impossible(o) || hasOutcome(outcomes[:i], o.Name) {
			return false
		}
	}
	return true
}

// checkOutcome returns why one of a market's outcomes cannot be stored; empty when it can. Decoders leave each name
// once: of two, nobody knows which is right.
func checkOutcome(outcomes []odds.Outcome, i int) odds.Reason {
	switch o := &outcomes[i]; {
	case !Usable(o.Name):
		return odds.BadText
	case impossible(o), hasOutcome(outcomes[:i], o.Name), hasOutcome(outcomes[i+1:], o.Name):
		return odds.InternalCheck
	default:
		return ""
	}
}

// impossible reports whether an outcome has odds that no decoder gives it: they read a price before they say that it
// is open.
func impossible(o *odds.Outcome) bool {
	return math.IsNaN(o.Odds) || o.Odds < 0 || o.Odds > maxOdds || o.Active && o.Odds <= odds.ClosedPrice
}

// usableOutcomes are those that can be stored.
func usableOutcomes(outcomes []odds.Outcome) []odds.Outcome {
	kept := make([]odds.Outcome, 0, len(outcomes))
	for i, o := range outcomes {
		if checkOutcome(outcomes, i) == "" {
			kept = append(kept, o)
		}
	}
	return kept
}

// hasOutcome reports whether one of the outcomes has the name. Markets have few outcomes: no map.
func hasOutcome(outcomes []odds.Outcome, name string) bool {
	return slices.ContainsFunc(outcomes, func(o odds.Outcome) bool { return o.Name == name })
}
