package encode

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// message is an offered market as the protocol says it.
func message(m *odds.Market) *oddscachev1.CachedMarket {
	c := &oddscachev1.CachedMarket{MarketId: m.ID, Name: m.Name, HandicapType: string(m.Handicap), MarketGroups: m.Groups}
	for _, o := range m.Outcomes {
		c.Outcomes = append(c.Outcomes, &oddscachev1.Outcome{Name: o.Name, Odds: o.Odds, IsActive: o.Active})
	}
	if m.Line.IsSet() {
		c.Line = new(m.Line.Float())
	}
	if m.Handicap != odds.NoHandicap {
		c.HandicapHome = new(m.Line.Float())
		c.HandicapAway = new(m.Line.Neg().Float())
	}
	return c
}

// The encoding by hand is the one that protobuf makes of the message.
func TestAppendMarketIsProtobuf(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`.{0,200}`)
	rapid.Check(t, func(t *rapid.T) {
		m := odds.Market{Name: text.Draw(t, "name"), Groups: rapid.SliceOf(text).Draw(t, "groups")}
		m.ID = text.Draw(t, "market_id")
		if rapid.Bool().Draw(t, "has line") {
			m.Line, _ = odds.QuarterLine(rapid.IntRange(-4000, 4000).Draw(t, "line"))
			m.Handicap = rapid.SampledFrom([]odds.HandicapType{odds.NoHandicap, odds.Asian, odds.European}).Draw(t, "handicap")
		}
		for range rapid.IntRange(0, 5).Draw(t, "outcomes") {
			m.Outcomes = append(m.Outcomes, odds.Outcome{
				Name: text.Draw(t, "outcome"), Odds: rapid.Float64Range(0, 1e6).Draw(t, "odds"), Active: rapid.Bool().Draw(t, "active"),
			})
		}
		want, err := snapshot.AppendMarket(nil, message(&m))
		if err != nil {
			t.Fatal(err)
		}
		if got := appendMarket(nil, &m); !bytes.Equal(got, want) {
			t.Fatalf("encoded\n%x, protobuf has\n%x", got, want)
		}
		k, unavailable, err := readMarket(want)
		if err != nil || k != m.MarketKey || unavailable {
			t.Fatalf("read back %v, unavailable %v, %v; want %v", k, unavailable, err, m.MarketKey)
		}
	})
}

func TestHandicapSides(t *testing.T) {
	t.Parallel()
	var got oddscachev1.CachedMarket
	frame := appendMarket(nil, &odds.Market{MarketKey: odds.MarketKey{ID: "3774", Line: line(0)}, Handicap: odds.Asian})
	if err := proto.Unmarshal(snapshot.MarketBody(frame), &got); err != nil {
		t.Fatal(err)
	}
	if got.Line == nil || got.HandicapHome == nil || got.HandicapAway == nil || 1/got.GetHandicapAway() < 0 {
		t.Errorf("a handicap of 0 has a line and two sides, none of them −0: %v", &got)
	}
	if got := message(&odds.Market{MarketKey: odds.MarketKey{ID: "1"}}); got.Line != nil {
		t.Errorf("no line is not line 0: %v", got)
	}
}
