package sim_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestForeignNames(t *testing.T) {
	t.Parallel()
	eachListing(t, sim.Fault{Kind: sim.ForeignNames}, func(t *testing.T, w *sim.World, bookmaker string) {
		t.Helper()
		for id := range football(w, bookmaker) {
			if d := detailed(t, w, bookmaker, id); !d.foreign || d.named {
				t.Errorf("names of %s: %+v", id, d)
			}
		}
	})
}

func TestKickoffFaults(t *testing.T) {
	t.Parallel()
	eachListing(t, sim.Fault{Kind: sim.PastKickoff}, func(t *testing.T, w *sim.World, bookmaker string) {
		t.Helper()
		list := listed(t, w, bookmaker).all()
		for id, e := range football(w, bookmaker) {
			if d := detailed(t, w, bookmaker, id); d.kickoff.Year() != 2001 || !list[id].kickoff.Equal(e.Kickoff) {
				t.Errorf("kickoff %s listed as %s, in detail %s", e.Kickoff, list[id].kickoff, d.kickoff)
			}
		}
	})
	for scope, listOff := range map[sim.Scope]time.Duration{sim.Everything: -2 * time.Hour, sim.Details: 0} {
		fault := sim.Fault{Kind: sim.KickoffMoved, Offset: -2 * time.Hour, Scope: scope}
		eachListing(t, fault, func(t *testing.T, w *sim.World, bookmaker string) {
			t.Helper()
			list := listed(t, w, bookmaker).all()
			for id, e := range football(w, bookmaker) {
				d := detailed(t, w, bookmaker, id)
				if d.kickoff.Sub(e.Kickoff) != fault.Offset || list[id].kickoff.Sub(e.Kickoff) != listOff {
					t.Errorf("kickoff %s listed as %s, in detail %s", e.Kickoff, list[id].kickoff, d.kickoff)
				}
			}
		})
	}
}

func TestSrIDFaults(t *testing.T) {
	t.Parallel()
	eachListing(t, sim.Fault{Kind: sim.LeadingZero}, func(t *testing.T, w *sim.World, bookmaker string) {
		t.Helper()
		have := 0
		for id, l := range listed(t, w, bookmaker).all() {
			if d := detailed(t, w, bookmaker, id); !strings.HasPrefix(l.srID, "0") || d.srID != l.srID || d.id != id {
				t.Errorf("listed %+v, in detail %+v", l, d)
			}
			have++
		}
		if have != len(football(w, bookmaker)) {
			t.Errorf("%d events", have)
		}
	})
	eachListing(t, sim.Fault{Kind: sim.NoSrID}, func(t *testing.T, w *sim.World, bookmaker string) {
		t.Helper()
		listed(t, w, bookmaker)
		for id := range football(w, bookmaker) {
			widgets := read[pawaEvent](t, detail(t, w, bookmaker, id)).Widgets
			if len(widgets) != 1 || widgets[0].Type != "GENIUSSPORTS" || widgets[0].ID == "" {
				t.Errorf("widgets %+v", widgets)
			}
		}
	})
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.SportyBet)
	if known(t, w, sim.SportyBet, "sr:match:0"+e.SrID) {
		t.Error("SportyBet knows an id with a zero before it without the fault")
	}
}

func TestClockOff(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t, small())
	date := func(bookmaker string) time.Duration {
		e := footballOn(t, w, bookmaker)
		rec := detail(t, w, bookmaker, e.Listings[bookmaker].EventID)
		return parseTime(t, http.TimeFormat, rec.Header().Get("Date")).Sub(c.now())
	}
	for _, bookmaker := range sim.Bookmakers() {
		for _, off := range []time.Duration{3 * time.Hour, -90 * time.Second} {
			w.SetFaults(sim.Fault{Bookmaker: bookmaker, Kind: sim.ClockOff, Offset: off})
			for _, other := range sim.Bookmakers() {
				if got := date(other); got != map[bool]time.Duration{true: off}[other == bookmaker] {
					t.Errorf("%s: the clock of %s is off by %s, want %s", bookmaker, other, got, off)
				}
			}
		}
	}
}

func TestSimulatedEvents(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Density = sim.Small
	w, c := newWorld(t, cfg)
	before := len(w.Events())
	for _, bookmaker := range sim.Bookmakers() {
		w.SetFaults(sim.Fault{Bookmaker: bookmaker, Kind: sim.SimulatedEvents})
		for range 2 {
			list, found, counted, have := listed(t, w, bookmaker), map[string]int{}, 0, 0
			for _, n := range list.counts {
				counted += n
			}
			for id, l := range list.all() {
				d := detailed(t, w, bookmaker, id)
				switch {
				case d.category == "Simulated Reality League" && strings.HasSuffix(l.home, " SRL") && strings.HasSuffix(d.away, " SRL") && strings.Contains(d.tournament, "SRL"),
					d.category == "eSoccer" && strings.HasSuffix(l.home, " (Nick)"), d.category == "Virtual Football" && d.tournament == "Zoom Soccer":
					found[d.category]++
				default:
					have++
				}
			}
			if len(found) != 3 || found["eSoccer"] != 2 || have != len(football(w, bookmaker)) || counted != have+6 {
				t.Errorf("%s lists %v besides %d events of football, and counts %d", bookmaker, found, have, counted)
			}
			c.advance(4 * time.Hour) // all of them kicked off, and others came
		}
		for _, other := range sim.Bookmakers() {
			if other != bookmaker && len(listed(t, w, other).all()) != len(football(w, other)) {
				t.Errorf("%s lists them too", other)
			}
		}
	}
	w.SetFaults()
	if after := len(w.Events()); after != before {
		t.Errorf("%d events before, %d after", before, after)
	}
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
