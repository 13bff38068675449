package frame

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// A content's index is a hash table of market ids: open addressing, linear probing, two bytes a slot, the offset of the
// id's first market plus one, 0 for an empty slot. The id itself stands in the body. A search so touches one line of the
// table and the market that it finds, where a binary search touches half a dozen places of a body that is seldom in the
// processor's cache. Content beyond 64 kB, three times what a bookmaker offers, has no table and is read from its start.

// index counts the markets and makes the table, if equal ids are side by side because all ascend. It fails when the
// markets are not framed as such; a body is walked through once, so that this is found out here.
func (c *Content) index(markets []byte) error {
	var room [256]int32 // seldom are there more ids
	firsts := room[:0]  // markets with another id than the one before
	var last []byte
	for at := 0; at < len(markets); {
		id, n := next(markets[at:])
		if n == 0 {
			return fmt.Errorf("market %d at byte %d: %w", c.count, at, snapshot.ErrLayout)
		}
		if c.count == 0 || string(last) != string(id) {
			c.sorted = c.sorted && string(last) <= string(id)
			firsts = append(firsts, int32(at))
		}
		c.count++
		at, last = at+n, id
	}
	if c.sorted = c.sorted && len(c.body) < math.MaxUint16; !c.sorted || len(firsts) == 0 {
		return nil
	}
	c.table = make([]uint16, len(firsts)+len(firsts)/3+1) // at most three of four slots are taken
	for _, at := range firsts {
		id, _ := next(markets[at:])
		slot := c.slot(hash(string(id)))
		for c.table[slot] != 0 {
			slot = c.after(slot)
		}
		c.table[slot] = uint16(c.header+at) + 1
	}
	return nil
}

// touch reads one byte of each place that a response with a market needs: the table, the market and the header. What
// several snapshots have there is in as many distant places of memory; requested one after another without a decision in
// between, they come at the same time. The reading itself then finds them near: without it, BenchmarkLookupStream takes
// 1.16 times as long (median of 14 pairs of processor time).
func (f Filter) touch(snapshots []Snapshot) (all byte) {
	if len(f.marketIDs) > 0 {
		for i := range snapshots {
			all ^= snapshots[i].touch(f.first)
		}
	}
	return all
}

// touch reads the places of one content.
func (c *Content) touch(sum uint32) byte {
	if len(c.table) == 0 {
		return 0
	}
	at := int(c.table[c.slot(sum)])
	return c.body[min(at, len(c.body)-1)] ^ c.body[0]
}

// find is where the markets with an id, whose hash is sum, are in the body; an empty span if there is none.
func (c *Content) find(id string, sum uint32) span {
	if len(c.table) == 0 {
		return span{}
	}
	for slot := c.slot(sum); c.table[slot] != 0; slot = c.after(slot) {
		from := int(c.table[slot]) - 1
		to := from
		for { // its lines are side by side
			market, n := next(c.body[to:])
			if n == 0 || string(market) != id {
				break
			}
			to += n
		}
		if to > from {
			return span{from, to}
		}
	}
	return span{}
}

// slot is where the search for an id begins.
func (c *Content) slot(sum uint32) int { return int(uint64(sum) * uint64(len(c.table)) >> 32) }

// hash is that of an id in all tables.
func hash(id string) uint32 {
	sum := uint32(2166136261) // FNV-1a; ids are short, and nobody chooses them to collide
	for i := range len(id) {
		sum = (sum ^ uint32(id[i])) * 16777619
	}
	sum ^= sum >> 15
	return sum * 0x846ca68b // the upper bits choose the slot, and FNV leaves those of short ids alike
}

// after is the slot that is tried next.
func (c *Content) after(slot int) int {
	if slot++; slot == len(c.table) {
		return 0
	}
	return slot
}

// Tags of a market in a snapshot and of the id in a market.
const (
	marketTag   = byte(oddscachev1.CachedSnapshot_Markets_FieldNumber)<<3 | byte(protowire.BytesType)
	marketIDTag = byte(oddscachev1.CachedMarket_MarketId_FieldNumber)<<3 | byte(protowire.BytesType)
)

// next reads the frame at the start of b: its market's id, nil if it has none, and its length, 0 at the end. It is
// snapshot.MarketID for the encoding that is always met, and that itself for any other.
func next(b []byte) (id []byte, n int) {
	if len(b) == 0 {
		return nil, 0
	}
	head := 3 // a market has 128 bytes or more, but less than 16 kB, as a rule
	switch {
	case len(b) < head || b[0] != marketTag:
		return other(b)
	case b[1] < 0x80:
		head, n = 2, 2+int(b[1])
	case b[2] < 0x80:
		n = 3 + int(b[1]&0x7f) + int(b[2])<<7
	}
	if n < head || n > len(b) {
		return other(b)
	}
	body := b[head:n]
	if len(body) < 2 || body[0] != marketIDTag || body[1] >= 0x80 || int(body[1]) > len(body)-2 {
		return snapshot.MarketID(b[:n]), n
	}
	return body[2 : 2+body[1]], n
}

// other is next for a frame whose tag is written in an unusual way.
func other(b []byte) (id []byte, n int) {
	for frame := range snapshot.Frames(b) {
		return snapshot.MarketID(frame), len(frame)
	}
	return nil, 0
}
