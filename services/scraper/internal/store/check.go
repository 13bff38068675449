package store

import (
	"slices"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// Limits of what is stored; the package encode has those of markets.
const (
	maxSrID          = 20             // digits
	captureTolerance = 24 * time.Hour // that a capture may be old; its date has been corrected before
)

// checkEvent returns why an event cannot be stored; empty when it can.
func (w *Writer) checkEvent(e *odds.Event) odds.Reason {
	if e.SrID == "" || len(e.SrID) > maxSrID || strings.Trim(e.SrID, "0123456789") != "" || e.SrID[0] == '0' {
		return odds.NoSrID
	}
	if y := e.Kickoff.UTC().Year(); y < 2000 || y > 2199 {
		return odds.BadKickoff
	}
	for _, text := range [...]string{e.BetPawaEventID, e.Name, e.HomeTeam, e.AwayTeam, e.Sport, e.Country, e.Tournament} {
		if !encode.Usable(text) {
			return odds.BadText
		}
	}
	for i, c := range e.Competitors {
		switch {
		case c.EventID == "":
			return odds.NoEventID
		case !encode.Usable(c.EventID):
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
	case !encode.Usable(k.id):
		return odds.BadText
	case requestedAt.IsZero() || capturedAt.Before(requestedAt) || now.Sub(capturedAt) > captureTolerance:
		return odds.BadCapture
	}
	return ""
}
