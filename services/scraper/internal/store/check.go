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
			return BadText
		}
	}
	for i, c := range e.Competitors {
		switch {
		case c.EventID == "":
			return odds.NoEventID
		case !usable(c.EventID):
			return BadText
		case w.bookmakers.ids[c.Bookmaker] == 0 || c.Bookmaker.Reference():
			return UnknownBookmaker
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
		return UnknownBookmaker
	case k.id == "":
		return odds.NoEventID
	case !usable(k.id):
		return BadText
	case requestedAt.IsZero() || capturedAt.Before(requestedAt) || now.Sub(capturedAt) > captureTolerance:
		return BadCapture
	}
	return ""
}

// checked is what is left of a capture's markets once each was checked by itself.
type checked struct {
	markets []odds.Market // the capture's own slice when nothing was refused
	unread  []odds.UnreadMarket
	refused odds.Refusals // nil when nothing was refused
	defects []string      // what InternalCheck refused
}

// checkMarkets refuses the markets and outcomes, in order, that cannot be stored. A market that is refused is offered
// all the same.
func checkMarkets(markets []odds.Market) checked {
	c := checked{markets: markets}
	for i := range markets {
		m := markets[i]
		reason := checkMarket(&m)
		if i > 0 && m.Compare(markets[i-1].MarketKey) <= 0 {
			reason = InternalCheck // decoders leave each market once, in order
		}
		unusable := 0
		if reason == "" {
			unusable, reason = checkOutcomes(&m)
		}
		if c.refused == nil {
			if reason == "" && unusable == 0 {
				continue
			}
			c.refused, c.markets = make(odds.Refusals), slices.Clone(markets[:i])
		}
		if reason != "" {
			c.refuse(reason, &m)
			continue
		}
		if unusable > 0 {
			c.refused[BadText] += unusable
			m.Outcomes = slices.DeleteFunc(slices.Clone(m.Outcomes), func(o odds.Outcome) bool { return !usable(o.Name) })
		}
		c.markets = append(c.markets, m)
	}
	return c
}

func (c *checked) refuse(reason odds.Reason, m *odds.Market) {
	c.refused[reason]++
	c.unread = append(c.unread, odds.UnreadMarket{MarketKey: m.MarketKey, AnyLine: reason == odds.BadLine})
	if reason == InternalCheck {
		c.defects = append(c.defects, fmt.Sprintf("market %.40q %v: %.200q", m.ID, m.Line, fmt.Sprint(m.Outcomes)))
	}
}

// checkMarket returns why a market cannot be stored, its outcomes apart; empty when it can.
func checkMarket(m *odds.Market) odds.Reason {
	switch {
	case m.ID == "":
		return odds.BadMarket
	case !usable(m.ID) || !usable(m.Name) || slices.ContainsFunc(m.Groups, func(g string) bool { return !usable(g) }):
		return BadText
	case m.Handicap != odds.NoHandicap && m.Handicap != odds.European && m.Handicap != odds.Asian:
		return InternalCheck
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

// checkOutcomes counts the outcomes that cannot be stored, or returns why the market cannot.
func checkOutcomes(m *odds.Market) (unusable int, reason odds.Reason) {
	for i, o := range m.Outcomes {
		switch {
		// Decoders read a price before they say that an outcome is open, and leave each name once.
		case math.IsNaN(o.Odds) || o.Odds < 0 || o.Odds > maxOdds || o.Active && o.Odds <= odds.ClosedPrice,
			duplicate(m.Outcomes[:i], o.Name):
			return 0, InternalCheck
		case !usable(o.Name):
			unusable++
		}
	}
	if unusable == len(m.Outcomes) {
		return 0, BadText
	}
	return unusable, ""
}

// duplicate reports whether an outcome of that name is there already. Markets have few outcomes: no map.
func duplicate(outcomes []odds.Outcome, name string) bool {
	return slices.ContainsFunc(outcomes, func(o odds.Outcome) bool { return o.Name == name })
}
