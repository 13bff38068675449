package feedtest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Op is one write of a history; it does the same to any world in the same state.
type Op struct {
	Name string
	Do   func(*World)
}

// String is the op in a failed test's output.
func (o Op) String() string { return o.Name }

// Few ids make moves and evictions frequent.
var (
	srIDs    = []string{"101", "102", "103", "104"}
	pawaIDs  = []string{"", "p1", "p2", "p3"}
	rivalIDs = []ID{{"sportybet", "s1"}, {"sportybet", "s2"}, {"bet9ja", "b1"}, {"bet9ja", "b2"}}
)

// AllIDs are the ids that drawn histories use.
func AllIDs() []ID {
	ids := slices.Clone(rivalIDs)
	for _, p := range pawaIDs[1:] {
		ids = append(ids, ID{Betpawa, p})
	}
	return ids
}

// AllSrIDs are the events that drawn histories use.
func AllSrIDs() []string { return slices.Clone(srIDs) }

// DrawOp draws a write: events with ids that may be another's, new content, confirmations, cycle ends, the passing of
// time, and transactions of several of them.
func DrawOp(t *rapid.T) Op {
	if rapid.IntRange(0, 5).Draw(t, "tx") > 0 {
		return drawOne(t)
	}
	ops := rapid.SliceOfN(rapid.Custom(drawOne), 1, 5).Draw(t, "ops")
	return Op{fmt.Sprint("tx", ops), func(w *World) {
		w.Tx(func() {
			for _, o := range ops {
				o.Do(w)
			}
		})
	}}
}

// drawOne draws a single write, or the passing of time.
func drawOne(t *rapid.T) Op {
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0, 1, 2:
		e := drawEvent(t)
		return Op{fmt.Sprint("event ", e), func(w *World) { w.PutEvent(e) }}
	case 3, 4, 5, 6:
		id := rapid.SampledFrom(AllIDs()).Draw(t, "id")
		markets := DrawMarkets(t)
		return Op{fmt.Sprintf("snapshot %v of %d markets", id, len(markets)), func(w *World) { w.PutSnapshot(id, markets...) }}
	case 7, 8:
		id := rapid.SampledFrom(AllIDs()).Draw(t, "id")
		return Op{fmt.Sprint("confirm ", id), func(w *World) { w.Confirm(id) }}
	case 9:
		hours := rapid.IntRange(0, 6).Draw(t, "cutoff")
		return Op{fmt.Sprint("cycle end, cutoff ", hours), func(w *World) { w.EndCycle(start.Add(time.Duration(hours) * time.Hour)) }}
	case 10:
		return Op{"failed cycle end", func(w *World) { w.EndCycle(time.Time{}) }}
	default:
		d := time.Duration(rapid.IntRange(1, 80).Draw(t, "hours")) * time.Hour
		return Op{fmt.Sprint("time passes ", d), func(w *World) { w.Kick(d) }}
	}
}

// start is the earliest drawn kickoff.
var start = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

// drawEvent draws an event of few ids, kickoffs, countries and tournaments, so that histories make them meet.
func drawEvent(t *rapid.T) *oddscachev1.Event {
	e := &oddscachev1.Event{
		SrId:           rapid.SampledFrom(srIDs).Draw(t, "sr_id"),
		BetpawaEventId: rapid.SampledFrom(pawaIDs).Draw(t, "betpawa"),
		Kickoff:        timestamppb.New(start.Add(time.Duration(rapid.IntRange(0, 6).Draw(t, "kickoff")) * time.Hour)),
		Country:        rapid.SampledFrom([]string{"Kenya", "Nigeria"}).Draw(t, "country"),
		Tournament:     rapid.SampledFrom([]string{"Premier League", "Cup"}).Draw(t, "tournament"),
	}
	e.Name = e.GetSrId() + " in " + e.GetCountry()
	for _, bookmaker := range []string{"bet9ja", "sportybet"} {
		of := slices.DeleteFunc(slices.Clone(rivalIDs), func(id ID) bool { return id.Bookmaker != bookmaker })
		if i := rapid.IntRange(0, len(of)).Draw(t, bookmaker); i < len(of) {
			e.CompetitorEvents = append(e.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: bookmaker, CompetitorEventId: of[i].ID})
		}
	}
	return e
}

// DrawMarkets draws content in canonical order.
func DrawMarkets(t *rapid.T) []*oddscachev1.CachedMarket {
	var markets []*oddscachev1.CachedMarket
	for _, id := range []string{"28000", "3743", "4693", "5000"} {
		for line := range rapid.IntRange(0, 2).Draw(t, "lines of "+id) {
			m := Market(id, float64(line)+.5, rapid.Float64Range(1, 30).Draw(t, "odds"))
			markets = append(markets, m)
		}
	}
	return markets
}

// Market is an over/under market.
func Market(id string, line, odds float64) *oddscachev1.CachedMarket {
	name := strconv.FormatFloat(line, 'f', -1, 64)
	return &oddscachev1.CachedMarket{
		MarketId: id, Name: "Over/Under " + name, Line: &line, MarketGroups: []string{"goals"},
		Outcomes: []*oddscachev1.Outcome{
			{Name: "Over", Odds: odds, IsActive: odds > 1},
			{Name: "Under", Odds: 1 + 1/odds, IsActive: true},
		},
	}
}
