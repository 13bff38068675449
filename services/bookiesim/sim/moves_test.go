package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestMovesByHand(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.Bookmakers()...)
	ids := map[string]string{}
	for b, l := range e.Listings {
		ids[b] = l.EventID
	}
	for _, bookmaker := range sim.Bookmakers() {
		must(t, w.Vanish(bookmaker, e.SrID))
		if now, _ := event(w, e.SrID); len(now.Listings) != 2 || known(t, w, bookmaker, ids[bookmaker]) {
			t.Errorf("%s still shows the event", bookmaker)
		}
		must(t, w.Restore(bookmaker, e.SrID))
		if !known(t, w, bookmaker, ids[bookmaker]) {
			t.Errorf("%s does not show the event again", bookmaker)
		}
	}
	later := start().Add(72 * time.Hour)
	must(t, w.Postpone(e.SrID, later))
	must(t, w.SetKickoff(sim.Bet9ja, e.SrID, later.Add(time.Hour)))
	now, _ := event(w, e.SrID)
	if !now.Listings[sim.BetPawa].Kickoff.Equal(later) || !now.Listings[sim.Bet9ja].Kickoff.Equal(later.Add(time.Hour)) {
		t.Errorf("kickoffs %+v", now.Listings)
	}
	for bookmaker, fresh := range map[string]bool{sim.BetPawa: true, sim.SportyBet: false, sim.Bet9ja: true} {
		id, err := w.Recreate(bookmaker, e.SrID)
		must(t, err)
		if (id != ids[bookmaker]) != fresh || !known(t, w, bookmaker, id) || fresh && known(t, w, bookmaker, ids[bookmaker]) {
			t.Errorf("%s re-created %s as %s", bookmaker, ids[bookmaker], id)
		}
		ids[bookmaker] = id
	}
	must(t, w.ChangeSrID(sim.Bet9ja, e.SrID, "69999999"))
	got := read[nineAnswer[nineEvent]](t, detail(t, w, sim.Bet9ja, ids[sim.Bet9ja]))
	if got.D.EXTID != "69999999" {
		t.Errorf("EXTID %s", got.D.EXTID)
	}
	must(t, w.ChangeSrID(sim.SportyBet, e.SrID, "69999998"))
	if known(t, w, sim.SportyBet, ids[sim.SportyBet]) || !known(t, w, sim.SportyBet, "sr:match:69999998") {
		t.Error("SportyBet's id does not follow the SportRadar id")
	}
	if err := w.Vanish("nobody", e.SrID); !errors.Is(err, sim.ErrUnknown) {
		t.Errorf("unknown bookmaker: %v", err)
	}
	if err := w.Vanish(sim.BetPawa, "1"); !errors.Is(err, sim.ErrUnknown) {
		t.Errorf("unknown event: %v", err)
	}
}

func TestLateListing(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	for _, e := range w.Events() {
		if _, ok := e.Listings[sim.BetPawa]; ok || e.Sport != "football" {
			continue
		}
		must(t, w.ShowAtBetPawa(e.SrID))
		now, _ := event(w, e.SrID)
		id := now.Listings[sim.BetPawa].EventID
		if got := read[pawaEvent](t, detail(t, w, sim.BetPawa, id)); got.Widgets[0].ID != e.SrID || len(got.Markets) == 0 {
			t.Errorf("late listing %+v", got.Widgets)
		}
		must(t, w.HideFromBetPawa(e.SrID))
		if known(t, w, sim.BetPawa, id) {
			t.Error("BetPawa still shows the event")
		}
		return
	}
	t.Fatal("no event is the competitors' alone")
}

// offered counts the markets that a bookmaker offers.
func offered(t testing.TB, w *sim.World, bookmaker, srID string) int {
	t.Helper()
	markets, err := w.Markets(bookmaker, srID)
	must(t, err)
	n := 0
	for _, m := range markets {
		if m.Offer != sim.NotOffered {
			n++
		}
	}
	return n
}

func TestDroppedMarkets(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.Bookmakers()...)
	for _, bookmaker := range sim.Bookmakers() {
		before := offered(t, w, bookmaker, e.SrID)
		must(t, w.DropMarket(bookmaker, e.SrID, "3743"))
		if after := offered(t, w, bookmaker, e.SrID); after != before-1 {
			t.Errorf("%s: %d markets, then %d", bookmaker, before, after)
		}
		_, all := answered(t, w, bookmaker, e.Listings[bookmaker].EventID)
		for _, key := range []string{"3743", "1@", "S_1X2@"} {
			if all[key] != nil {
				t.Errorf("%s still answers %s", bookmaker, key)
			}
		}
		must(t, w.RestoreMarket(bookmaker, e.SrID, "3743"))
		if after := offered(t, w, bookmaker, e.SrID); after != before {
			t.Errorf("%s: %d markets, then %d again", bookmaker, before, after)
		}
		must(t, w.MoveMarket(bookmaker, e.SrID, "3743"))
		if err := w.DropMarket(bookmaker, e.SrID, "1"); !errors.Is(err, sim.ErrUnknown) {
			t.Errorf("unknown market: %v", err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
