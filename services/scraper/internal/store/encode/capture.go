// Package encode compares what was captured of an event's markets with what is committed, and encodes it: as the markets of
// a CachedSnapshot, which the table snapshots keeps compressed, and as rows of the history.
//
// Encoding is deterministic, so most captures are recognised by their bytes as what is committed. Markets stay in the order
// of their keys. What is committed is never forgotten: an outcome or a market that a capture does not have any more is
// closed or withdrawn with the odds that were last seen. Everything here is pure; the store decides what is written when.
package encode

import (
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Capture is what was seen of an event's markets at one bookmaker.
type Capture struct {
	CapturedAt time.Time
	Markets    []odds.Market // in order, see odds.SortMarkets; none for an absence
	Unread     []odds.UnreadMarket
	Complete   bool // markets that are neither in Markets nor Unread are not offered

	all    []byte   // Markets as in CachedSnapshot.markets; nil until they are encoded
	frames [][]byte // of each market
}

// Encode encodes the markets, which must not be changed afterwards. It depends on nothing that is committed, so whoever
// fetches many captures at once can do it for each where it was fetched; Compare does what was not done.
func (c *Capture) Encode() {
	all := make([]byte, 0, 128*len(c.Markets))
	frames := make([][]byte, len(c.Markets))
	ends := make([]int, len(c.Markets))
	for i := range c.Markets {
		all = appendMarket(all, &c.Markets[i])
		ends[i] = len(all)
	}
	from := 0
	for i, to := range ends {
		frames[i] = all[from:to:to]
		from = to
	}
	c.all, c.frames = all, frames
}

// mayOffer reports whether k is among the markets that the capture offers without being readable.
func (c *Capture) mayOffer(k odds.MarketKey) bool {
	return slices.ContainsFunc(c.Unread, func(u odds.UnreadMarket) bool {
		return u.ID == k.ID && (u.AnyLine || u.Line == k.Line)
	})
}

// Micros is t as Postgres keeps it: UTC, microseconds. Every instant that goes into an entry goes through it, so that the
// entry can be rebuilt from the tables byte by byte.
func Micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
