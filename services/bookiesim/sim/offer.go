package sim

import (
	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
	"github.com/oddscache/oddscache/services/bookiesim/internal/score"
)

// offer is what one bookmaker offers on one event: its markets with their prices. Prices stand still until the world
// ticks. Guarded by the event's mutex.
type offer struct {
	book     book.Book
	key      chance.Chance
	quotes   []quote
	chances  chances
	reversed *chances // as if the teams had changed places; nil until a fault asks for it
	tick     int64    // up to which the prices have moved
	revision uint64   // grows with every visible change

	moveShare float64
	closer    *closer
}

// chances is what a bookmaker makes of the outcomes of an event, at quote.at + i.
type chances struct {
	base []float64 // implied probabilities with the margin
	fair []float64 // probabilities without it
}

// quote is one market at one line.
type quote struct {
	market  *catalogue.Market
	line    int   // quarters; 0 where the market has none
	picks   []int // which of the market's outcomes the bookmaker offers
	at      int
	refund  float64          // probability that the stake is handed back
	version uint64           // how often its prices changed
	next    int64            // the tick at which they change next
	chance  closed           // what is closed for now
	redraws int64            // the tick at which chance closes and reopens next
	hand    map[int]*closing // what is closed by hand, by pick or byHand; then chance does not count
	// scramble is where the quote stands in bookmakers' answers that have no order.
	scramble uint32
}

// price is one outcome's price in hundredths. A closed one is not to be bet on. It is so in some way, or because its
// outcome is too sure; then the price is 0.
type price struct {
	cents  int32
	closed bool
	way    *closing
}

// newOffer prices a catalogue for an event.
func newOffer(b book.Book, key chance.Chance, markets []*catalogue.Market, scores *score.Table, cfg *Config, c *closer) *offer {
	o := &offer{book: b, key: key.Of(uint64(b)), moveShare: cfg.MoveShare, closer: c}
	for _, m := range markets {
		if !m.Offers(b) || cfg.Density == Small && !m.Core {
			continue
		}
		if b == book.BetPawa && m.Turn != 0 && m.Turn != 1+key.Of(32).Below(2) {
			continue
		}
		for _, line := range m.Lines[b] {
			o.add(m, line, m.Picks[b], scores[m.Scope])
		}
	}
	for i := range o.quotes {
		o.redraw(&o.quotes[i], 0)
	}
	return o
}

// hopeless is the probability above which a bookmaker does not open a line at all.
const hopeless = 0.985

// add prices one market at one line.
func (o *offer) add(m *catalogue.Market, line int, picks []int, cells []score.Cell) {
	p, refund := settle(m, line, picks, cells)
	for _, v := range p {
		if m.Kind != catalogue.NoLine && v > hopeless {
			return
		}
	}
	q := quote{market: m, line: line, picks: picks, at: len(o.chances.base), refund: refund}
	q.next = o.source(&q).Gap(o.moveShare)
	q.scramble = uint32(o.source(&q).Of(3))
	o.quotes = append(o.quotes, q)
	o.chances.add(o.book, p)
}

// add adds the outcomes of a quote.
func (c *chances) add(b book.Book, p []float64) {
	c.base = append(c.base, shade(p, marginOf(b, len(p)))...)
	c.fair = append(c.fair, p...)
}

// reverse prices the same quotes for teams that changed places.
func (o *offer) reverse(scores *score.Table) {
	if o.reversed != nil {
		return
	}
	o.reversed = &chances{}
	for i := range o.quotes {
		q := &o.quotes[i]
		p, _ := settle(q.market, q.line, q.picks, scores[q.market.Scope])
		o.reversed.add(o.book, p)
	}
}

// settle is how likely the outcomes of a market at a line are, and that the stake is handed back.
func settle(m *catalogue.Market, line int, picks []int, cells []score.Cell) (p []float64, refund float64) {
	p = make([]float64, len(picks))
	for i, pick := range picks {
		var win, lose float64
		for _, c := range cells {
			w, l := m.Outcomes[pick].Rule(float64(line)/4, c.Score)
			win, lose = win+w*c.P, lose+l*c.P
		}
		if win+lose > 0 {
			p[i] = win / (win + lose)
		}
		refund = max(refund, 1-win-lose)
	}
	if m.Rest >= 0 {
		takeRest(p, picks, m.Rest)
	}
	return p, refund
}

// takeRest gives the outcome "Other" what the listed scores leave.
func takeRest(p []float64, picks []int, rest int) {
	left, at := 1.0, -1
	for i, pick := range picks {
		if pick == rest {
			at = i
			continue
		}
		left -= p[i]
	}
	if at >= 0 {
		p[at] = max(left, 0)
	}
}

// source is the chance of everything about a quote.
func (o *offer) source(q *quote) chance.Chance {
	return o.key.OfText(q.market.OwnNames()).Of(uint64(q.market.Priority), uint64(q.line+4000))
}

// advance moves the prices up to a tick.
func (o *offer) advance(tick int64) {
	if tick <= o.tick {
		return
	}
	for i := range o.quotes {
		q := &o.quotes[i]
		for q.next <= tick {
			q.version++
			o.revision++
			q.next += o.source(q).Of(q.version).Gap(o.moveShare)
		}
		for q.redraws <= tick {
			o.redraw(q, q.redraws)
		}
	}
	o.tick = tick
}

// bump changes the prices of a quote out of turn.
func (o *offer) bump(q *quote) {
	q.version++
	o.revision++
}

const (
	skew  = 0.008 // how far a bookmaker's opinion of an outcome lies from the others', either way
	drift = 0.010 // how far a price wanders over time, either way
	// turns is how many versions of a quote are certain to differ from each other; see prices.
	turns = 3
)

// prices appends the prices of a quote to dst. They are a function of the version alone, and those of successive
// versions always differ: the longest of the ordinary prices is brought into the version's class modulo three.
// Reversed ones are those of teams that changed places; see reverse.
func (o *offer) prices(dst []price, q *quote, reversed bool) []price {
	source := o.source(q)
	now, start, pivot := source.Of(q.version), len(dst), -1
	base := o.chances.base
	if reversed {
		base = o.reversed.base
	}
	for i := range q.picks {
		implied := base[q.at+i]
		implied *= 1 + skew*source.Of(1, uint64(i)).Between(-1, 1) + drift*now.Of(2, uint64(i)).Between(-1, 1)
		p := price{way: q.closing(i)}
		p.closed = p.way != nil
		if implied >= 0.9925 {
			p.closed = true
		} else {
			p.cents = min(max(int32(100/implied+0.5), 101), longest(o.book))
			if p.cents <= 30_00 && (pivot < 0 || p.cents > dst[pivot].cents) {
				pivot = len(dst)
			}
		}
		dst = append(dst, p)
	}
	if pivot >= start {
		dst[pivot].cents += nudge(dst[pivot].cents, int32(q.version%turns))
	}
	return dst
}

// fair is the probability of the outcome at a pick without a margin.
func (o *offer) fair(q *quote, i int, reversed bool) float64 {
	if reversed {
		return o.reversed.fair[q.at+i]
	}
	return o.chances.fair[q.at+i]
}

// nudge is the smallest step that brings cents into a class modulo turns, never below the lowest price.
func nudge(cents, class int32) int32 {
	step := (class - cents%turns + turns) % turns
	if step == turns-1 && cents > 101 {
		return -1
	}
	return step
}
