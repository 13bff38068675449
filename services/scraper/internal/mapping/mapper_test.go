package mapping_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func sameLine(a, b odds.Line) bool { return a == b }

// TestMapper_AnyOrder draws answers with everything that can be wrong in them and shows that the order in which
// offers and quotes come never shows in the result.
func TestMapper_AnyOrder(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		offers := rapid.SliceOfN(rapid.Custom(drawOffer), 0, 12).Draw(t, "offers")
		want := finish(table, offers)
		shuffled := rapid.Permutation(offers).Draw(t, "offers in another order")
		for i := range shuffled {
			shuffled[i].Quotes = rapid.Permutation(shuffled[i].Quotes).Draw(t, "quotes in another order")
		}
		if diff := cmp.Diff(want, finish(table, shuffled), cmp.Comparer(sameLine)); diff != "" {
			t.Fatalf("another order, another result:\n%s", diff)
		}
	})
}

func drawOffer(t *rapid.T) mapping.Offer {
	o := mapping.Offer{Key: rapid.SampledFrom([]string{"1", "18", "14", "45", "900300", "4711", "105"}).Draw(t, "key")}
	for range rapid.IntRange(0, 2).Draw(t, "number of params") {
		o.Params = append(o.Params, mapping.Param{
			Name:  rapid.SampledFrom([]string{"total", "hcp", "from", "to"}).Draw(t, "param"),
			Value: rapid.SampledFrom([]string{"2.5", "2.50", "1", "10", "0:1", "nan", ""}).Draw(t, "value"),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "number of quotes") {
		q := mapping.Quote{Code: []byte(rapid.SampledFrom([]string{"1", "2", "3", "12", "13", "1711", "274", "320", "324", "x"}).Draw(t, "code"))}
		if rapid.IntRange(0, 5).Draw(t, "priced") > 0 {
			q.Price = answer.Priced(rapid.SampledFrom([]float64{0, 1, 2, 2.5, 9}).Draw(t, "odds"))
		}
		q.Price.Closed = rapid.Bool().Draw(t, "closed")
		o.Quotes = append(o.Quotes, q)
	}
	return o
}

func finish(table *mapping.Table, offers []mapping.Offer) []any {
	m := table.Column(odds.SportyBet, mapping.SportRadar).NewMapper()
	for i := range offers {
		m.Add(&offers[i])
	}
	mapped := m.Finish()
	return []any{mapped.Markets, mapped.Unread, mapped.Rejections, mapped.Unmapped}
}

// TestMapper_TextAgainstID shows that a text that says something else than the id makes an outcome unknown.
func TestMapper_TextAgainstID(t *testing.T) {
	t.Parallel()
	table, err := mapping.Load(tables("outcomes dc ways=2\n1X | 9 \"Home or Draw\" | 1X\n12 | 10 \"Home or Away\" | 12\n",
		"4693 | Double Chance | none | dc | 10 | S_DC\n", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		code, text string
		want       string
	}{
		{"9", "Home or Draw", "1X"},
		{"9", "", "1X"},
		{"77", " home  OR draw", "1X"},
		{"9", "Home or Away", ""},
		{"77", "Home", ""},
	} {
		m := table.Column(odds.SportyBet, mapping.SportRadar).NewMapper()
		m.Add(&mapping.Offer{Key: "10", Quotes: []mapping.Quote{{Code: []byte(tt.code), Text: []byte(tt.text), Price: answer.Priced(2)}}})
		mapped := m.Finish()
		got := ""
		if len(mapped.Markets) == 1 {
			got = mapped.Markets[0].Outcomes[0].Name
		}
		if got != tt.want || (tt.want == "") != (mapped.Rejections[odds.UnknownOutcome] == 1) {
			t.Errorf("%s %q: %q, want %q; refusals %v", tt.code, tt.text, got, tt.want, mapped.Rejections)
		}
	}
}

func TestOverround(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	open := func(names string, prices ...float64) []odds.Outcome {
		var all []odds.Outcome
		for i, p := range prices {
			all = append(all, odds.Outcome{Name: fmt.Sprintf("%s%d", names, i), Odds: p, Active: p > 1})
		}
		return all
	}
	for _, tt := range []struct {
		name     string
		market   string
		outcomes []odds.Outcome
		want     mapping.Verdict
	}{
		{"an honest 1X2", "3743", open("", 2.41, 3.29, 3.02), mapping.Plausible},
		{"prices of another market", "3743", open("", 1.2, 1.3, 1.4), mapping.Implausible},
		{"too good to be true", "3743", open("", 4, 5, 6), mapping.Implausible},
		{"an outcome missing", "3743", open("", 9, 9), mapping.NotJudged},
		{"an outcome closed", "3743", open("", 9, 9, 1), mapping.NotJudged},
		{"an honest double chance", "4693", open("", 1.39, 1.56, 1.35), mapping.Plausible},
		{"1X2 prices as double chance", "4693", open("", 2.41, 3.29, 3.02), mapping.Implausible},
		{"a market whose sum says nothing", "28000810", open("", 1.2, 1.3, 1.2), mapping.NotJudged},
	} {
		if got := mapping.Overround(table.Row(tt.market), tt.outcomes); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
