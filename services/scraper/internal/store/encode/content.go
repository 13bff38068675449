package encode

import (
	"bytes"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Content is what a snapshot's markets become when a capture is laid over what is committed.
type Content struct {
	Framed    []byte   // markets as in CachedSnapshot.markets
	Changed   []Change // in order of their keys
	Markets   int      // unavailable ones included
	Available int      // markets that the bookmaker offers
	Unread    int      // offered markets that the capture may have without being readable
}

// Change is one market whose content is not what was committed: a row of the history.
type Change struct {
	odds.MarketKey
	Available bool
	Outcomes  []odds.Outcome
}

// fresh is what a capture becomes where nothing is committed: every market is a change. all are its markets, encoded.
func fresh(all []byte, markets []odds.Market) Content {
	c := Content{Framed: all, Changed: make([]Change, len(markets)), Markets: len(markets), Available: len(markets)}
	for i := range markets {
		c.Changed[i] = Change{MarketKey: markets[i].MarketKey, Available: true, Outcomes: markets[i].Outcomes}
	}
	return c
}

// over lays a capture over the committed markets old, so that afterwards an outcome is active exactly when the capture
// has it active. Of a market that the capture has, outcomes without a price keep the odds they had, and outcomes that
// it does not have are closed. A market that it does not have is withdrawn at the capture's instant, or closed when it may
// be offered all the same. c is encoded.
func over(old []byte, c *Capture) (Content, error) {
	next := Content{Framed: make([]byte, 0, len(old))}
	at := 0 // in the capture's markets
	for frame := range snapshot.Frames(old) {
		k, unavailable, err := readMarket(frame)
		if err != nil {
			return Content{}, err
		}
		for at < len(c.Markets) && c.Markets[at].Compare(k) < 0 {
			next.take(&c.Markets[at], c.frames[at])
			at++
		}
		switch {
		case at < len(c.Markets) && c.Markets[at].MarketKey == k:
			err = next.replace(frame, &c.Markets[at], c.frames[at])
			at++
		case unavailable:
			next.keep(frame, false)
		case c.mayOffer(k):
			next.Unread++
			err = next.shut(frame, k)
		case c.Complete:
			err = next.withdraw(frame, k, c.CapturedAt)
		default:
			err = next.shut(frame, k)
		}
		if err != nil {
			return Content{}, err
		}
	}
	for ; at < len(c.Markets); at++ {
		next.take(&c.Markets[at], c.frames[at])
	}
	return next, nil
}

// keep appends a market as it is.
func (c *Content) keep(frame []byte, available bool) {
	c.Framed = append(c.Framed, frame...)
	c.Markets++
	if available {
		c.Available++
	}
}

// take appends a market that was not committed.
func (c *Content) take(m *odds.Market, frame []byte) {
	c.Changed = append(c.Changed, Change{MarketKey: m.MarketKey, Available: true, Outcomes: m.Outcomes})
	c.keep(frame, true)
}

// replace appends what becomes of a committed market that the capture has.
func (c *Content) replace(before []byte, m *odds.Market, frame []byte) error {
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
		c.Changed = append(c.Changed, Change{MarketKey: m.MarketKey, Available: true, Outcomes: merged.Outcomes})
	}
	c.keep(frame, true)
	return nil
}

// withdraw appends a committed market as not offered any more, with the odds that were last seen.
func (c *Content) withdraw(frame []byte, k odds.MarketKey, at time.Time) error {
	m, err := decodeMarket(frame, k)
	if err != nil {
		return err
	}
	closeOutcomes(m)
	m.UnavailableAt = timestamppb.New(Micros(at))
	c.Changed = append(c.Changed, Change{MarketKey: k, Outcomes: outcomesOf(m)})
	return c.append(m, false)
}

// shut appends a committed market as offered at prices that nobody knows.
func (c *Content) shut(frame []byte, k odds.MarketKey) error {
	m, err := decodeMarket(frame, k)
	if err != nil {
		return err
	}
	if !closeOutcomes(m) {
		c.keep(frame, true)
		return nil
	}
	c.Changed = append(c.Changed, Change{MarketKey: k, Available: true, Outcomes: outcomesOf(m)})
	return c.append(m, true)
}

func (c *Content) append(m *oddscachev1.CachedMarket, available bool) error {
	frame, err := snapshot.AppendMarket(nil, m)
	if err != nil {
		return fmt.Errorf("encoding market %s: %w", m.GetMarketId(), err)
	}
	c.keep(frame, available)
	return nil
}

// Count counts committed markets, and those of them that are offered.
func Count(framed []byte) (markets, available int, err error) {
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
