package store

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Limits of what is stored. Clients have checked what they made; these keep one bad value out of everybody's batch.
const (
	maxText          = 500            // bytes of an id or a name
	maxMarkets       = 5000           // of a snapshot
	maxOutcomes      = 1000           // of a market
	maxContent       = 2 << 20        // bytes of a snapshot's markets; a receiver's default limit is 4 MiB a message
	maxOdds          = 1_000_000      // the highest price known of any bookmaker is below 10,000
	maxSrID          = 20             // digits
	captureTolerance = 24 * time.Hour // that a capture may be old; its date has been corrected before
)

// usable reports whether Postgres and protobuf can hold a text.
func usable(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// checkEvent returns why an event cannot be stored; empty when it can.
func (w *Writer) checkEvent(e *odds.Event) odds.Reason {
	if e.SrID == "" || len(e.SrID) > maxSrID || strings.Trim(e.SrID, "0123456789") != "" || e.SrID[0] == '0' {
		return odds.NoSrID
	}
	if y := e.Kickoff.UTC().Year(); y < 2000 || y > 2199 {
		return odds.BadKickoff
	}
	for _, text := range [...]string{e.BetPawaEventID, e.Name, e.HomeTeam, e.AwayTeam, e.Sport, e.Country, e.Tournament} {
		if !usable(text) {
			return odds.BadText
		}
	}
	for i, c := range e.Competitors {
		switch {
		case c.EventID == "":
			return odds.NoEventID
		case !usable(c.EventID):
			return odds.BadText
		case w.bookmakers.ids[c.Bookmaker] == 0 || c.Bookmaker.Reference():
			return odds.UnknownBookmaker
		case slices.ContainsFunc(e.Competitors[:i], func(o odds.CompetitorEvent) bool { return o.Bookmaker == c.Bookmaker }):
			return odds.DuplicateListing
		}
	}
	return ""
}

// checkCapture returns why a capture or an absence cannot be stored; empty when it can.
func (w *Writer) checkCapture(k key, requestedAt, capturedAt, now time.Time) odds.Reason {
	switch {
	case w.bookmakers.ids[k.bookmaker] == 0:
		return odds.UnknownBookmaker
	case k.id == "":
		return odds.NoEventID
	case !usable(k.id):
		return odds.BadText
	case requestedAt.IsZero() || capturedAt.Before(requestedAt) || now.Sub(capturedAt) > captureTolerance:
		return odds.BadCapture
	}
	return ""
}

// checked is what is left of a capture's markets once each was checked by itself.
type checked struct {
	markets []odds.Market // the capture's own slice when nothing was refused
	unread  []odds.UnreadMarket
	refused odds.Refusals // nil when nothing was refused
	defects []string      // what odds.InternalCheck refused
}

// checkMarkets refuses the markets and outcomes, in order, that cannot be stored. A market that is refused is offered
// all the same.
func checkMarkets(markets []odds.Market) checked {
	c := checked{markets: markets}
	for i := range markets {
		m := markets[i]
		reason := checkMarket(&m)
		if i > 0 && m.Compare(markets[i-1].MarketKey) <= 0 {
			reason = odds.InternalCheck // decoders leave each market once, in order
		}
		var outcomes odds.Refusals
		if reason == "" {
			outcomes, reason = checkOutcomes(m.Outcomes)
		}
		if c.refused == nil {
			if reason == "" && outcomes == nil {
				continue
			}
			c.refused, c.markets = make(odds.Refusals), slices.Clone(markets[:i])
		}
		if reason == odds.InternalCheck || outcomes[odds.InternalCheck] > 0 {
			c.defects = append(c.defects, fmt.Sprintf("market %.40q %v: %.200q", m.ID, m.Line, fmt.Sprint(m.Outcomes)))
		}
		if reason != "" {
			c.refused[reason]++
			c.unread = append(c.unread, odds.UnreadMarket{MarketKey: m.MarketKey, AnyLine: reason == odds.BadLine})
			continue
		}
		if outcomes != nil {
			c.refused.Add(outcomes)
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
	case !usable(m.ID) || !usable(m.Name) || slices.ContainsFunc(m.Groups, func(g string) bool { return !usable(g) }):
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
func checkOutcomes(outcomes []odds.Outcome) (refused odds.Refusals, whole odds.Reason) {
	if storable(outcomes) {
		return nil, ""
	}
	for i := range outcomes {
		reason := checkOutcome(outcomes, i)
		if reason == "" {
			continue
		}
		if refused == nil {
			refused = make(odds.Refusals)
		}
		refused[reason]++
	}
	switch {
	case refused.Total() < len(outcomes):
		return refused, ""
	case refused[odds.InternalCheck] > 0:
		return nil, odds.InternalCheck
	default:
		return nil, odds.BadText
	}
}

// storable reports whether all outcomes can be stored, as nearly always. Of two of one name it looks at the second.
func storable(outcomes []odds.Outcome) bool {
	for i := range outcomes {
		if o := &outcomes[i]; !usable(o.Name) || impossible(o) || hasOutcome(outcomes[:i], o.Name) {
			return false
		}
	}
	return true
}

// checkOutcome returns why one of a market's outcomes cannot be stored; empty when it can. Decoders leave each name
// once: of two, nobody knows which is right.
func checkOutcome(outcomes []odds.Outcome, i int) odds.Reason {
	switch o := &outcomes[i]; {
	case !usable(o.Name):
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
