package store

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// content is what a snapshot's markets become when a capture is laid over what is committed.
type content struct {
	framed    []byte // markets as in CachedSnapshot.markets
	changed   []change
	markets   int
	available int
	unread    int // offered markets that the capture may have without being readable
}

// change is one market whose content is not what was committed: a row of the history.
type change struct {
	odds.MarketKey
	available bool
	outcomes  []odds.Outcome
}

// offered encodes a capture's markets, which are in order: all of them together, and one by one.
func offered(markets []odds.Market) (all []byte, frames [][]byte) {
	all = make([]byte, 0, 128*len(markets))
	frames = make([][]byte, len(markets))
	ends := make([]int, len(markets))
	for i := range markets {
		all = appendMarket(all, &markets[i])
		ends[i] = len(all)
	}
	from := 0
	for i, to := range ends {
		frames[i] = all[from:to:to]
		from = to
	}
	return all, frames
}

// fresh is what a capture becomes where nothing is committed: every market is a change. all are its markets, encoded.
func fresh(all []byte, markets []odds.Market) content {
	c := content{framed: all, changed: make([]change, len(markets)), markets: len(markets), available: len(markets)}
	for i := range markets {
		c.changed[i] = change{MarketKey: markets[i].MarketKey, available: true, outcomes: markets[i].Outcomes}
	}
	return c
}

// over lays a capture over the committed markets old, so that afterwards an outcome is active exactly when the capture
// has it active. Of a market that the capture has, outcomes without a price keep the odds they had, and outcomes that
// it does not have are closed. A market that it does not have is withdrawn at the given instant, or closed when it may
// be offered all the same. frames belong to c.markets.
func over(old []byte, c *capture, frames [][]byte) (content, error) {
	next := content{framed: make([]byte, 0, len(old))}
	at := 0 // in the capture's markets
	for frame := range snapshot.Frames(old) {
		k, unavailable, err := readMarket(frame)
		if err != nil {
			return content{}, err
		}
		for at < len(c.markets) && c.markets[at].Compare(k) < 0 {
			next.take(&c.markets[at], frames[at])
			at++
		}
		switch {
		case at < len(c.markets) && c.markets[at].MarketKey == k:
			err = next.replace(frame, &c.markets[at], frames[at])
			at++
		case unavailable:
			next.keep(frame, false)
		case c.mayOffer(k):
			next.unread++
			err = next.shut(frame, k)
		case c.complete:
			err = next.withdraw(frame, k, c.capturedAt)
		default:
			err = next.shut(frame, k)
		}
		if err != nil {
			return content{}, err
		}
	}
	for ; at < len(c.markets); at++ {
		next.take(&c.markets[at], frames[at])
	}
	return next, nil
}

// mayOffer reports whether k is among the markets that the capture offers without being readable.
func (c *capture) mayOffer(k odds.MarketKey) bool {
	return slices.ContainsFunc(c.unread, func(u odds.UnreadMarket) bool {
		return u.ID == k.ID && (u.AnyLine || u.Line == k.Line)
	})
}

// keep appends a market as it is.
func (c *content) keep(frame []byte, available bool) {
	c.framed = append(c.framed, frame...)
	c.markets++
	if available {
		c.available++
	}
}

// take appends a market that was not committed.
func (c *content) take(m *odds.Market, frame []byte) {
	c.changed = append(c.changed, change{MarketKey: m.MarketKey, available: true, outcomes: m.Outcomes})
	c.keep(frame, true)
}

// replace appends what becomes of a committed market that the capture has.
func (c *content) replace(before []byte, m *odds.Market, frame []byte) error {
	if bytes.Equal(before, frame) {
		c.keep(before, true)
		return nil
	}
	committed, err := decodeMarket(before, m.MarketKey)
	if err != nil {
		return err
	}
	merged := *m
	merged.Outcomes = mergeOutcomes(outcomesOf(committed), m.Outcomes)
	if frame = appendMarket(nil, &merged); !bytes.Equal(before, frame) {
		c.changed = append(c.changed, change{MarketKey: m.MarketKey, available: true, outcomes: merged.Outcomes})
	}
	c.keep(frame, true)
	return nil
}

// withdraw appends a committed market as not offered any more, with the odds that were last seen.
func (c *content) withdraw(frame []byte, k odds.MarketKey, at time.Time) error {
	m, err := decodeMarket(frame, k)
	if err != nil {
		return err
	}
	closeOutcomes(m)
	m.UnavailableAt = timestamppb.New(micros(at))
	c.changed = append(c.changed, change{MarketKey: k, outcomes: outcomesOf(m)})
	return c.append(m, false)
}

// shut appends a committed market as offered at prices that nobody knows.
func (c *content) shut(frame []byte, k odds.MarketKey) error {
	m, err := decodeMarket(frame, k)
	if err != nil {
		return err
	}
	if !closeOutcomes(m) {
		c.keep(frame, true)
		return nil
	}
	c.changed = append(c.changed, change{MarketKey: k, available: true, outcomes: outcomesOf(m)})
	return c.append(m, true)
}

func (c *content) append(m *oddscachev1.CachedMarket, available bool) error {
	frame, err := snapshot.AppendMarket(nil, m)
	if err != nil {
		return fmt.Errorf("encoding market %s: %w", m.GetMarketId(), err)
	}
	c.keep(frame, available)
	return nil
}

// countMarkets counts committed markets, and those of them that are offered.
func countMarkets(framed []byte) (markets, available int, err error) {
	for frame := range snapshot.Frames(framed) {
		_, unavailable, err := readMarket(frame)
		if err != nil {
			return 0, 0, err
		}
		markets++
		if !unavailable {
			available++
		}
	}
	return markets, available, nil
}
