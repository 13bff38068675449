package frame

import (
	"slices"

	"github.com/oddscache/oddscache/pkg/snapshot"
)

// Filter says which part of an event's snapshots a response has. The zero value lets everything through.
type Filter struct {
	bookmakers []string
	marketIDs  []string // ascending, none twice
	first      uint32   // hash of the first market id, which is the only one as a rule
}

// NewFilter makes a filter of bookmakers and market ids; empty lists let everything through. The lists are kept and not
// changed.
func NewFilter(bookmakers, marketIDs []string) Filter {
	f := Filter{bookmakers: bookmakers, marketIDs: marketIDs}
	if !ascending(marketIDs) {
		f.marketIDs = slices.Clone(marketIDs)
		slices.Sort(f.marketIDs)
		f.marketIDs = slices.Compact(f.marketIDs)
	}
	if len(f.marketIDs) > 0 {
		f.first = hash(f.marketIDs[0])
	}
	return f
}

// ascending reports whether ids ascend with none twice: one id does, and careful clients' lists do.
func ascending(ids []string) bool {
	for i := 1; i < len(ids); i++ {
		if ids[i-1] >= ids[i] {
			return false
		}
	}
	return true
}

// Everything reports whether the filter lets everything through.
func (f Filter) Everything() bool { return len(f.bookmakers) == 0 && len(f.marketIDs) == 0 }

// bookmaker reports whether the snapshots of a bookmaker pass.
func (f Filter) bookmaker(b string) bool {
	return len(f.bookmakers) == 0 || slices.Contains(f.bookmakers, b)
}

// span is a range of bytes of a content's body that holds whole markets.
type span struct{ from, to int }

// spans appends the markets that the filter lets through, in the content's order; markets that stand side by side
// share a span.
func (f Filter) spans(dst []span, c *Content) []span {
	if !c.sorted {
		return f.scan(dst, c, int(c.header))
	}
	sum := f.first
	for i, id := range f.marketIDs {
		if i > 0 {
			sum = hash(id)
		}
		if found := c.find(id, sum); found.to > 0 {
			dst = appendSpan(dst, found.from, found.to)
		}
	}
	return dst
}

// scan is spans for content whose markets are in no order that could be searched.
func (f Filter) scan(dst []span, c *Content, at int) []span {
	for frame := range snapshot.Frames(c.body[at:]) {
		if _, wanted := slices.BinarySearch(f.marketIDs, string(snapshot.MarketID(frame))); wanted {
			dst = appendSpan(dst, at, at+len(frame))
		}
		at += len(frame)
	}
	return dst
}

// appendSpan appends a range of bytes, to the last span when they touch.
func appendSpan(dst []span, from, to int) []span {
	if n := len(dst); n > 0 && dst[n-1].to == from {
		dst[n-1].to = to
		return dst
	}
	return append(dst, span{from, to})
}
