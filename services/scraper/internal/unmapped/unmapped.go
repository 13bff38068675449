// Package unmapped counts the competitors' markets that have no known partner at BetPawa, so that none is dropped
// silently: a market that many events offer and nobody mapped is the next row of the mapping.
//
// It is not for deciding what is mapped (package mapping), nor for keeping history: it knows one cycle.
package unmapped

import (
	"cmp"
	"slices"
	"sync"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Market is an unmapped market, over all events of a cycle.
type Market struct {
	Bookmaker odds.Bookmaker
	bookmaker.Unmapped
	Events int // that offered it
}

// key is what is counted apart.
type key struct {
	bookmaker odds.Bookmaker
	marketID  string
	reason    bookmaker.UnmappedReason
}

// compare orders by frequency; the rest makes the order total, so that pages fit together.
func compare(a, b Market) int {
	return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Bookmaker, b.Bookmaker),
		cmp.Compare(a.MarketID, b.MarketID), cmp.Compare(a.Reason, b.Reason))
}

// Count counts one cycle. The zero value is ready.
type Count struct {
	mu      sync.Mutex
	markets map[key]*Market
}

// Add counts what one event of a bookmaker left over. A market that an event offers with several lines counts once.
func (c *Count) Add(b odds.Bookmaker, left []bookmaker.Unmapped) {
	if len(left) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.markets == nil {
		c.markets = make(map[key]*Market)
	}
	seen := make(map[key]bool, len(left))
	for _, u := range left {
		k := key{b, u.MarketID, u.Reason}
		m := c.markets[k]
		if m == nil {
			m = &Market{Bookmaker: b}
			c.markets[k] = m
		}
		if !seen[k] {
			seen[k] = true
			m.Events++
			m.Unmapped = u
		}
	}
}

// sorted is the count in its order.
func (c *Count) sorted() []Market {
	c.mu.Lock()
	defer c.mu.Unlock()
	markets := make([]Market, 0, len(c.markets))
	for _, m := range c.markets {
		markets = append(markets, *m)
	}
	slices.SortFunc(markets, compare)
	return markets
}

// Register holds the count of the newest cycle that fetched anything. The zero value is ready.
type Register struct {
	mu      sync.Mutex
	cycleID string
	markets []Market // never changed in place
}

// Replace makes a cycle's count the newest.
func (r *Register) Replace(cycleID string, c *Count) {
	markets := c.sorted()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cycleID, r.markets = cycleID, markets
}

// Markets returns the newest count, most frequent first, and its cycle; only those of b unless b is empty. The slice
// must not be changed.
func (r *Register) Markets(b odds.Bookmaker) (cycleID string, markets []Market) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b == "" {
		return r.cycleID, r.markets
	}
	for _, m := range r.markets {
		if m.Bookmaker == b {
			markets = append(markets, m)
		}
	}
	return r.cycleID, markets
}
