package store

import (
	"slices"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Who loses an id is written before who gets it.
func TestRelinkOrder(t *testing.T) {
	t.Parallel()
	listing := func(srID, sportybet string) odds.Event {
		e := odds.Event{SrID: srID}
		if sportybet != "" {
			e.Competitors = []odds.CompetitorEvent{{Bookmaker: odds.SportyBet, EventID: sportybet}}
		}
		return e
	}
	tests := []struct {
		name    string
		base    []odds.Event
		batch   []odds.Event
		written []string
		gone    int
		added   int
	}{
		{"new events by sr_id", nil, []odds.Event{listing("2", "x"), listing("1", "y")}, []string{"1", "2"}, 0, 2},
		{"equal", []odds.Event{listing("1", "x")}, []odds.Event{listing("1", "x")}, nil, 0, 0},
		{"no id keeps the id", []odds.Event{listing("1", "x")}, []odds.Event{listing("1", "")}, nil, 0, 0},
		{"a move writes the old owner first", []odds.Event{listing("9", "x")}, []odds.Event{listing("1", "x")}, []string{"9", "1"}, 1, 1},
		{
			"a chain of moves",
			[]odds.Event{listing("1", "x"), listing("2", "y"), listing("3", "z")},
			[]odds.Event{listing("1", "y"), listing("2", "z")},
			[]string{"3", "2", "1"},
			3, 2,
		},
		{
			"a swap",
			[]odds.Event{listing("1", "x"), listing("2", "y")},
			[]odds.Event{listing("1", "y"), listing("2", "x")},
			[]string{"1", "2"},
			2, 2,
		},
		{"a re-created fixture", []odds.Event{listing("1", "x")}, []odds.Event{listing("1", "x2")}, []string{"1"}, 1, 1},
		{"the last listing wins", nil, []odds.Event{listing("1", "x"), listing("2", "x")}, []string{"1", "2"}, 0, 1},
		{"there and back", []odds.Event{listing("1", "x")}, []odds.Event{listing("2", "x"), listing("1", "x")}, []string{"2"}, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			base := newCommitted()
			for _, e := range test.base {
				base.putEvent(&e)
			}
			r := newRelinking(base)
			for _, e := range test.batch {
				r.put(e)
			}
			var written []string
			for _, e := range r.changed() {
				written = append(written, e.SrID)
			}
			gone, added := r.links()
			if !slices.Equal(written, test.written) || len(gone) != test.gone || len(added) != test.added {
				t.Errorf("written %v, %d gone, %d added; want %v, %d, %d", written, len(gone), len(added), test.written, test.gone, test.added)
			}
			for _, e := range r.changed() {
				base.putEvent(e)
			}
			for k, owner := range base.owners {
				if e := base.events[owner]; e == nil || !slices.Contains(keysOf(e), k) {
					t.Errorf("%v is said to be listed by %s, which does not", k, owner)
				}
			}
		})
	}
}
