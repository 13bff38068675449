package store

import (
	"bytes"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
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

// over lays a capture over the committed markets old. Markets that the capture does not have stay as they are, and
// become unavailable at the given instant when the capture is complete. frames belong to markets.
func over(old []byte, markets []odds.Market, frames [][]byte, complete bool, at time.Time) (content, error) {
	c := content{framed: make([]byte, 0, len(old))}
	next := 0
	take := func(before []byte) {
		if !bytes.Equal(before, frames[next]) {
			c.changed = append(c.changed, change{MarketKey: markets[next].MarketKey, available: true, outcomes: markets[next].Outcomes})
		}
		c.framed = append(c.framed, frames[next]...)
		c.markets++
		c.available++
		next++
	}
	for frame := range snapshot.Frames(old) {
		k, unavailable, err := readMarket(frame)
		if err != nil {
			return content{}, err
		}
		for next < len(markets) && markets[next].Compare(k) < 0 {
			take(nil)
		}
		if next < len(markets) && markets[next].MarketKey == k {
			take(frame)
			continue
		}
		if complete && !unavailable {
			if frame, err = c.withdraw(frame, k, at); err != nil {
				return content{}, err
			}
			unavailable = true
		}
		c.framed = append(c.framed, frame...)
		c.markets++
		if !unavailable {
			c.available++
		}
	}
	for next < len(markets) {
		take(nil)
	}
	return c, nil
}

// withdraw marks a committed market as unavailable, with the outcomes that were last seen, and returns its new frame.
func (c *content) withdraw(frame []byte, k odds.MarketKey, at time.Time) ([]byte, error) {
	var m oddscachev1.CachedMarket
	if err := proto.Unmarshal(snapshot.MarketBody(frame), &m); err != nil {
		return nil, fmt.Errorf("decoding committed market %s: %w", k.ID, err)
	}
	m.UnavailableAt = timestamppb.New(micros(at))
	outcomes := make([]odds.Outcome, len(m.GetOutcomes()))
	for i, o := range m.GetOutcomes() {
		outcomes[i] = odds.Outcome{Name: o.GetName(), Odds: o.GetOdds(), Active: o.GetIsActive()}
	}
	c.changed = append(c.changed, change{MarketKey: k, outcomes: outcomes})
	return snapshot.AppendMarket(nil, &m)
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
