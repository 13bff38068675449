package store_test

import (
	"testing"

	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// TestLongWorkYields counts in everything that one batch can make long.
func TestLongWorkYields(t *testing.T) {
	t.Parallel()
	bulk := &bulk{bookmakers: []string{"betpawa", "sportybet", "bet9ja"}, markets: 4}
	x := store.NewIndex("e1")
	calls := 0
	x.SetYield(func() { calls++ })
	const events = 1000
	bulk.fill(t, x, 0, events)
	if calls < events*len(bulk.bookmakers) {
		t.Errorf("%d calls for %d contents", calls, events*len(bulk.bookmakers))
	}
	calls = 0
	bulk.evict(t, x, 0, events)
	if keys := events * (1 + len(bulk.bookmakers)); calls < keys/8 {
		t.Errorf("%d calls for %d keys that went", calls, keys)
	}
}
