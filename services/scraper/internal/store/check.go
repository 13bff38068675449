package store

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Limits of what is stored. Clients have checked what they made; these keep one bad value out of everybody's batch.
const (
	maxText          = 500       // bytes of an id or a name
	maxMarkets       = 5000      // of a snapshot
	maxOutcomes      = 1000      // of a market
	maxContent       = 2 << 20   // bytes of a snapshot's markets; a receiver's default limit is 4 MiB a message
	maxOdds          = 1_000_000 // the highest price known of any bookmaker is below 10,000
	maxSrID          = 20        // digits
	captureTolerance = 24 * time.Hour
)

// usable reports whether Postgres and protobuf can hold a text.
func usable(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// checkEvent returns why an event cannot be stored; empty when it can.
func (w *Writer) checkEvent(e *odds.Event) odds.Reason {
	if e.SrID == "" || len(e.SrID) > maxSrID || strings.Trim(e.SrID, "0123456789") != "" {
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
func (w *Writer) checkCapture(k key, requestedAt, capturedAt time.Time) odds.Reason {
	away := w.store.cfg.Now().Sub(capturedAt)
	switch {
	case w.bookmakers.ids[k.bookmaker] == 0:
		return UnknownBookmaker
	case k.id == "":
		return odds.NoEventID
	case !usable(k.id):
		return BadText
	case requestedAt.IsZero() || capturedAt.Before(requestedAt) || away < -captureTolerance || away > captureTolerance:
		return BadCapture
	}
	return ""
}

// checkMarkets returns why a capture's markets, in order, cannot be stored; empty when they can.
func checkMarkets(markets []odds.Market) odds.Reason {
	switch {
	case len(markets) == 0:
		return odds.NoMarkets
	case len(markets) > maxMarkets:
		return odds.TooLarge
	}
	for i := range markets {
		if i > 0 && markets[i].MarketKey == markets[i-1].MarketKey {
			return odds.DuplicateMarket
		}
		if reason := checkMarket(&markets[i]); reason != "" {
			return reason
		}
	}
	return ""
}

func checkMarket(m *odds.Market) odds.Reason {
	switch {
	case m.ID == "":
		return odds.BadMarket
	case !usable(m.ID) || !usable(m.Name) || slices.ContainsFunc(m.Groups, func(g string) bool { return !usable(g) }):
		return BadText
	case m.Handicap != odds.NoHandicap && m.Handicap != odds.European && m.Handicap != odds.Asian:
		return odds.BadMarket
	case m.Handicap != odds.NoHandicap && !m.Line.IsSet():
		return odds.BadLine
	case len(m.Outcomes) == 0:
		return odds.NoOutcomes
	case len(m.Outcomes) > maxOutcomes:
		return odds.TooLarge
	}
	for i, o := range m.Outcomes {
		switch {
		case !usable(o.Name):
			return BadText
		case math.IsNaN(o.Odds) || o.Odds < 0 || o.Odds > maxOdds || o.Active && o.Odds <= odds.ClosedPrice:
			return odds.BadOdds
		case duplicate(m.Outcomes[:i], o.Name):
			return odds.DuplicateOutcome
		}
	}
	return ""
}

// duplicate reports whether an outcome of that name is there already. Markets have few outcomes: no map.
func duplicate(outcomes []odds.Outcome, name string) bool {
	return slices.ContainsFunc(outcomes, func(o odds.Outcome) bool { return o.Name == name })
}
