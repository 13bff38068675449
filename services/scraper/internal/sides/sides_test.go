package sides_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/sides"
)

// market makes one of BetPawa's market types with outcomes at prices.
func market(id string, line odds.Line, handicap odds.HandicapType, outcomes ...odds.Outcome) odds.Market {
	return odds.Market{MarketKey: odds.MarketKey{ID: id, Line: line}, Handicap: handicap, Outcomes: outcomes}
}

func at(name string, price float64) odds.Outcome {
	return odds.Outcome{Name: name, Odds: price, Active: price > odds.ClosedPrice}
}

func result(home, draw, away float64) odds.Market {
	return market("3743", odds.Line{}, odds.NoHandicap, at("1", home), at("X", draw), at("2", away))
}

// goals are the totals of both teams, over 1.5.
func goals(homeOver, homeUnder, awayOver, awayUnder float64) []odds.Market {
	line, _ := odds.FloatLine(1.5)
	return []odds.Market{
		market("5006", line, odds.NoHandicap, at("Over", homeOver), at("Under", homeUnder)),
		market("5003", line, odds.NoHandicap, at("Over", awayOver), at("Under", awayUnder)),
	}
}

// handicaps are both lines of one goal.
func handicaps(minus1Home, minus1Away, plus1Home, plus1Away float64) []odds.Market {
	line, _ := odds.FloatLine(1)
	return []odds.Market{
		market("3774", line.Neg(), odds.Asian, at("1", minus1Home), at("2", minus1Away)),
		market("3774", line, odds.Asian, at("1", plus1Home), at("2", plus1Away)),
	}
}

func join(markets ...[]odds.Market) []odds.Market {
	var all []odds.Market
	for _, m := range markets {
		all = append(all, m...)
	}
	odds.SortMarkets(all)
	return all
}

// TestTable is the table of docs/mapping.md: what names and prices say, and what comes of it.
func TestTable(t *testing.T) {
	t.Parallel()
	var (
		strong   = join([]odds.Market{result(1.5, 4, 6.5)}, goals(1.6, 2.2, 4.5, 1.15), handicaps(1.9, 1.85, 1.12, 5.5))
		medium   = []odds.Market{result(1.9, 3.5, 3.9)}
		even     = []odds.Market{result(2.6, 3.2, 2.7)}
		mirrored = func(m []odds.Market) []odds.Market { return sides.Offer{Markets: m}.Mirror().Markets }
		// The 1X2 alone is the wrong way round.
		mistake = join([]odds.Market{result(6.5, 4, 1.5)}, goals(1.6, 2.2, 4.5, 1.15), handicaps(1.9, 1.85, 1.12, 5.5))
		// A market of another opinion, that fits neither way.
		other = []odds.Market{result(2.5, 3.2, 2.8)}
	)
	type names [2]string
	same, turned, strange, none := names{"Lions", "Tigers"}, names{"Tigers", "Lions"}, names{"Leones", "Gatos"}, names{}
	for _, tt := range []struct {
		name               string
		reference, markets []odds.Market
		names              names
		want               bool
	}{
		{"same names, same prices", strong, strong, same, false},
		{"same names, all prices mirrored by far", strong, mirrored(strong), same, true},
		{"same names, the only price mirrored by far", []odds.Market{result(1.5, 4, 6.5)}, []odds.Market{result(6.5, 4, 1.5)}, same, true},
		{"same names, the only price mirrored, not so far", medium, mirrored(medium), same, false},
		{"same names, one price mirrored of many", strong, mistake, same, false},
		{"same names, no prices", strong, nil, same, false},
		{"reversed names, mirrored prices", strong, mirrored(strong), turned, true},
		{"reversed names, prices as they are", strong, strong, turned, false},
		{"reversed names, near-even prices", even, even, turned, true},
		{"reversed names, prices that contradict each other", strong, mistake, turned, true},
		{"reversed names, prices that fit neither way", strong, other, turned, true},
		{"reversed names, no prices", strong, nil, turned, true},
		{"reversed names, no reference prices", nil, strong, turned, true},
		{"unknown names, mirrored prices", strong, mirrored(strong), strange, true},
		{"unknown names, mirrored prices of a favourite", medium, mirrored(medium), strange, true},
		{"unknown names, near-even prices", even, mirrored(even), strange, false},
		{"unknown names, one price mirrored of many", strong, mistake, strange, false},
		{"no names, mirrored prices", strong, mirrored(strong), none, true},
		{"no names, same prices", strong, strong, none, false},
		{"no names, another opinion", strong, other, none, false},
		{"nothing at all", nil, nil, none, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sides.Compare(
				sides.Offer{Home: "Lions", Away: "Tigers", Markets: tt.reference},
				sides.Offer{Home: tt.names[0], Away: tt.names[1], Markets: tt.markets},
			)
			if f.Swapped() != tt.want {
				t.Errorf("swapped is %t, want %t: %v", f.Swapped(), tt.want, f)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		reference, other [2]string
		want             sides.Fit
	}{
		{[2]string{"Wuhan Three Towns FC", "Qingdao Hainiu FC"}, [2]string{"Wuhan Three Towns", "Qingdao Hainiu"}, sides.Straight},
		{[2]string{"FC Tokyo", "JEF United Chiba"}, [2]string{"Tokyo", "Ichihara Chiba"}, sides.Straight},
		{[2]string{"FC Tokyo", "JEF United Chiba"}, [2]string{"Ichihara Chiba", "Tokyo"}, sides.Reversed},
		{[2]string{"Away 61000021", "Home 61000021"}, [2]string{"Home 61000021", "Away 61000021"}, sides.Reversed},
		{[2]string{"Manchester City", "Manchester United"}, [2]string{"Man City", "Man Utd"}, sides.Straight},
		{[2]string{"Manchester City", "Manchester United"}, [2]string{"Man Utd", "Man City"}, sides.Reversed},
		{[2]string{"Manchester City", "Crystal Palace"}, [2]string{"Man. City", "C. Palace"}, sides.Straight},
		{[2]string{"1. FC Köln", "Bayern München"}, [2]string{"BAYERN MUNCHEN", "FC KOLN"}, sides.Reversed},
		{[2]string{"Łódź", "Brøndby IF"}, [2]string{"Lodz", "Brondby"}, sides.Straight},
		{[2]string{"Chelsea FC Women", "Arsenal Women"}, [2]string{"Chelsea (W)", "Arsenal (W)"}, sides.Straight},
		{[2]string{"Chelsea FC Women", "Arsenal Women"}, [2]string{"Arsenal W", "Chelsea W"}, sides.Reversed},
		{[2]string{"Norway U21", "France U21"}, [2]string{"France U21", "Norway U21 (n)"}, sides.Reversed},
		{[2]string{"Sevilla FC", "Sevilla FC II"}, [2]string{"Sevilla", "Sevilla B"}, sides.Straight},
		{[2]string{"Sevilla FC", "Sevilla FC II"}, [2]string{"Sevilla Reserves", "Sevilla"}, sides.Reversed},
		{[2]string{"Sevilla FC", "Sevilla FC II"}, [2]string{"Sevilla", "Sevilla"}, sides.Unclear},
		{[2]string{"Al Ahly", "Al Ittihad"}, [2]string{"Al-Ahli SC", "Al-Ittihad SC"}, sides.Straight},
		{[2]string{"Sporting CP", "FC Porto"}, [2]string{"Sporting Lisbon", "Porto"}, sides.Straight},
		{[2]string{"Spartak Moscow", "Zenit"}, [2]string{"Спартак Москва", "Зенит"}, sides.Unclear},
		{[2]string{"Lions", "Tigers"}, [2]string{"Tigers", "Bears"}, sides.Unclear}, // another match
		{[2]string{"Lions", "Tigers"}, [2]string{"Tigers", ""}, sides.Unclear},
		{[2]string{"FC", "SC"}, [2]string{"SC", "FC"}, sides.Reversed}, // nothing but affixes
	} {
		f := sides.Compare(
			sides.Offer{Home: tt.reference[0], Away: tt.reference[1]}, sides.Offer{Home: tt.other[0], Away: tt.other[1]})
		if f.Names.Fit() != tt.want {
			t.Errorf("%v against %v: %v, want %s", tt.other, tt.reference, f.Names, tt.want)
		}
	}
}

// drawMarkets draws markets of many kinds: those that tell the sides apart and others, some of them closed.
func drawMarkets(t *rapid.T) []odds.Market {
	price := rapid.Custom(func(t *rapid.T) float64 {
		return rapid.SampledFrom([]float64{0, 1, 1.02, 1.2, 1.5, 1.9, 2.5, 4, 6.5, 15}).Draw(t, "price")
	})
	seen := make(map[odds.MarketKey]bool)
	var markets []odds.Market
	for range rapid.IntRange(0, 12).Draw(t, "markets") {
		line, _ := odds.FloatLine(float64(rapid.IntRange(-2, 2).Draw(t, "line")))
		var m odds.Market
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			m = result(price.Draw(t, "1"), price.Draw(t, "X"), price.Draw(t, "2"))
		case 1:
			m = market("4693", odds.Line{}, odds.NoHandicap, at("1X", price.Draw(t, "1X")), at("X2", price.Draw(t, "X2")))
		case 2:
			m = market("3774", line, odds.Asian, at("1", price.Draw(t, "1")), at("2", price.Draw(t, "2")))
		case 3:
			id := rapid.SampledFrom([]string{"5006", "5003"}).Draw(t, "team")
			m = market(id, line, odds.NoHandicap, at("Over", price.Draw(t, "over")), at("Under", price.Draw(t, "under")))
		case 4:
			id := rapid.SampledFrom([]string{"3668", "3685"}).Draw(t, "half")
			m = market(id, odds.Line{}, odds.NoHandicap, at("1", price.Draw(t, "1")), at("2", price.Draw(t, "2")))
		default:
			m = market("5000", line, odds.NoHandicap, at("Over", price.Draw(t, "over")), at("Under", price.Draw(t, "under")))
		}
		if !seen[m.MarketKey] {
			seen[m.MarketKey] = true
			markets = append(markets, m)
		}
	}
	odds.SortMarkets(markets)
	return markets
}

func drawOffer(t *rapid.T) sides.Offer {
	name := rapid.SampledFrom([]string{"", "Lions FC", "Lions", "Lions II", "Tigers", "Tigers (W)", "Bears United", "Gatos"})
	return sides.Offer{Home: name.Draw(t, "home"), Away: name.Draw(t, "away"), Markets: drawMarkets(t)}
}

var opposite = map[sides.Fit]sides.Fit{
	sides.Straight: sides.Reversed, sides.Reversed: sides.Straight, sides.Unclear: sides.Unclear,
}

// TestMirror has offers drawn at random: swapped twice is as it was, and swapping one, or the other, turns what the
// names and each family say.
func TestMirror(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawOffer(t), drawOffer(t)
		f := sides.Compare(a, b)
		if twice := sides.Compare(a, b.Mirror().Mirror()); twice.String() != f.String() {
			t.Fatalf("swapped twice: %v\nbefore: %v", twice, f)
		}
		turned, other := sides.Compare(a, b.Mirror()), sides.Compare(a.Mirror(), b)
		if turned.Names.Fit() != opposite[f.Names.Fit()] || other.Names.Fit() != opposite[f.Names.Fit()] {
			t.Fatalf("names %v turned are %v and %v", f.Names, turned.Names, other.Names)
		}
		if both := sides.Compare(a.Mirror(), b.Mirror()); both.Swapped() != f.Swapped() {
			t.Fatalf("both turned: %v\nbefore: %v", both, f)
		}
		if near := sides.Nearer(a.Markets, b.Mirror().Markets); near != opposite[sides.Nearer(a.Markets, b.Markets)] {
			t.Fatalf("nearer is %s, and %s turned", sides.Nearer(a.Markets, b.Markets), near)
		}
	})
}

// TestWithoutClearSignsNothingIsRejected has offers drawn at random: whatever is refused has a clear sign against it and none for
// it, and nothing whose prices fit as they are is refused.
func TestWithoutClearSignsNothingIsRejected(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawOffer(t), drawOffer(t)
		f := sides.Compare(a, b)
		names, prices := f.Names.Fit(), f.Prices.Fit()
		if f.Swapped() && names != sides.Reversed && prices != sides.Reversed {
			t.Fatalf("refused without a sign: %v", f)
		}
		if f.Swapped() && prices == sides.Straight {
			t.Fatalf("refused although the prices fit as they are: %v", f)
		}
		if same := sides.Compare(a, sides.Offer{Home: a.Home, Away: a.Away, Markets: a.Markets}); same.Swapped() {
			t.Fatalf("refused although it is the same: %v", same)
		}
	})
}

// TestAnotherMarginIsNoOtherSide lays margins and small moves over prices, which must change nothing.
func TestAnotherMarginIsNoOtherSide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := drawOffer(t)
		b := sides.Offer{Home: a.Home, Away: a.Away}
		for _, m := range a.Markets {
			moved := m
			moved.Outcomes = nil
			for _, o := range m.Outcomes {
				o.Odds = 1 + (o.Odds-1)*rapid.Float64Range(0.85, 1.1).Draw(t, "factor")
				o.Active = o.Odds > odds.ClosedPrice
				moved.Outcomes = append(moved.Outcomes, o)
			}
			b.Markets = append(b.Markets, moved)
		}
		if f := sides.Compare(a, b); f.Swapped() {
			t.Fatalf("refused: %v", f)
		}
	})
}
