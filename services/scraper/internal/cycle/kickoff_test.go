package cycle

import (
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// longAgo is the kickoff of details that went wrong.
var longAgo = time.Date(2001, 1, 1, 12, 0, 0, 0, time.UTC)

// kickoff is what is committed of an event; zero when it was evicted.
func (b *testbed) kickoff(srID string) time.Time {
	e, _ := b.store.Event(srID)
	return e.Kickoff
}

// TestPastKickoffOfADetailEvictsNobody has the reference's details say 2001 cycle after cycle, while its own list and
// a competitor have the match ahead.
func TestPastKickoffOfADetailEvictsNobody(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	kickoff := time.Now().Add(26 * time.Hour).UTC().Truncate(time.Second)
	for _, srID := range []string{"1", "2", "3"} {
		b.betpawa.add(srID, "Lions", "Tigers", kickoff, result3(1.5, 4, 6.5)).detail.Kickoff = longAgo
		b.bet9ja.add(srID, "Lions", "Tigers", kickoff, result3(1.5, 4, 6.4))
	}
	for cycle := range 4 {
		c := b.cycle(t)
		if c.EvictedEvents != 0 || c.Status != store.Succeeded || !b.kickoff("1").Equal(kickoff) {
			t.Fatalf("cycle %d: %s, %d evicted, kickoff is %v", cycle, c.Status, c.EvictedEvents, b.kickoff("1"))
		}
		r := part(t, c, odds.BetPawa)
		if len(r.Findings) != 1 || r.Findings[0].Reason != odds.KickoffDoubted || r.Findings[0].Count != 3 || len(r.Findings[0].Examples) != 3 {
			t.Fatalf("doubts are %+v", r.Findings)
		}
	}
	for _, id := range []string{"b1", "b2", "b3"} { // both bookmakers' ids begin with a b
		if b.price(t, odds.BetPawa, id, "1") != 1.5 || b.price(t, odds.Bet9ja, id, "1") != 1.5 {
			t.Errorf("prices of %s are gone", id)
		}
	}
}

// TestPostponementGoesThrough moves a match by three days.
func TestPostponementGoesThrough(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	later := start.Add(72 * time.Hour)
	for _, tt := range []struct {
		name string
		move func(m *match)
		only bool        // nobody else lists the event
		want []time.Time // after each cycle
	}{
		{"the list says it too", func(m *match) { m.Kickoff = later }, false, []time.Time{later}},
		{"the detail alone", func(m *match) { m.detail.Kickoff = later }, false, []time.Time{start, later, later}},
		{"the detail alone, within a day", func(m *match) { m.detail.Kickoff = start.Add(time.Hour) }, false, []time.Time{start.Add(time.Hour)}},
		{"the reference's list alone", func(m *match) { m.Kickoff = later }, true, []time.Time{later}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newTestbed(t)
			m := b.betpawa.add("1", "Lions", "Tigers", start, result3(1.5, 4, 6.5))
			if !tt.only {
				b.bet9ja.add("1", "Lions", "Tigers", start, result3(1.5, 4, 6.4))
			}
			b.cycle(t)
			tt.move(m)
			for i, want := range tt.want {
				if b.cycle(t); !b.kickoff("1").Equal(want) {
					t.Fatalf("cycle %d: kickoff is %v, want %v", i, b.kickoff("1"), want)
				}
			}
		})
	}
}

// TestOneCompetitorAloneEvictsNobody has an event that nobody else lists.
func TestOneCompetitorAloneEvictsNobody(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	later := start.Add(72 * time.Hour)
	for _, tt := range []struct {
		name string
		move func(m *match)
		want []time.Time
	}{
		{"its detail is over", func(m *match) { m.detail.Kickoff = longAgo }, []time.Time{start, start, start}},
		{"its list is over", func(m *match) { m.Kickoff = longAgo }, []time.Time{start, start}},
		{"its list is later", func(m *match) { m.Kickoff = later }, []time.Time{start, later, later}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newTestbed(t)
			m := b.bet9ja.add("1", "Lions", "Tigers", start, result3(1.5, 4, 6.4))
			b.cycle(t)
			tt.move(m)
			for i, want := range tt.want {
				c := b.cycle(t)
				if !b.kickoff("1").Equal(want) || c.EvictedEvents != 0 {
					t.Fatalf("cycle %d: kickoff is %v, want %v; %d evicted", i, b.kickoff("1"), want, c.EvictedEvents)
				}
				if i == 0 && len(examples(t, c, odds.Bet9ja, odds.KickoffDoubted)) != 1 {
					t.Errorf("doubts are %+v", part(t, c, odds.Bet9ja).Findings)
				}
			}
		})
	}
}

// TestListInThePastKeepsTheEvent has the reference's list say 2001: the event is fetched all the same, as long as a
// competitor lists it ahead.
func TestListInThePastKeepsTheEvent(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	start := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	m := b.betpawa.add("1", "Lions", "Tigers", longAgo, result3(1.5, 4, 6.5))
	b.bet9ja.add("1", "Lions", "Tigers", start, result3(1.5, 4, 6.4))
	for range 3 {
		c := b.cycle(t)
		if !b.kickoff("1").Equal(start) || part(t, c, odds.BetPawa).Fetched != 1 || c.EvictedEvents != 0 {
			t.Fatalf("kickoff is %v, betpawa's part %+v", b.kickoff("1"), part(t, c, odds.BetPawa))
		}
		if len(examples(t, c, odds.BetPawa, odds.KickoffDoubted)) != 1 {
			t.Fatalf("doubts are %+v", part(t, c, odds.BetPawa).Findings)
		}
		m.markets = []odds.Market{result3(1.5, 4, 6.6)}
	}
}

func TestKickoffsThatDifferAreShown(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	start := time.Now().Add(3 * time.Hour)
	for srID, off := range map[string]time.Duration{"1": time.Hour, "2": 15 * time.Minute, "3": 14 * time.Minute, "4": -time.Hour} {
		b.betpawa.add(srID, "Lions", "Tigers", start, result3(1.5, 4, 6.5))
		b.bet9ja.add(srID, "Lions", "Tigers", start.Add(off), result3(1.5, 4, 6.4))
	}
	c := b.cycle(t)
	shown := examples(t, c, odds.Bet9ja, odds.KickoffDiffers)
	if len(shown) != 3 || shown[0].SrID != "1" || shown[1].SrID != "2" || shown[2].SrID != "4" || c.Status != store.Succeeded {
		t.Errorf("%s; shown are %+v", c.Status, shown)
	}
	if got := part(t, c, odds.BetPawa).Findings; len(got) != 0 {
		t.Errorf("the reference differs from itself: %+v", got)
	}
}

func TestRefreshDoesNotApplyASuspectKickoff(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	start := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	m := b.betpawa.add("1", "Lions", "Tigers", start, result3(1.5, 4, 6.5))
	b.cycle(t)
	for kickoff, want := range map[time.Time]time.Time{longAgo: start, start.Add(72 * time.Hour): start} {
		m.detail.Kickoff = kickoff
		m.markets = []odds.Market{result3(1.4, 4, 7)}
		for range 2 {
			if got, err := b.Refresh(t.Context(), "1"); err != nil || !got.Event.Kickoff.Equal(want) || got.Results[0].Err != nil {
				t.Errorf("given %v: %+v, %v", kickoff, got, err)
			}
		}
	}
	m.detail.Kickoff = start.Add(time.Hour)
	if got, err := b.Refresh(t.Context(), "1"); err != nil || !got.Event.Kickoff.Equal(start.Add(time.Hour)) {
		t.Errorf("an hour later: %+v, %v", got, err)
	}
}
