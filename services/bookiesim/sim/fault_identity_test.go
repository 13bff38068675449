package sim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

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
