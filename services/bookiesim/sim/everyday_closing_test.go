package sim_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// TestTotalMarketCount: an entry with an empty row counts, one that is gone does not, and a closed price changes nothing.
func TestTotalMarketCount(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.BetPawa)
	count := func() any {
		return read[pawaEvent](t, detail(t, w, sim.BetPawa, e.Listings[sim.BetPawa].EventID)).TotalMarketCount
	}
	before := count()
	for way, less := range map[sim.Way]int64{"no_price": 0, "suspended": 0, "empty_row": 0, "gone": 1} {
		must(t, w.CloseMarket(sim.BetPawa, e.SrID, "3743", way))
		n, err := json.Number(before.(string)).Int64() //nolint:errcheck,forcetypeassert // version 4 writes text
		must(t, err)
		if got := count(); got != itoa(n-less) {
			t.Errorf("%s: %v markets counted, of %v", way, got, before)
		}
		must(t, w.Reopen(sim.BetPawa, e.SrID, "3743"))
	}
	// Five lines, listed in one entry without a row, are one market.
	n, _ := json.Number(before.(string)).Int64() //nolint:errcheck,forcetypeassert // version 4 writes text
	markets, err := w.Markets(sim.BetPawa, e.SrID)
	must(t, err)
	lines := int64(len(slices.DeleteFunc(markets, func(m sim.Market) bool { return m.ID != "5000" })))
	must(t, w.CloseMarket(sim.BetPawa, e.SrID, "5000", "empty_row"))
	if got := count(); lines < 3 || got != itoa(n-lines+1) {
		t.Errorf("%v markets counted of %v, with %d lines in an entry without a row", got, before, lines)
	}
}

func TestEverydayClosings(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Closings = sim.DefaultConfig().Closings
	w, c := newWorld(t, cfg)
	markets, outcomes := map[string]float64{}, map[string]float64{}
	closedMarkets, closedOutcomes := map[string]float64{}, map[string]float64{}
	ways, reopened, was := map[string]bool{}, 0, map[string]bool{}
	for range 40 {
		for key, list := range look(t, w) {
			bookmaker, _, _ := strings.Cut(key, "/")
			open := false
			for i, m := range list {
				at := key + "/" + itoa(int64(i))
				reopened += map[bool]int{true: 1}[was[at] && m.Way == ""]
				was[at] = m.Way != ""
				open = open || m.Offer == sim.Open
				markets[bookmaker]++
				if m.Way != "" {
					closedMarkets[bookmaker]++
					ways[bookmaker+"/"+string(m.Way)] = true
					continue
				}
				for _, o := range m.Outcomes {
					outcomes[bookmaker]++
					if o.Way != "" {
						closedOutcomes[bookmaker]++
						ways[bookmaker+"/one "+string(o.Way)] = true
					}
				}
			}
			if !open {
				t.Fatalf("%s has no open market", key)
			}
		}
		c.advance(7 * cfg.Tick)
	}
	for _, bookmaker := range sim.Bookmakers() {
		share, single := closedMarkets[bookmaker]/markets[bookmaker], closedOutcomes[bookmaker]/outcomes[bookmaker]
		if share < 0.02 || share > 0.05 || math.Abs(single-0.004) > 0.001 {
			t.Errorf("%s: %.4f of the markets and %.4f of the other outcomes are closed", bookmaker, share, single)
		}
		whole, one := sim.Ways(bookmaker)
		for _, way := range whole {
			if !ways[bookmaker+"/"+string(way)] {
				t.Errorf("%s closes no market as %s", bookmaker, way)
			}
		}
		for _, way := range one {
			if !ways[bookmaker+"/one "+string(way)] {
				t.Errorf("%s closes no outcome as %s", bookmaker, way)
			}
		}
	}
	if reopened < 1000 {
		t.Errorf("%d markets reopened", reopened)
	}
}

// TestOneMarketStaysOpen looks at events of one market as well, which only that rule keeps open.
func TestOneMarketStaysOpen(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Density, cfg.Closings = sim.Small, sim.Closings{Markets: 0.5, Outcomes: 0.5}
	w, c := newWorld(t, cfg)
	for range 10 {
		for _, e := range w.Events() {
			for bookmaker := range e.Listings {
				markets, err := w.Markets(bookmaker, e.SrID)
				must(t, err)
				if !slices.ContainsFunc(markets, func(m sim.Market) bool { return m.Offer == sim.Open }) {
					t.Fatalf("%s has no open market on %s event %s", bookmaker, e.Sport, e.SrID)
				}
			}
		}
		c.advance(7 * cfg.Tick)
	}
}
