package store_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// What is wrong with one market takes nothing else along: the market is closed, its neighbours stand.
func TestPoisonInAMarketGoesAlone(t *testing.T) {
	t.Parallel()
	first := func(change func(m *odds.Market)) func(*odds.Snapshot) {
		return func(s *odds.Snapshot) { change(&s.Markets[0]) }
	}
	tests := []struct {
		name   string
		poison func(*odds.Snapshot)
		reason odds.Reason
		open   int // outcomes of the market that stay open
	}{
		{"NUL in an outcome", first(func(m *odds.Market) { m.Outcomes[0].Name = "a\x00b" }), odds.BadText, 1},
		{"broken UTF-8 in a market", first(func(m *odds.Market) { m.Name = "\xff" }), odds.BadText, 0},
		{"endless group", first(func(m *odds.Market) { m.Groups = []string{strings.Repeat("x", 1<<20)} }), odds.BadText, 0},
		{"no outcomes", first(func(m *odds.Market) { m.Outcomes = nil }), odds.NoOutcomes, 0},
		{"too many outcomes", first(func(m *odds.Market) { m.Outcomes = slices.Repeat(m.Outcomes, 501) }), odds.TooLarge, 0},
		{"handicap without a line", first(func(m *odds.Market) { m.Handicap = odds.Asian }), odds.BadLine, 0},
		{"a handicap of a new type", first(func(m *odds.Market) { m.Handicap = "ENGLISH" }), odds.InternalCheck, 0},
		{"NaN", first(func(m *odds.Market) { m.Outcomes[0].Odds = math.NaN() }), odds.InternalCheck, 1},
		{"infinity", first(func(m *odds.Market) { m.Outcomes[0].Odds = math.Inf(1) }), odds.InternalCheck, 1},
		{"negative", first(func(m *odds.Market) { m.Outcomes[0].Odds = -2 }), odds.InternalCheck, 1},
		{"closed and active", first(func(m *odds.Market) { m.Outcomes[0].Odds = 1 }), odds.InternalCheck, 1},
		{"outcome twice", first(func(m *odds.Market) { m.Outcomes[1].Name = "Yes" }), odds.InternalCheck, 0},
		{"market twice", func(s *odds.Snapshot) { s.Markets = append(s.Markets, s.Markets[0]) }, odds.InternalCheck, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := storetest.New(t, store.Config{})
			good := storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2, "b": 3})
			b.MustApply(t, store.Batch{Events: []odds.Event{storetest.Event("100", storetest.Soon(), "7")}, Snapshots: []odds.Snapshot{good}})
			bad := storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2, "b": 4})
			test.poison(&bad)
			r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{bad}})
			want := map[odds.Bookmaker]odds.Rejections{odds.BetPawa: {test.reason: 1}}
			if diff := cmp.Diff(want, r.Rejected); diff != "" || r.Changed[odds.BetPawa] != 1 || len(r.SnapshotsRejected) != 0 {
				t.Errorf("%+v, refused (-want +got):\n%s", r, diff)
			}
			markets := b.Snapshot(t, odds.BetPawa, "7").GetMarkets()
			if got := markets[1].GetOutcomes()[0]; got.GetOdds() != 4 || !got.GetIsActive() {
				t.Errorf("the market beside it: %v", markets[1])
			}
			open := 0
			for _, o := range markets[0].GetOutcomes() {
				if o.GetIsActive() {
					open++
				}
			}
			if open != test.open || markets[0].GetUnavailableAt() != nil || markets[0].GetOutcomes()[0].GetOdds() != 2 {
				t.Errorf("%d outcomes open, want %d: %v", open, test.open, markets[0])
			}
			b.CheckRestore(t)
		})
	}
}

// An answer that lists nothing withdraws everything, but not since the match has begun, and not the first time when
// that is much.
func TestNothingListed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kickoff  time.Time
		markets  int
		rejected odds.Reason
	}{
		"few markets":  {storetest.Soon(), 3, ""},
		"many markets": {storetest.Soon(), 30, odds.YieldCollapsed},
		"kicked off":   {time.Now().Add(-time.Minute), 3, odds.NoMarkets},
		"none before":  {storetest.Soon(), 0, odds.NoMarkets},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := storetest.New(t, store.Config{})
			batch := store.Batch{Events: []odds.Event{storetest.Event("100", tc.kickoff, "7")}}
			if tc.markets > 0 {
				batch.Snapshots = []odds.Snapshot{storetest.Capture(odds.BetPawa, "7", "100", storetest.Numbered(tc.markets, 2))}
			}
			b.MustApply(t, batch)
			r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "7", "100", nil)}})
			if got := r.SnapshotsRejected[odds.BetPawa][tc.rejected]; (got == 1) != (tc.rejected != "") {
				t.Errorf("%+v, want %q", r, tc.rejected)
			}
			if s, _ := b.Committed(odds.BetPawa, "7"); tc.rejected == "" && (s.Markets != tc.markets || s.Available != 0) {
				t.Errorf("committed: %+v", s)
			}
		})
	}
}

func TestPoisonGoesAlone(t *testing.T) {
	t.Parallel()
	good := func() odds.Snapshot {
		return storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2, "b": 3})
	}
	tests := []struct {
		name   string
		poison func(*odds.Snapshot)
		reason odds.Reason
	}{
		{"another event", func(s *odds.Snapshot) { s.SrID = "999" }, odds.WrongEvent},
		{"unlisted", func(s *odds.Snapshot) { s.EventID = "nobody lists me" }, odds.Unlisted},
		{"unknown bookmaker", func(s *odds.Snapshot) { s.Bookmaker = "acme" }, odds.UnknownBookmaker},
		{"captured before the request", func(s *odds.Snapshot) { s.CapturedAt = s.RequestedAt.Add(-time.Second) }, odds.BadCapture},
		{"captured last year", func(s *odds.Snapshot) {
			s.RequestedAt, s.CapturedAt = s.RequestedAt.AddDate(-1, 0, 0), s.CapturedAt.AddDate(-1, 0, 0)
		}, odds.BadCapture},
		{"too many markets", func(s *odds.Snapshot) {
			*s = storetest.Capture(s.Bookmaker, s.EventID, s.SrID, storetest.Numbered(6000, 2))
		}, odds.TooLarge},
	}
	b := storetest.New(t, store.Config{})
	b.MustApply(t, store.Batch{Events: []odds.Event{storetest.Event("100", storetest.Soon(), "7"), storetest.Event("200", storetest.Soon(), "", "s200")}})
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bad := good()
			bad.Markets = append([]odds.Market(nil), bad.Markets...)
			test.poison(&bad)
			other := storetest.Capture(odds.SportyBet, "s200", "200", map[string]float64{"x": 2 + float64(i)})
			r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{bad, other}})
			want := map[odds.Bookmaker]odds.Rejections{bad.Bookmaker: {test.reason: 1}}
			if diff := cmp.Diff(want, r.Rejected); diff != "" || r.Changed[odds.SportyBet] != 1 || len(r.Changed) != 1 ||
				r.SnapshotsRejected[bad.Bookmaker][test.reason] != 1 {
				t.Errorf("changed %v, refused (-want +got):\n%s", r.Changed, diff)
			}
		})
	}
}

func TestPoisonEventGoesAlone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		event  odds.Event
		reason odds.Reason
	}{
		{"no sr_id", storetest.Event("", storetest.Soon(), "7"), odds.NoSrID},
		{"sr_id with a leading zero", storetest.Event("0100", storetest.Soon(), "7"), odds.NoSrID},
		{"sr_id of letters", storetest.Event("sr:match:1", storetest.Soon(), "7"), odds.NoSrID},
		{"no kickoff", storetest.Event("1", time.Time{}, "7"), odds.BadKickoff},
		{"absurd kickoff", storetest.Event("1", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "7"), odds.BadKickoff},
		{"NUL", storetest.Event("1", storetest.Soon(), "7\x00"), odds.BadText},
		{"no id", storetest.Event("1", storetest.Soon()), odds.NoEventID},
	}
	b := storetest.New(t, store.Config{})
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kickoff := storetest.Soon().Add(time.Duration(i) * time.Hour)
			r := b.MustApply(t, store.Batch{Events: []odds.Event{test.event, storetest.Event("555", kickoff, "55")}})
			if r.Rejected[odds.BetPawa][test.reason] != 1 || r.EventsChanged != 1 {
				t.Errorf("refused %v, %d events changed", r.Rejected, r.EventsChanged)
			}
		})
	}
}

func TestYieldCollapse(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{CollapseCycles: 3})
	b.MustApply(t, store.Batch{
		Events:    []odds.Event{storetest.Event("100", storetest.Soon(), "7")},
		Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "7", "100", storetest.Numbered(100, 2))},
	})
	low := func(cycle string) store.BatchResult {
		return b.MustApply(t, store.Batch{CycleID: cycle, Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "7", "100", storetest.Numbered(39, 2))}})
	}
	cycles := []string{uuid.NewString(), uuid.NewString(), uuid.NewString()}
	for _, cycle := range []string{"", cycles[0], cycles[0], "", cycles[1]} {
		if r := low(cycle); r.Rejected[odds.BetPawa][odds.YieldCollapsed] != 1 {
			t.Errorf("39 of 100 markets in cycle %q: %+v", cycle, r)
		}
	}
	if s, _ := b.Committed(odds.BetPawa, "7"); s.Available != 100 {
		t.Errorf("a collapsed yield was stored: %+v", s)
	}
	if r := low(cycles[2]); r.MarketsChanged != 61 {
		t.Errorf("the third cycle in a row with 39 of 100 markets: %+v", r)
	}
}

// Markets that cannot be read are listed all the same: they are closed at once, whatever their number.
func TestUnreadMarketsAreNoCollapse(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{CollapseCycles: 3})
	all := storetest.Capture(odds.BetPawa, "7", "100", storetest.Numbered(100, 2))
	b.MustApply(t, store.Batch{Events: []odds.Event{storetest.Event("100", storetest.Soon(), "7")}, Snapshots: []odds.Snapshot{all}})
	few := storetest.Capture(odds.BetPawa, "7", "100", storetest.Numbered(100, 2))
	few.Markets = few.Markets[:1]
	for _, m := range all.Markets[1:] {
		few.Unread = append(few.Unread, odds.UnreadMarket{MarketKey: m.MarketKey})
	}
	r := b.MustApply(t, store.Batch{CycleID: uuid.NewString(), Snapshots: []odds.Snapshot{few}})
	if r.Changed[odds.BetPawa] != 1 || len(r.Rejected) > 0 || r.MarketsChanged != 99 {
		t.Errorf("%+v", r)
	}
	for i, m := range b.Snapshot(t, odds.BetPawa, "7").GetMarkets() {
		if open := m.GetOutcomes()[0].GetIsActive(); open != (i == 0) || m.GetUnavailableAt() != nil {
			t.Errorf("market %d: %v", i, m)
		}
	}
}
