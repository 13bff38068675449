package cycle

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// swappedCycles is how many cycles in a row the sides must be swapped before prices are withdrawn.
const swappedCycles = 3

const srID = "61000021"

// TestSwappedSidesAreRejected has Bet9ja list "Away - Home" with prices to match, so that 6.5 would stand under
// BetPawa's "1".
func TestSwappedSidesAreRejected(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	kickoff := time.Now().Add(3 * time.Hour)
	b.betpawa.add(srID, "Home 61000021", "Away 61000021", kickoff, result3(1.5, 4, 6.5))
	b.sportybet.add(srID, "Home 61000021", "Away 61000021", kickoff, result3(1.52, 4, 6.3))
	nine := b.bet9ja.add(srID, "Away 61000021", "Home 61000021", kickoff, result3(6.5, 4, 1.5))
	c := b.cycle(t)
	if got := b.price(t, odds.Bet9ja, nine.EventID, "1"); got != 0 {
		t.Errorf("%v is stored as bet9ja's price of 1", got)
	}
	r := part(t, c, odds.Bet9ja)
	if r.SnapshotsRejected != 1 || r.Rejections[odds.SidesSwapped] != 1 || r.Fetched != 1 || r.Changed != 0 {
		t.Errorf("bet9ja's part is %+v", r)
	}
	shown := examples(t, c, odds.Bet9ja, odds.SidesSwapped)
	if len(shown) != 1 || shown[0].SrID != srID || shown[0].EventID != nine.EventID || !strings.Contains(shown[0].Detail, "Away 61000021") {
		t.Errorf("shown is %+v", shown)
	}
	if c.Status != store.Partial || !strings.Contains(c.Reason, "SIDES_SWAPPED") {
		t.Errorf("cycle is %s: %s", c.Status, c.Reason)
	}
	if got := b.price(t, odds.SportyBet, "s"+srID, "1"); got != 1.52 {
		t.Errorf("sportybet's price of 1 is %v", got)
	}
	if e, _ := b.store.Event(srID); e.HomeTeam != "Home 61000021" || len(e.Competitors) != 2 {
		t.Errorf("the event is %+v", e)
	}
	nine.HomeTeam, nine.AwayTeam, nine.markets = "Home 61000021", "Away 61000021", []odds.Market{result3(1.5, 4, 6.5)}
	b.cycle(t)
	if got := b.price(t, odds.Bet9ja, nine.EventID, "1"); got != 1.5 {
		t.Errorf("once it is right, bet9ja's price of 1 is %v", got)
	}
}

// TestRejectedSidesLeaveThePricesUnconfirmed watches what was committed before the sides were swapped.
func TestRejectedSidesLeaveThePricesUnconfirmed(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	kickoff := time.Now().Add(3 * time.Hour)
	b.betpawa.add(srID, "Lions", "Tigers", kickoff, result3(1.5, 4, 6.5))
	nine := b.bet9ja.add(srID, "Lions", "Tigers", kickoff, result3(1.5, 4, 6.4))
	b.cycle(t)
	before, _ := b.store.Committed(odds.Bet9ja, nine.EventID)
	nine.HomeTeam, nine.AwayTeam, nine.markets = "Tigers", "Lions", []odds.Market{result3(6.4, 4, 1.5)}
	for cycle := 1; cycle < swappedCycles; cycle++ {
		b.cycle(t)
		after, _ := b.store.Committed(odds.Bet9ja, nine.EventID)
		if got := b.price(t, odds.Bet9ja, nine.EventID, "1"); got != 1.5 || !after.LastConfirmedAt.Equal(before.LastConfirmedAt) {
			t.Fatalf("refused %d times: price of 1 is %v, confirmed at %v; before %v", cycle, got, after.LastConfirmedAt, before.LastConfirmedAt)
		}
	}
	if c := b.cycle(t); part(t, c, odds.Bet9ja).Withdrawn != 1 || b.price(t, odds.Bet9ja, nine.EventID, "1") != 0 {
		t.Errorf("refused %d times in a row, and not withdrawn: %+v", swappedCycles, part(t, c, odds.Bet9ja))
	}
	if c := b.cycle(t); part(t, c, odds.Bet9ja).Withdrawn != 0 {
		t.Error("withdrawn twice")
	}
}

// TestCommittedSwappedIsWithdrawnAtOnce has a competitor's event stored with its sides swapped, before the reference
// listed it.
func TestCommittedSwappedIsWithdrawnAtOnce(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	kickoff := time.Now().Add(3 * time.Hour)
	nine := b.bet9ja.add(srID, "Tigers", "Lions", kickoff, result3(3, 3.3, 2.4)) // near even: prices alone do not show it
	b.cycle(t)
	if got := b.price(t, odds.Bet9ja, nine.EventID, "1"); got != 3 {
		t.Fatalf("alone, its price of 1 is %v", got)
	}
	b.betpawa.add(srID, "Lions", "Tigers", kickoff, result3(2.41, 3.3, 3.02))
	c := b.cycle(t)
	if r := part(t, c, odds.Bet9ja); r.SnapshotsRejected != 1 || r.Withdrawn != 1 || b.price(t, odds.Bet9ja, nine.EventID, "1") != 0 {
		t.Errorf("bet9ja's part is %+v", r)
	}
}

// TestReferenceThatDoesNotAnswerIsCompared has BetPawa fail in the cycle in which Bet9ja swaps its sides.
func TestReferenceThatDoesNotAnswerIsCompared(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*testbed, *match){
		"its detail":          func(_ *testbed, m *match) { m.err = errors.New("no answer") },
		"its list is without": func(_ *testbed, m *match) { m.hidden = true },
		"its discovery": func(b *testbed, m *match) {
			b.betpawa.discoveryErr, m.hidden = errors.New("no answer"), true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTestbed(t)
			kickoff := time.Now().Add(3 * time.Hour)
			m := b.betpawa.add(srID, "", "", kickoff, result3(1.5, 4, 6.5))
			b.cycle(t)
			fail(b, m)
			nine := b.bet9ja.add(srID, "", "", kickoff, result3(6.5, 4, 1.5)) // prices alone show it
			c := b.cycle(t)
			if r := part(t, c, odds.Bet9ja); r.SnapshotsRejected != 1 || b.price(t, odds.Bet9ja, nine.EventID, "1") != 0 {
				t.Errorf("bet9ja's part is %+v", r)
			}
		})
	}
}

// TestCompetitorsAreComparedWithEachOther has an event that the reference does not list.
func TestCompetitorsAreComparedWithEachOther(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	kickoff := time.Now().Add(3 * time.Hour)
	b.sportybet.add(srID, "Lions", "Tigers", kickoff, result3(1.5, 4, 6.5))
	b.bet9ja.add(srID, "Tigers", "Lions", kickoff, result3(6.5, 4, 1.5))
	c := b.cycle(t)
	if r := part(t, c, odds.Bet9ja); r.Rejections[odds.SidesSwapped] != 1 {
		t.Errorf("bet9ja's part is %+v", r)
	}
	if r := part(t, c, odds.SportyBet); r.Changed != 1 {
		t.Errorf("sportybet's part is %+v", r)
	}
}

// TestRefreshRejectsSwappedSides keeps what was committed with the right ones.
func TestRefreshRejectsSwappedSides(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	kickoff := time.Now().Add(3 * time.Hour)
	b.betpawa.add(srID, "Lions", "Tigers", kickoff, result3(1.5, 4, 6.5))
	nine := b.bet9ja.add(srID, "Lions", "Tigers", kickoff, result3(1.5, 4, 6.4))
	b.cycle(t)
	nine.HomeTeam, nine.AwayTeam, nine.markets = "Tigers", "Lions", []odds.Market{result3(6.4, 4, 1.5)}
	got, err := b.Refresh(t.Context(), srID)
	if err != nil {
		t.Fatal(err)
	}
	var rejected *odds.Rejected
	if a := got.Results[1]; !errors.As(a.Err, &rejected) || rejected.Reason != odds.SidesSwapped || a.Changed {
		t.Errorf("bet9ja's result is %+v", a)
	}
	if price := b.price(t, odds.Bet9ja, nine.EventID, "1"); price != 1.5 {
		t.Errorf("price of 1 is %v", price)
	}
}
