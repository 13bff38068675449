package store_test

import (
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

// BenchmarkLookup is a lookup by each kind of key among 100,000 events, each time another one.
func BenchmarkLookup(b *testing.B) {
	bulk := &bulk{bookmakers: []string{"betpawa", "sportybet", "bet9ja"}, markets: 2}
	x := store.NewIndex("e1")
	const events = 100_000
	bulk.fill(b, x, 0, events)
	type keys struct {
		sr          string
		pawa, rival store.Key
	}
	all := make([]keys, events)
	for i := range all {
		event := i * 7919 % events
		all[i] = keys{srID(event), bulk.id(store.Betpawa, event), bulk.id("sportybet", event)}
	}
	v := x.View()
	for name, lookup := range map[string]func(*keys) *store.Event{
		"sr_id":            func(k *keys) *store.Event { return v.BySrID(k.sr) },
		"betpawa_event_id": func(k *keys) *store.Event { return v.ByKey(k.pawa) },
		"competitor_event": func(k *keys) *store.Event { return v.ByKey(k.rival) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if lookup(&all[i%events]) == nil {
					b.Fatal("not found")
				}
			}
		})
	}
}
