package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

func TestApplyWritesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	batch := func(price float64) store.Batch {
		prices := storetest.Numbered(20, 1.5)
		prices["1003"] = price
		return store.Batch{
			Events: []odds.Event{storetest.Event("100", storetest.Soon(), "7", "sr:match:100", "9")},
			Snapshots: []odds.Snapshot{
				storetest.Capture(odds.BetPawa, "7", "100", prices), storetest.Capture(odds.SportyBet, "sr:match:100", "100", storetest.Numbered(10, 2)),
			},
		}
	}

	first := b.MustApply(t, batch(1.5))
	if first.Revision != 3 || first.EventsChanged != 1 || first.MarketsChanged != 30 || len(first.Rejected) != 0 {
		t.Errorf("first batch: %+v", first)
	}
	if got, want := b.Keys(0), []string{"event 100", "snapshot betpawa/7", "snapshot sportybet/sr:match:100"}; !cmp.Equal(got, want) {
		t.Errorf("entries after the first batch: %v, want %v", got, want)
	}

	second := b.MustApply(t, batch(1.5))
	if second.MarketsChanged != 0 || second.EventsChanged != 0 || len(second.Changed) != 0 || second.Confirmed[odds.BetPawa] != 1 {
		t.Errorf("second, equal batch: %+v", second)
	}
	if got := b.Rows(t, "market_odds_history"); got != 30 {
		t.Errorf("history has %d rows after an equal batch, want the 30 of the first", got)
	}
	if got, want := b.Keys(3), []string{"confirmation betpawa/7", "confirmation sportybet/sr:match:100"}; !cmp.Equal(got, want) {
		t.Errorf("entries of the equal batch: %v, want %v", got, want)
	}
	was := b.Snapshot(t, odds.BetPawa, "7")

	third := b.MustApply(t, batch(1.7))
	if third.MarketsChanged != 1 || third.Changed[odds.BetPawa] != 1 || third.Confirmed[odds.SportyBet] != 1 {
		t.Errorf("batch with one price moved: %+v", third)
	}
	if got := b.Rows(t, "market_odds_history"); got != 31 {
		t.Errorf("history has %d rows after one price moved, want 31", got)
	}
	is := b.Snapshot(t, odds.BetPawa, "7")
	if is.GetSnapshotId() <= was.GetSnapshotId() || !is.GetCapturedAt().AsTime().After(was.GetCapturedAt().AsTime()) {
		t.Errorf("content went from snapshot %d at %v to %d at %v",
			was.GetSnapshotId(), was.GetCapturedAt().AsTime(), is.GetSnapshotId(), is.GetCapturedAt().AsTime())
	}
	b.CheckRestore(t)
	if again := b.MustApply(t, batch(1.7)); again.MarketsChanged != 0 || again.Confirmed[odds.BetPawa] != 1 {
		t.Errorf("equal batch after a restore: %+v", again)
	}
}

// A snapshot that was captured first when another had been confirmed already stands behind that confirmation.
func TestRestoreContentAfterConfirmation(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	b.MustApply(t, storetest.One(2))
	b.MustApply(t, storetest.One(2))
	b.MustApply(t, store.Batch{
		Events:    []odds.Event{storetest.Event("200", storetest.Soon(), "", "s200")},
		Snapshots: []odds.Snapshot{storetest.Capture(odds.SportyBet, "s200", "200", storetest.Numbered(2, 2))},
	})
	b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{storetest.Capture(odds.SportyBet, "s200", "200", storetest.Numbered(2, 2))}})
	want := []string{
		"event 100", "snapshot betpawa/7", "confirmation betpawa/7", "event 200", "snapshot sportybet/s200", "confirmation sportybet/s200",
	}
	if got := b.Keys(0); !cmp.Equal(got, want) {
		t.Errorf("entries %v, want %v", got, want)
	}
	b.CheckRestore(t)
}

func TestMarketsComeAndGo(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	b.MustApply(t, store.Batch{
		Events:    []odds.Event{storetest.Event("100", storetest.Soon(), "7")},
		Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2, "b": 3})},
	})

	part := storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2})
	part.Complete = false
	if r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{part}}); r.MarketsChanged != 1 || r.Changed[odds.BetPawa] != 1 {
		t.Errorf("an incomplete capture without a market: %+v", r)
	}
	if m := b.Snapshot(t, odds.BetPawa, "7").GetMarkets()[1]; m.GetUnavailableAt() != nil || m.GetOutcomes()[0].GetIsActive() || m.GetOutcomes()[0].GetOdds() != 3 {
		t.Errorf("a market that may be offered at prices that nobody knows: %v", m)
	}

	gone := storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2})
	if r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{gone}}); r.MarketsChanged != 1 {
		t.Errorf("a complete capture without a market: %+v", r)
	}
	m := b.Snapshot(t, odds.BetPawa, "7").GetMarkets()
	if len(m) != 2 || m[1].GetOutcomes()[0].GetOdds() != 3 || !m[1].GetUnavailableAt().AsTime().Equal(gone.CapturedAt.Truncate(time.Microsecond)) {
		t.Errorf("the market that went: %v", m)
	}
	if r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2})}}); r.MarketsChanged != 0 {
		t.Errorf("a market that stays away is a change: %+v", r)
	}
	if s, _ := b.Committed(odds.BetPawa, "7"); s.Markets != 2 || s.Available != 1 {
		t.Errorf("committed: %+v, want 2 markets, 1 of them available", s)
	}

	back := storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": 2, "b": 3})
	if r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{back}}); r.MarketsChanged != 1 {
		t.Errorf("a market that came back: %+v", r)
	}
	if m := b.Snapshot(t, odds.BetPawa, "7").GetMarkets()[1]; m.GetUnavailableAt() != nil {
		t.Errorf("the market that came back is still marked: %v", m)
	}

	var history string
	err := b.Pool.QueryRow(t.Context(), `SELECT string_agg(available || ' ' || outcomes, '; ' ORDER BY revision)
		FROM market_odds_history WHERE market_id = 'b'`).Scan(&history)
	const want = `true [["Yes",3],["No",2.5]]; true [["Yes",3,false],["No",2.5,false]]; ` +
		`false [["Yes",3,false],["No",2.5,false]]; true [["Yes",3],["No",2.5]]`
	if err != nil || history != want {
		t.Errorf("history of the market: %s, %v; want %s", history, err, want)
	}
	b.CheckRestore(t)
}

func TestAbsence(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	live := storetest.Event("200", time.Now().Add(time.Hour), "8")
	b.MustApply(t, store.Batch{
		Events: []odds.Event{storetest.Event("100", storetest.Soon(), "7"), live},
		Snapshots: []odds.Snapshot{
			storetest.Capture(odds.BetPawa, "7", "100", storetest.Numbered(30, 2)), storetest.Capture(odds.BetPawa, "8", "200", storetest.Numbered(30, 2)),
		},
	})
	live.Kickoff = time.Now().Add(-time.Minute)
	missing := func(id string) store.Absence {
		return store.Absence{Bookmaker: odds.BetPawa, EventID: id, RequestedAt: time.Now(), SeenAt: time.Now()}
	}
	r := b.MustApply(t, store.Batch{
		Events: []odds.Event{live}, Missing: []store.Absence{missing("7"), missing("8"), missing("unknown")},
	})
	if r.MarketsChanged != 30 || r.Withdrawn[odds.BetPawa] != 1 || len(r.Changed) != 0 || len(r.Rejected) != 0 {
		t.Errorf("three absences, one of them of a listed event before kickoff: %+v", r)
	}
	if s, _ := b.Committed(odds.BetPawa, "7"); s.Available != 0 || s.Markets != 30 {
		t.Errorf("the missing event: %+v", s)
	}
	if s, _ := b.Committed(odds.BetPawa, "8"); s.Available != 30 {
		t.Errorf("the event that kicked off: %+v", s)
	}
	if r := b.MustApply(t, store.Batch{Missing: []store.Absence{missing("7")}}); r.MarketsChanged != 0 {
		t.Errorf("an absence seen again: %+v", r)
	}
	b.CheckRestore(t)
	if r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, "7", "100", storetest.Numbered(30, 2))}}); r.MarketsChanged != 30 {
		t.Errorf("the event listed again: %+v", r)
	}
}

// The number of the request orders captures, whatever their times say.
func TestNewerRequestWins(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	base := time.Now().Add(-time.Hour)
	at := func(request uint64, captured time.Duration, price float64) odds.Snapshot {
		s := storetest.Capture(odds.BetPawa, "7", "100", map[string]float64{"a": price})
		s.Request, s.RequestedAt, s.CapturedAt = request, base.Add(captured-time.Second), base.Add(captured)
		return s
	}
	e := []odds.Event{storetest.Event("100", storetest.Soon(), "7")}
	b.MustApply(t, store.Batch{Events: e, Snapshots: []odds.Snapshot{at(2, 30*time.Minute, 2)}})
	r := b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{at(1, 40*time.Minute, 5)}})
	if r.Rejected[odds.BetPawa][odds.StaleCapture] != 1 || b.Snapshot(t, odds.BetPawa, "7").GetMarkets()[0].GetOutcomes()[0].GetOdds() != 2 {
		t.Errorf("a capture requested earlier and answered later: %+v", r)
	}
	r = b.MustApply(t, store.Batch{Missing: []store.Absence{
		{Bookmaker: odds.BetPawa, EventID: "7", Request: 1, RequestedAt: time.Now(), SeenAt: time.Now()},
	}})
	if r.Rejected[odds.BetPawa][odds.StaleCapture] != 1 || r.Withdrawn[odds.BetPawa] != 0 {
		t.Errorf("an absence from a list that was asked for earlier: %+v", r)
	}
	r = b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{at(8, time.Second, 8), at(7, 50*time.Minute, 7)}})
	if r.Rejected[odds.BetPawa][odds.StaleCapture] != 1 || b.Snapshot(t, odds.BetPawa, "7").GetMarkets()[0].GetOutcomes()[0].GetOdds() != 8 {
		t.Errorf("two captures in one batch, the newer first: %+v", r)
	}
	if s, _ := b.Committed(odds.BetPawa, "7"); !s.CapturedAt.Equal(base.Add(30 * time.Minute).UTC().Truncate(time.Microsecond)) {
		t.Errorf("captured at %v: a stamp went back", s.CapturedAt)
	}
	b.CheckRestore(t)
	// In another term numbers start again, and all that is committed is older than what it asks for.
	r = b.MustApply(t, store.Batch{Snapshots: []odds.Snapshot{at(1, 55*time.Minute, 7)}})
	if len(r.Rejected) != 0 || r.Changed[odds.BetPawa] != 1 {
		t.Errorf("the first capture of another term: %+v", r)
	}
}
