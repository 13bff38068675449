package sim

import (
	"math"
	"slices"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

// closer closes and reopens one bookmaker's markets by chance. What it closes is a function of the seed and the tick:
// a quote's ticks are cut into windows, and in each of them it is closed or not.
type closer struct {
	markets, outcomes float64
	ways              map[reach][]*closing // by one of the three reaches
	all               map[Way]*closing
}

func newClosers(cfg Closings) [book.Count]*closer {
	var closers [book.Count]*closer
	for b := range closers {
		closers[b] = &closer{
			markets: cfg.Markets, outcomes: cfg.Outcomes,
			ways: make(map[reach][]*closing), all: make(map[Way]*closing),
		}
	}
	for _, one := range closings() {
		c := closers[one.book]
		c.all[one.way] = &one
		for _, r := range []reach{wholeMarkets, singleLines, singleOutcomes} {
			if one.reach&r != 0 && (cfg.Ways == nil || slices.Contains(cfg.Ways, one.way)) {
				c.ways[r] = append(c.ways[r], &one)
			}
		}
	}
	return closers
}

// draw says how something is closed at a tick, nil for not at all, and up to which tick that stays so.
func (c *closer) draw(key chance.Chance, r reach, share float64, tick int64) (closed *closing, luck chance.Chance, until int64) {
	length := int64(5 + key.Of(1).Below(16))
	phase := int64(key.Of(2).Below(int(length)))
	window := (tick + phase) / length
	luck, until = key.Of(uint64(window), 3), (window+1)*length-phase
	if ways := c.ways[r]; len(ways) > 0 && luck.Unit() < share {
		closed = ways[luck.Of(4).Below(len(ways))]
	}
	return closed, luck, until
}

// closed is what of a quote is closed.
type closed struct {
	all *closing
	one *closing // closes the outcome at pick alone
	at  int
}

// redraw lets chance close and reopen a quote at a tick. The first tick is drawn when the offer is made, and each
// later one at which something may change, in order, so that the revision does not depend on when anybody asks.
func (o *offer) redraw(q *quote, tick int64) {
	if q.market == o.alwaysOpen() {
		q.redraws = math.MaxInt64
		return
	}
	c, line := o.closer, o.source(q)
	var now closed
	var luck chance.Chance
	var until int64
	now.all, _, q.redraws = c.draw(o.key.OfText(q.market.OwnNames()).Of(91), wholeMarkets, c.markets, tick)
	if q.market.Kind != catalogue.NoLine {
		var single *closing
		single, _, until = c.draw(line.Of(92), singleLines, c.markets, tick)
		q.redraws = min(q.redraws, until)
		if now.all == nil {
			now.all = single
		}
	}
	// One outcome at most, and never the only one: a market without open outcomes is one that is closed.
	if n := len(q.picks); n > 1 {
		now.one, luck, until = c.draw(line.Of(93), singleOutcomes, c.outcomes*float64(n), tick)
		q.redraws = min(q.redraws, until)
		if now.one != nil {
			now.at = luck.Of(5).Below(n)
		}
	}
	if now != q.chance {
		q.chance = now
		o.revision++
	}
}

// alwaysOpen is the market that chance does not close.
func (o *offer) alwaysOpen() *catalogue.Market {
	return o.quotes[o.key.Of(94).Below(len(o.quotes))].market
}

// closing is how the outcome at a pick is closed, nil when it is open. What was closed by hand goes first.
func (q *quote) closing(i int) *closing {
	if all := q.closingOfAll(); all != nil {
		return all
	}
	if len(q.hand) > 0 {
		return q.hand[i]
	}
	if q.chance.one != nil && q.chance.at == i {
		return q.chance.one
	}
	return nil
}

// closingOfAll is how the quote as a whole is closed, nil when it is not.
func (q *quote) closingOfAll() *closing {
	if len(q.hand) > 0 {
		return q.hand[byHand]
	}
	return q.chance.all
}

// listed reports whether the answer has the quote at all.
func (q *quote) listed() bool {
	all := q.closingOfAll()
	return all == nil || !all.gone
}
