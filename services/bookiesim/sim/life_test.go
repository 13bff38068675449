package sim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// known reports whether a bookmaker has a detail of an event.
func known(t *testing.T, w *sim.World, bookmaker, id string) bool {
	t.Helper()
	rec := detail(t, w, bookmaker, id)
	body := rec.Body.String()
	return rec.Code == http.StatusOK && !strings.Contains(body, `"R":"E"`) && !strings.Contains(body, `"bizCode":19000`)
}

// event is what the world says of an event now.
func event(w *sim.World, srID string) (sim.Event, bool) {
	for _, e := range w.Events() {
		if e.SrID == srID {
			return e, true
		}
	}
	return sim.Event{}, false
}

func TestTheConfiguredNumbersAreOffered(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, sim.RealConfig())
	state := w.State()
	if state.Events != 1291 || state.Offered[sim.BetPawa] != 1121 || state.Offered[sim.SportyBet] != 1276 || state.Offered[sim.Bet9ja] != 1225 {
		t.Errorf("%d events, offered %v", state.Events, state.Offered)
	}
	on := map[int]int{}
	soon, sooner, largest := 0, 0, map[string]int{}
	for _, e := range w.Events() {
		if e.Sport != "football" {
			continue
		}
		on[len(e.Listings)]++
		switch wait := e.Kickoff.Sub(start()); {
		case wait <= 30*time.Minute:
			sooner++
		case wait <= 2*time.Hour:
			soon++
		case wait > 5*24*time.Hour+time.Hour:
			t.Errorf("kickoff %s is beyond the horizon", e.Kickoff)
		}
		largest[e.Listings[sim.BetPawa].TournamentID]++
	}
	if on[3] < 900 || on[1] == 0 || on[2] == 0 || sooner < 15 || soon < 30 || largest["11900"] <= 100 {
		t.Errorf("by bookmakers %v, %d within 30 min, %d within 2 h, %d in the largest competition", on, sooner, soon, largest["11900"])
	}
}

func TestTheWorldKeepsItsSize(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Life = sim.Life{Vanish: 0.5, Postpone: 0.2, Recreate: 0.2, ChangeSrID: 0.1, LateListing: 0.5}
	w, c := newWorld(t, cfg)
	seen := map[string]bool{}
	for range 48 {
		c.advance(3 * time.Hour)
		upcoming := 0
		for _, e := range w.Events() {
			if e.Sport == "football" && e.Kickoff.After(c.now()) {
				seen[e.SrID] = true
				upcoming++
			}
		}
		if upcoming < 20 || upcoming > 24 {
			t.Fatalf("%d upcoming events at %s, want about 24", upcoming, c.now())
		}
	}
	if len(seen) < 42 {
		t.Errorf("%d different events in six days, want new ones", len(seen))
	}
	if sports := w.State().Events; sports < 20 {
		t.Errorf("%d events", sports)
	}
}

func TestEverythingHappensByChance(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Life = sim.Life{Vanish: 2, Postpone: 1, Recreate: 1, ChangeSrID: 1, LateListing: 4}
	w, c := newWorld(t, cfg)
	before, happened := map[string]sim.Event{}, map[string]int{}
	for range 12 * 24 {
		for _, e := range w.Events() {
			last, ok := before[e.SrID]
			before[e.SrID] = e
			if !ok || e.Sport != "football" {
				continue
			}
			if days := e.Kickoff.Sub(last.Kickoff).Hours() / 24; days >= 1 && days <= 3 {
				happened["postponed"]++
			}
			for _, bookmaker := range sim.Bookmakers() {
				was, had := last.Listings[bookmaker]
				is, has := e.Listings[bookmaker]
				switch {
				case had && !has:
					happened["vanished"]++
				case !had && has:
					happened["listed late or again"]++
				case had && was.SrID != is.SrID:
					happened["changed its SportRadar id"]++
				case had && was.EventID != is.EventID:
					happened["re-created"]++
				}
			}
		}
		c.advance(5 * time.Minute)
	}
	for _, what := range []string{"postponed", "vanished", "listed late or again", "changed its SportRadar id", "re-created"} {
		if n := happened[what]; n < 5 || n > 150 {
			t.Errorf("%d events %s in a day, want some of 24", n, what)
		}
	}
}

func TestSmallDensity(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Density = sim.Small
	w, _ := newWorld(t, cfg)
	e := footballOn(t, w, sim.Bookmakers()...)
	for _, bookmaker := range sim.Bookmakers() {
		markets, err := w.Markets(bookmaker, e.SrID)
		must(t, err)
		has := map[string]bool{}
		for _, m := range markets {
			has[m.ID] = true
		}
		for name, ids := range families() {
			for _, id := range ids {
				if !has[id] && (name != "correct score" || bookmaker != sim.BetPawa) {
					t.Errorf("%s lacks %s (%s)", bookmaker, name, id)
				}
			}
		}
		if len(markets) > 80 {
			t.Errorf("%s: %d markets, want few", bookmaker, len(markets))
		}
	}
}

func TestEventsEndAtKickoff(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t, small())
	e := footballOn(t, w, sim.Bookmakers()...)
	if err := w.Postpone(e.SrID, start().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Minute) // exactly at the kickoff
	if _, ok := event(w, e.SrID); ok {
		t.Error("an event is listed as upcoming at its kickoff")
	}
	live := read[pawaEvent](t, detail(t, w, sim.BetPawa, e.Listings[sim.BetPawa].EventID))
	for _, m := range live.Markets {
		for _, row := range m.Row {
			for _, p := range row.Prices {
				if p.Suspended == nil || p.Odds.String() != "0.0" {
					t.Fatalf("price %+v in play, want it closed", p)
				}
			}
		}
	}
	if got := read[sportyAnswer[sportyEvent]](t, detail(t, w, sim.SportyBet, e.Listings[sim.SportyBet].EventID)).Data; got.Status != "1" || len(got.Markets) != 0 {
		t.Errorf("in play SportyBet shows status %s and %d markets", got.Status, len(got.Markets))
	}
	if known(t, w, sim.Bet9ja, e.Listings[sim.Bet9ja].EventID) {
		t.Error("Bet9ja has a prematch detail of an event in play")
	}
	c.advance(4 * time.Hour)
	if known(t, w, sim.BetPawa, e.Listings[sim.BetPawa].EventID) {
		t.Error("an event that ended is still known")
	}
}
