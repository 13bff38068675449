package store_test

import (
	"math/rand/v2"
	"testing"

	"github.com/oddscache/oddscache/services/cache/internal/store"
)

func lookups(b *bulk, v store.View, event int) map[string]func() *store.Event {
	sr, pawa, rival := srID(event), b.id(store.Betpawa, event), b.id("sportybet", event)
	return map[string]func() *store.Event{
		"sr_id":            func() *store.Event { return v.BySrID(sr) },
		"betpawa_event_id": func() *store.Event { return v.ByKey(pawa) },
		"competitor_event": func() *store.Event { return v.ByKey(rival) },
	}
}

func TestLookupsDoNotAllocate(t *testing.T) { //nolint:paralleltest // allocations of others would count
	b := &bulk{bookmakers: []string{"betpawa", "sportybet", "bet9ja"}, markets: 4}
	s, x := store.New(), store.NewIndex("e1")
	b.fill(t, x, 0, 1000)
	s.Serve(x)
	for name, lookup := range lookups(b, x.View(), 512) {
		if e := lookup(); e == nil || e.SrID != srID(512) {
			t.Fatalf("%s: got %v", name, e)
		}
		if n := testing.AllocsPerRun(1000, func() { lookup() }); n != 0 {
			t.Errorf("%s: %v allocations a lookup", name, n)
		}
	}
	if n := testing.AllocsPerRun(1000, func() { _, _ = s.View() }); n != 0 {
		t.Errorf("a view takes %v allocations", n)
	}
}

// BenchmarkLookup is a lookup by each kind of key among 100,000 events, in random order, so that none is in the processor's
// cache. Beside it stands what one step through memory of that size takes, which is the least that a lookup can wait.
func BenchmarkLookup(b *testing.B) {
	bulk := &bulk{bookmakers: []string{"betpawa", "sportybet", "bet9ja"}, markets: 2}
	x := store.NewIndex("e1")
	const events = 100_000
	bulk.fill(b, x, 0, events)
	order := rand.Perm(events)
	v := x.View()
	for _, key := range []struct {
		name   string
		lookup func(event int) func() *store.Event
	}{
		{"sr_id", func(event int) func() *store.Event {
			id := srID(event)
			return func() *store.Event { return v.BySrID(id) }
		}},
		{"betpawa_event_id", func(event int) func() *store.Event { return lookups(bulk, v, event)["betpawa_event_id"] }},
		{"competitor_event", func(event int) func() *store.Event { return lookups(bulk, v, event)["competitor_event"] }},
	} {
		all := make([]func() *store.Event, events)
		for i, event := range order {
			all[i] = key.lookup(event)
		}
		b.Run(key.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if all[i%events]() == nil {
					b.Fatal("not found")
				}
			}
		})
	}
	b.Run("one step through 32 MB", func(b *testing.B) {
		type line struct{ next, _, _, _, _, _, _, _ int64 } // of the processor's cache
		memory := make([]line, 32<<20/64)
		order := rand.Perm(len(memory))
		for i, at := range order {
			memory[at].next = int64(order[(i+1)%len(order)])
		}
		at := int64(0)
		for b.Loop() {
			at = memory[at].next
		}
		if at < 0 {
			b.Fatal("the end of a circle")
		}
	})
}
