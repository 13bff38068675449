package sim_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestShortLists(t *testing.T) {
	t.Parallel()
	eachListing(t, sim.Fault{Kind: sim.ShortList, Share: 0.4}, func(t *testing.T, w *sim.World, bookmaker string) {
		t.Helper()
		l, have := listed(t, w, bookmaker), football(w, bookmaker)
		counted, short := 0, 0
		for id, n := range l.counts {
			counted += n
			if len(l.events[id]) < n {
				short++
			}
		}
		if n := len(l.all()); counted != len(have) || short == 0 || n < len(have)*4/10 || n > len(have)*8/10 {
			t.Errorf("%d events listed, %d counted, of %d; %d lists are short", n, counted, len(have), short)
		}
		for id := range have {
			if !known(t, w, bookmaker, id) {
				t.Errorf("event %s is gone, not only left out", id)
			}
		}
	})
	eachListing(t, sim.Fault{Kind: sim.ShortPage, Cap: 2}, func(t *testing.T, w *sim.World, bookmaker string) {
		t.Helper()
		l, cut := listed(t, w, bookmaker), 0
		for id, n := range l.counts {
			if len(l.events[id]) != min(n, 2) {
				t.Errorf("%d of %d events on a page of 2", len(l.events[id]), n)
			}
			if n > 2 {
				cut++
			}
		}
		if cut == 0 {
			t.Error("no list is cut")
		}
	})
}

// TestShortPagesGoOn reads on by what arrived, and gets everything once, in order.
func TestShortPagesGoOn(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Faults = []sim.Fault{{Kind: sim.ShortPage, Cap: 3}}
	w, _ := newWorld(t, cfg)
	var ids []string
	for {
		page := read[pawaPage](t, send(t, w, sim.BetPawa, http.MethodGet, pawaQuery("v4", "", len(ids), 100), "")).Responses[0].Responses
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		if len(page) == 0 {
			break
		}
	}
	if want := slices.Sorted(maps.Keys(football(w, sim.BetPawa))); !slices.Equal(slices.Sorted(slices.Values(ids)), want) {
		t.Errorf("BetPawa: %d events on all pages, want %d", len(ids), len(want))
	}
	clear(ids)
	ids = ids[:0]
	for number := 1; ; number++ {
		data := upcoming(t, w, number, 100)
		page := 0
		for _, tournament := range data.Tournaments {
			for _, e := range tournament.Events {
				ids = append(ids, e.EventID)
				page++
			}
		}
		if data.TotalNum != "23" {
			t.Errorf("totalNum %s on page %d, want 23", data.TotalNum, number)
		}
		if page == 0 {
			break
		}
	}
	if want := slices.Sorted(maps.Keys(football(w, sim.SportyBet))); !slices.Equal(slices.Sorted(slices.Values(ids)), want) {
		t.Errorf("SportyBet: %d events on all pages, want %d", len(ids), len(want))
	}
}

func TestSwappedSides(t *testing.T) {
	t.Parallel()
	for _, kind := range []sim.FaultKind{sim.SidesSwapped, sim.PricesSwapped} {
		eachListing(t, sim.Fault{Kind: kind, Share: 0.5}, func(t *testing.T, w *sim.World, bookmaker string) {
			t.Helper()
			list, swapped, have := listed(t, w, bookmaker).all(), 0, football(w, bookmaker)
			for id, e := range have {
				own, d := e.Listings[bookmaker], detailed(t, w, bookmaker, id)
				reversed := d.home == own.AwayTeam && d.away == own.HomeTeam
				if l := list[id]; l.home != d.home || l.away != d.away || !reversed && (d.home != own.HomeTeam || d.away != own.AwayTeam) {
					t.Fatalf("listed %+v, in detail %+v, want %+v or the reverse", l, d, own)
				}
				before, fault := prices(t, w, bookmaker, e), w.Faults()
				w.SetFaults()
				right := prices(t, w, bookmaker, e)
				w.SetFaults(fault...)
				// The price of one side stands at the other's, as near as two opinions are.
				at := func(a, b float64) bool { return a/b < 1.06 && b/a < 1.06 }
				differ := before[0] != right[0]
				if differ && (!at(before[0], right[2]) || !at(before[2], right[0])) {
					t.Errorf("1X2 %v for %v", before, right)
				}
				if (kind == sim.SidesSwapped) != reversed && differ {
					t.Errorf("prices are swapped, names: %v", reversed)
				}
				swapped += map[bool]int{true: 1}[differ]
				compareAnswers(t, w, e)
			}
			if swapped < 4 || swapped > len(have)-4 {
				t.Errorf("%d of %d events are swapped", swapped, len(have))
			}
		})
	}
}

// prices are those of the match result.
func prices(t testing.TB, w *sim.World, bookmaker string, e sim.Event) [3]float64 {
	t.Helper()
	var three [3]float64
	for i, name := range []string{"1", "X", "2"} {
		o, err := w.Odds(bookmaker, e.SrID, "3743", nil, name)
		must(t, err)
		three[i] = o.Odds
	}
	return three
}

// TestFaultsPassCompressedAnswersToo sets and removes a fault while compressed answers are kept.
func TestFaultsPassCompressedAnswersToo(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.Bookmakers()...)
	for bookmaker, own := range e.Listings {
		packed := func() string {
			return string(unpack(t, send(t, w, bookmaker, http.MethodGet, detailPath(bookmaker, own.EventID), "", "Accept-Encoding", "gzip")))
		}
		right := packed()
		w.SetFaults(sim.Fault{Kind: sim.SidesSwapped})
		if got := packed(); got == right || got != detail(t, w, bookmaker, own.EventID).Body.String() {
			t.Errorf("%s does not show the fault in compressed answers", bookmaker)
		}
		w.SetFaults()
		if packed() != right {
			t.Errorf("%s shows the fault when it is gone", bookmaker)
		}
	}
}

func TestFaultsOfOneBookmakerOnly(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	for _, kind := range []sim.FaultKind{sim.ForeignNames, sim.NoSrID} {
		if err := (sim.Fault{Bookmaker: sim.Bet9ja, Kind: kind}).Validate(); err == nil {
			t.Errorf("%s is taken for Bet9ja", kind)
		}
		w.SetFaults(sim.Fault{Kind: kind})
		if faults := w.Faults(); len(faults) != 1 || faults[0].Bookmaker != sim.BetPawa {
			t.Errorf("%s for all is set for %+v", kind, faults)
		}
	}
	for _, fault := range []sim.Fault{{Kind: sim.ClockOff}, {Kind: sim.ShortPage, Cap: -1}} {
		if fault.Validate() == nil {
			t.Errorf("%+v is taken", fault)
		}
	}
}
