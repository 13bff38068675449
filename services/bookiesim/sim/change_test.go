package sim_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// everything is all the details of a world, by bookmaker and id.
func everything(t testing.TB, w *sim.World) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, e := range w.Events() {
		for bookmaker, own := range e.Listings {
			all[bookmaker+"/"+own.EventID] = detail(t, w, bookmaker, own.EventID).Body.String()
		}
	}
	return all
}

func TestSeedAndClockDecideEverything(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Life = sim.Life{Vanish: 2, Postpone: 1, Recreate: 1, ChangeSrID: 1, LateListing: 2}
	cfg.Density, cfg.Closings = sim.Small, sim.Closings{Markets: 0.1, Outcomes: 0.05}
	cfg.Faults = []sim.Fault{{Kind: sim.SimulatedEvents}}
	a, clockA := newWorld(t, cfg)
	b, clockB := newWorld(t, cfg)
	for range 20 { // one world is asked often, the other once at the end
		clockA.advance(9 * time.Minute)
		everything(t, a)
	}
	clockB.advance(180 * time.Minute)
	if diff := cmp.Diff(everything(t, a), everything(t, b)); diff != "" {
		t.Errorf("the same seed and clock give different answers:\n%.2000s", diff)
	}
	cfg.Seed = 2
	c, _ := newWorld(t, cfg)
	if cmp.Equal(everything(t, b), everything(t, c)) {
		t.Error("another seed gives the same answers")
	}
}

// moved counts the markets of two looks at a world, and those whose prices differ.
func moved(t *testing.T, before, after map[string][]sim.Market) (changed, total int) {
	t.Helper()
	for key, markets := range before {
		if len(markets) != len(after[key]) {
			t.Fatalf("%s had %d markets and now has %d", key, len(markets), len(after[key]))
		}
		for i := range markets {
			total++
			if !cmp.Equal(markets[i], after[key][i]) {
				changed++
			}
		}
	}
	return changed, total
}

// look is what every bookmaker shows on every football event.
func look(t *testing.T, w *sim.World) map[string][]sim.Market {
	t.Helper()
	all := map[string][]sim.Market{}
	for _, e := range w.Events() {
		if e.Sport != "football" {
			continue
		}
		for bookmaker := range e.Listings {
			markets, err := w.Markets(bookmaker, e.SrID)
			if err != nil {
				t.Fatal(err)
			}
			all[bookmaker+"/"+e.SrID] = markets
		}
	}
	return all
}

func TestTheConfiguredShareOfTheMarketsMovesInATick(t *testing.T) {
	t.Parallel()
	cfg := small()
	w, c := newWorld(t, cfg)
	before := look(t, w)
	c.advance(cfg.Tick / 2)
	if changed, _ := moved(t, before, look(t, w)); changed != 0 {
		t.Errorf("%d markets moved within a tick", changed)
	}
	for range 4 {
		c.advance(cfg.Tick)
		after := look(t, w)
		changed, total := moved(t, before, after)
		if share := float64(changed) / float64(total); share < 0.044 || share > 0.056 {
			t.Errorf("%d of %d markets moved in a tick (%.3f), want 5 %%", changed, total, share)
		}
		before = after
	}
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Life = sim.DefaultConfig().Life
	cfg.Life.Vanish = 20
	w, c := newWorld(t, cfg)
	w.Freeze()
	before := everything(t, w)
	c.advance(3 * time.Minute) // less than the nearest kickoff
	if diff := cmp.Diff(before, everything(t, w)); diff != "" {
		t.Fatalf("the frozen world moved:\n%.1000s", diff)
	}
	looked := look(t, w)
	n := w.MoveOdds(0.05, 1)
	changed, total := moved(t, looked, look(t, w))
	if share := float64(changed) / float64(total); changed == 0 || changed > n || share < 0.04 || share > 0.06 {
		t.Errorf("MoveOdds says %d, %d of %d markets changed", n, changed, total)
	}
	if again := w.MoveOdds(0.05, 1); again != n {
		t.Errorf("the same round changed %d markets, then %d", n, again)
	}
	w.Unfreeze()
	c.advance(time.Minute)
	if cmp.Equal(before, everything(t, w)) {
		t.Error("the world did not go on")
	}
}

func TestSuccessiveVersionsAlwaysDiffer(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.MoveShare = 0
	w, _ := newWorld(t, cfg)
	e := footballOn(t, w, sim.Bookmakers()...)
	before := look(t, w)[sim.BetPawa+"/"+e.SrID]
	for range 30 {
		if n := w.MoveOdds(1, 0); n == 0 {
			t.Fatal("nothing moved")
		}
		after, err := w.Markets(sim.BetPawa, e.SrID)
		if err != nil {
			t.Fatal(err)
		}
		for i := range after {
			if cmp.Equal(before[i], after[i]) {
				t.Fatalf("market %s kept its prices: %+v", after[i].ID, after[i])
			}
		}
		before = after
	}
}

func TestOneInstantOneAnswer(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t, small())
	c.advance(time.Hour)
	e := footballOn(t, w, sim.Bookmakers()...)
	for bookmaker, own := range e.Listings {
		first := detail(t, w, bookmaker, own.EventID).Body.Bytes()
		if !bytes.Equal(first, detail(t, w, bookmaker, own.EventID).Body.Bytes()) {
			t.Errorf("%s answers differently at one instant", bookmaker)
		}
		packed := send(t, w, bookmaker, http.MethodGet, detailPath(bookmaker, own.EventID), "", "Accept-Encoding", "gzip")
		if got := unpack(t, packed); !bytes.Equal(first, got) {
			t.Errorf("%s answers differently when compressed", bookmaker)
		}
	}
}
