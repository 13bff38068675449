package store

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// drawTableID draws ids of all lengths, many of which differ in a byte or in their length alone.
func drawTableID(t *rapid.T) string {
	n := rapid.IntRange(0, 40).Draw(t, "number")
	return rapid.SampledFrom([]string{
		fmt.Sprintf("6%07d", n), fmt.Sprintf("sr:match:6%07d", n), fmt.Sprintf("%d", n), fmt.Sprintf("\x00%d", n),
		fmt.Sprintf("%0*d", n, 0), fmt.Sprintf("%023d", n), fmt.Sprintf("%024d", n),
	}).Draw(t, "id")
}

// TestTableIsAMap holds a table against a map, through growth and ids that go and come back.
func TestTableIsAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tab, model := newTable(&yielder{}), map[string]*Event{}
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			id := drawTableID(t)
			if rapid.IntRange(0, 2).Draw(t, "kind") == 0 {
				delete(model, id)
			} else {
				model[id] = &Event{Identity: &Identity{SrID: id}}
			}
			tab.put(id, model[id])
			requested := drawTableID(t)
			if got := tab.get(requested); got != model[requested] {
				t.Fatalf("%q leads to %v, want %v", requested, got, model[requested])
			}
		}
		for id, want := range model {
			if got := tab.get(id); got != want {
				t.Fatalf("%q leads to %v, want %v", id, got, want)
			}
		}
	})
}

// TestTableDoesNotGrowByChurn lets ever new ids come and old ones go.
func TestTableDoesNotGrowByChurn(t *testing.T) {
	t.Parallel()
	tab := newTable(&yielder{})
	const held = 1000
	for i := range 200 * held {
		tab.put(fmt.Sprint(i), &Event{})
		if i >= held {
			tab.put(fmt.Sprint(i-held), nil)
		}
	}
	if n := len(*tab.buckets.Load()); n > held+2 || tab.held != held {
		t.Errorf("%d ids are held in %d buckets, want %d in at most %d", tab.held, n, held, held+2)
	}
}
