package encode

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Laying capture over capture gives what a map of markets would: an outcome is open exactly when the last capture has
// it open, keeps the odds that were seen last, and the place it had.
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
			c := Capture{Complete: rapid.Bool().Draw(t, "complete"), CapturedAt: at}
			for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, len(keys), rapid.ID).Draw(t, "listed") {
				c.Markets = append(c.Markets, drawMarket(t, k))
			}
			odds.SortMarkets(c.Markets)
			for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 2, rapid.ID).Draw(t, "unread") {
				c.Unread = append(c.Unread, odds.UnreadMarket{MarketKey: k, AnyLine: rapid.Bool().Draw(t, "any line")})
			}
			changed := lay(model, &c)

			c.Encode()
			got, err := over(framed, &c)
			if err != nil {
				t.Fatal(err)
			}
			framed = got.Framed
			checkContent(t, model, &got, changed)
			if again, err := over(framed, &c); err != nil || len(again.Changed) > 0 || !bytes.Equal(again.Framed, framed) {
				t.Fatalf("the same capture again: %d changed, %v", len(again.Changed), err)
			}
		}
	})
}

// drawMarket draws a market with one to three outcomes, priced, closed or without a price.
func drawMarket(t *rapid.T, k odds.MarketKey) odds.Market {
	m := odds.Market{MarketKey: k, Name: "n"}
	if k.Line.IsSet() {
		m.Handicap = odds.Asian
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID).Draw(t, "outcomes") {
		price := rapid.SampledFrom([]float64{1.5, 2, 1, 0}).Draw(t, "odds")
		m.Outcomes = append(m.Outcomes, odds.Outcome{Name: name, Odds: price, Active: price > 1 && rapid.IntRange(0, 3).Draw(t, "open") > 0})
	}
	return m
}

// lay does to the model what over does to content, and returns the markets that change by it.
func lay(model map[odds.MarketKey]*oddscachev1.CachedMarket, c *Capture) map[odds.MarketKey]bool {
	before := maps.Clone(model)
	for k, old := range model {
		m := proto.CloneOf(old)
		for _, o := range m.GetOutcomes() {
			o.IsActive = false
		}
		may := slices.ContainsFunc(c.Unread, func(u odds.UnreadMarket) bool {
			return u.MarketKey == k || u.AnyLine && u.ID == k.ID
		})
		if m.GetUnavailableAt() == nil && c.Complete && !may {
			m.UnavailableAt = timestamppb.New(c.CapturedAt.Truncate(time.Microsecond))
		}
		model[k] = m
	}
	for i := range c.Markets {
		m := message(&c.Markets[i])
		was := model[c.Markets[i].MarketKey].GetOutcomes()
		find := func(all []*oddscachev1.Outcome, name string) int {
			return slices.IndexFunc(all, func(o *oddscachev1.Outcome) bool { return o.GetName() == name })
		}
		for _, o := range m.GetOutcomes() {
			if old := find(was, o.GetName()); old >= 0 && o.GetOdds() == 0 {
				o.Odds = was[old].GetOdds()
			}
		}
		for at, o := range was { // behind the one it stood behind, first where it stood first
			if find(m.GetOutcomes(), o.GetName()) >= 0 {
				continue
			}
			place := 0
			if at > 0 {
				place = find(m.GetOutcomes(), was[at-1].GetName()) + 1
			}
			m.Outcomes = slices.Insert(m.Outcomes, place, o)
		}
		model[c.Markets[i].MarketKey] = m
	}
	changed := map[odds.MarketKey]bool{}
	for k, m := range model {
		if !proto.Equal(ordered(m), ordered(before[k])) {
			changed[k] = true
		}
	}
	return changed
}

// ordered is a market with its outcomes by name: another order alone is no change.
func ordered(m *oddscachev1.CachedMarket) *oddscachev1.CachedMarket {
	m = proto.CloneOf(m)
	slices.SortFunc(m.GetOutcomes(), func(a, b *oddscachev1.Outcome) int { return strings.Compare(a.GetName(), b.GetName()) })
	return m
}

// checkContent compares content with the model, whose outcomes may stand in another order.
func checkContent(t *rapid.T, model map[odds.MarketKey]*oddscachev1.CachedMarket, c *Content, changed map[odds.MarketKey]bool) {
	var got, want []*oddscachev1.CachedMarket
	for f := range snapshot.Frames(c.Framed) {
		m := new(oddscachev1.CachedMarket)
		if err := proto.Unmarshal(snapshot.MarketBody(f), m); err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	available := 0
	for _, k := range slices.SortedFunc(maps.Keys(model), odds.MarketKey.Compare) {
		want = append(want, model[k])
		if model[k].GetUnavailableAt() == nil {
			available++
		}
	}
	byName := protocmp.SortRepeated(func(a, b *oddscachev1.Outcome) bool { return a.GetName() < b.GetName() })
	if diff := cmp.Diff(want, got, protocmp.Transform(), byName); diff != "" {
		t.Fatalf("markets (-model +content):\n%s", diff)
	}
	for _, m := range c.Changed {
		if !changed[m.MarketKey] {
			t.Fatalf("%v is said to have changed", m.MarketKey)
		}
	}
	if len(c.Changed) != len(changed) || c.Markets != len(model) || c.Available != available {
		t.Fatalf("%d changed, %d markets, %d available; want %d, %d, %d",
			len(c.Changed), c.Markets, c.Available, len(changed), len(model), available)
	}
	if n, a, err := Count(c.Framed); err != nil || n != c.Markets || a != c.Available {
		t.Fatalf("counted %d markets, %d available, %v", n, a, err)
	}
}

// Outcomes that are not listed any more stay where they were, whatever comes back later.
func TestMergeOutcomes(t *testing.T) {
	t.Parallel()
	open := func(name string, price float64) odds.Outcome {
		return odds.Outcome{Name: name, Odds: price, Active: true}
	}
	closed := func(name string, price float64) odds.Outcome { return odds.Outcome{Name: name, Odds: price} }
	was := []odds.Outcome{open("1", 2), open("X", 3), open("2", 4)}
	for name, tc := range map[string]struct{ listed, want []odds.Outcome }{
		"all":                       {[]odds.Outcome{open("1", 2.1), open("X", 3), open("2", 4)}, []odds.Outcome{open("1", 2.1), open("X", 3), open("2", 4)}},
		"one without a price":       {[]odds.Outcome{open("1", 2), closed("X", 0), open("2", 4)}, []odds.Outcome{open("1", 2), closed("X", 3), open("2", 4)}},
		"one not listed":            {[]odds.Outcome{open("1", 2), open("2", 4)}, []odds.Outcome{open("1", 2), closed("X", 3), open("2", 4)}},
		"the first not listed":      {[]odds.Outcome{open("X", 3), open("2", 4)}, []odds.Outcome{closed("1", 2), open("X", 3), open("2", 4)}},
		"closed by its price":       {[]odds.Outcome{closed("1", 1), open("X", 3), open("2", 4)}, []odds.Outcome{closed("1", 1), open("X", 3), open("2", 4)}},
		"a new one":                 {[]odds.Outcome{open("1", 2), open("0", 9), open("X", 3), open("2", 4)}, []odds.Outcome{open("1", 2), open("0", 9), open("X", 3), open("2", 4)}},
		"a new one without a price": {[]odds.Outcome{open("1", 2), open("X", 3), open("2", 4), closed("3", 0)}, []odds.Outcome{open("1", 2), open("X", 3), open("2", 4), closed("3", 0)}},
		"none of them":              {[]odds.Outcome{open("9", 9)}, []odds.Outcome{closed("1", 2), closed("X", 3), closed("2", 4), open("9", 9)}},
	} {
		got := mergeOutcomes(was, tc.listed)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
		if again := mergeOutcomes(got, tc.listed); !slices.Equal(again, got) {
			t.Errorf("%s, again: %v", name, again)
		}
	}
	var many []odds.Outcome
	for i := range maxOutcomes {
		many = append(many, open(fmt.Sprint("other ", i), 2))
	}
	if got := mergeOutcomes(was, many); !slices.Equal(got, many) {
		t.Errorf("%d outcomes, want the %d that are listed", len(got), len(many))
	}
}

func TestOutcomesJSON(t *testing.T) {
	t.Parallel()
	got := appendOutcomes(nil, []odds.Outcome{{Name: `a "b" <c> €`, Odds: 2.1, Active: true}, {Name: "", Odds: 0}, {Name: "x", Odds: 1000000, Active: true}})
	if want := `[["a \"b\" \u003cc\u003e €",2.1],["",0,false],["x",1000000]]`; string(got) != want {
		t.Errorf("%s; want %s", got, want)
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
		c := Capture{Markets: markets[:n], Complete: true, CapturedAt: time.Now()}
		c.Encode()
		want, err := over(nil, &c)
		if err != nil {
			t.Fatal(err)
		}
		got := fresh(c.all, markets[:n])
		if !bytes.Equal(got.Framed, want.Framed) || got.Markets != want.Markets || got.Available != want.Available || len(got.Changed) != len(want.Changed) {
			t.Errorf("%d markets: %+v, want %+v", n, got, want)
		}
		for i := range want.Changed {
			if got.Changed[i].MarketKey != want.Changed[i].MarketKey || got.Changed[i].Available != want.Changed[i].Available {
				t.Errorf("change %d: %+v, want %+v", i, got.Changed[i], want.Changed[i])
			}
		}
	}
}
