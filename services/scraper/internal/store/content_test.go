package store

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// line makes a line in quarters; 99 stands for none.
func line(quarters int) odds.Line {
	if quarters == 99 {
		return odds.Line{}
	}
	l, err := odds.QuarterLine(quarters)
	if err != nil {
		panic(err)
	}
	return l
}

// Laying capture over capture gives what a map of markets would.
func TestOverIsAMap(t *testing.T) {
	t.Parallel()
	keys := []odds.MarketKey{
		{ID: "1"}, {ID: "1", Line: line(0)}, {ID: "1", Line: line(-2)}, {ID: "1", Line: line(10)}, {ID: "10"}, {ID: "2", Line: line(3)},
	}
	rapid.Check(t, func(t *rapid.T) {
		model := map[odds.MarketKey]*oddscachev1.CachedMarket{}
		var framed []byte
		at := time.Date(2026, 1, 1, 0, 0, 0, 123_456_789, time.UTC)
		for range rapid.IntRange(1, 6).Draw(t, "captures") {
			at = at.Add(time.Minute)
			complete := rapid.Bool().Draw(t, "complete")
			seen := rapid.MapOf(rapid.SampledFrom(keys), rapid.SampledFrom([]float64{1.5, 2, 1})).Draw(t, "prices")
			var markets []odds.Market
			for k, price := range seen {
				m := odds.Market{MarketKey: k, Name: "n", Outcomes: []odds.Outcome{{Name: "x", Odds: price, Active: price > 1}}}
				if k.Line.IsSet() {
					m.Handicap = odds.Asian
				}
				markets = append(markets, m)
			}
			odds.SortMarkets(markets)

			changed := map[odds.MarketKey]bool{}
			for k, old := range model {
				if _, ok := seen[k]; !ok && complete && old.GetUnavailableAt() == nil {
					old = proto.CloneOf(old)
					old.UnavailableAt = timestamppb.New(at.Truncate(time.Microsecond))
					model[k], changed[k] = old, true
				}
			}
			for i := range markets {
				m := message(&markets[i])
				if !proto.Equal(m, model[markets[i].MarketKey]) {
					changed[markets[i].MarketKey] = true
				}
				model[markets[i].MarketKey] = m
			}

			_, frames := offered(markets)
			c, err := over(framed, markets, frames, complete, at)
			if err != nil {
				t.Fatal(err)
			}
			framed = c.framed
			var got []*oddscachev1.CachedMarket
			for f := range snapshot.Frames(framed) {
				m := new(oddscachev1.CachedMarket)
				if err := proto.Unmarshal(snapshot.MarketBody(f), m); err != nil {
					t.Fatal(err)
				}
				got = append(got, m)
			}
			var want []*oddscachev1.CachedMarket
			available := 0
			for _, k := range slices.SortedFunc(maps.Keys(model), odds.MarketKey.Compare) {
				want = append(want, model[k])
				if model[k].GetUnavailableAt() == nil {
					available++
				}
			}
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Fatalf("markets (-model +content):\n%s", diff)
			}
			if len(c.changed) != len(changed) || c.markets != len(model) || c.available != available {
				t.Fatalf("%d changed, %d markets, %d available; want %d, %d, %d",
					len(c.changed), c.markets, c.available, len(changed), len(model), available)
			}
			for _, m := range c.changed {
				if !changed[m.MarketKey] {
					t.Fatalf("%v is said to have changed", m.MarketKey)
				}
			}
			if n, a, err := countMarkets(framed); err != nil || n != c.markets || a != c.available {
				t.Fatalf("counted %d markets, %d available, %v", n, a, err)
			}
		}
	})
}

func TestOutcomesJSON(t *testing.T) {
	t.Parallel()
	got := appendOutcomes(nil, []odds.Outcome{{Name: `a "b" <c> €`, Odds: 2.1, Active: true}, {Name: "", Odds: 0}, {Name: "x", Odds: 1000000, Active: true}})
	if want := `[["a \"b\" \u003cc\u003e €",2.1],["",0,false],["x",1000000]]`; string(got) != want {
		t.Errorf("%s; want %s", got, want)
	}
}

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

func TestFreshIsWhatNothingIsLaidOver(t *testing.T) {
	t.Parallel()
	var markets []odds.Market
	for i := range 5 {
		line, _ := odds.QuarterLine(i)
		markets = append(markets, odds.Market{
			MarketKey: odds.MarketKey{ID: "100", Line: line}, Name: "Over/Under", Outcomes: []odds.Outcome{{Name: "Over", Odds: 2, Active: true}},
		})
	}
	for n := range len(markets) + 1 {
		all, frames := offered(markets[:n])
		want, err := over(nil, markets[:n], frames, true, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		got := fresh(all, markets[:n])
		if !bytes.Equal(got.framed, want.framed) || got.markets != want.markets || got.available != want.available || len(got.changed) != len(want.changed) {
			t.Errorf("%d markets: %+v, want %+v", n, got, want)
		}
		for i := range want.changed {
			if got.changed[i].MarketKey != want.changed[i].MarketKey || got.changed[i].available != want.changed[i].available {
				t.Errorf("change %d: %+v, want %+v", i, got.changed[i], want.changed[i])
			}
		}
	}
}
