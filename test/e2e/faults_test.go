package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// inTime is how much longer than a healthy cycle the other bookmakers' events may take beside a failing one. Giving
// up on a bookmaker takes retries, and tests share their machine.
const inTime = 20 * time.Second

// TestFaultOfOneBookmakerForAWholeCycle lets one bookmaker fail in every way the simulator knows, for a whole cycle.
//
// How long a cycle takes is part of what it shows, so it needs a machine that does nothing else, and no race detector:
// `make fault-cycles` runs it.
func TestFaultOfOneBookmakerForAWholeCycle(t *testing.T) {
	if os.Getenv("FAULT_CYCLES") != "1" {
		t.Skip("SKIPPED: it measures whole cycles; make fault-cycles runs it")
	}
	t.Parallel()
	for _, tt := range []struct {
		fault sim.Fault
		// want says how the failing bookmaker's result must look.
		want func(*oddscachev1.BookmakerResult) bool
	}{
		{fault: sim.Fault{Bookmaker: "sportybet", Kind: sim.Slow, Delay: 3 * time.Second}, want: slowly},
		{fault: sim.Fault{Bookmaker: "bet9ja", Kind: sim.Reset}, want: undiscovered},
		{fault: sim.Fault{Bookmaker: "bet9ja", Kind: sim.Reset, Scope: sim.Details}, want: unfetched},
		{fault: sim.Fault{Bookmaker: "betpawa", Kind: sim.ServerError}, want: undiscovered},
		{fault: sim.Fault{Bookmaker: "sportybet", Kind: sim.ServerError, Scope: sim.Details}, want: unfetched},
		{fault: sim.Fault{Bookmaker: "bet9ja", Kind: sim.HTML}, want: undiscovered},
		{fault: sim.Fault{Bookmaker: "betpawa", Kind: sim.HTML, Scope: sim.Details}, want: blocked},
		{fault: sim.Fault{Bookmaker: "sportybet", Kind: sim.Empty}, want: undiscovered},
		{fault: sim.Fault{Bookmaker: "bet9ja", Kind: sim.Empty, Scope: sim.Details}, want: blocked},
		{fault: sim.Fault{Bookmaker: "betpawa", Kind: sim.TruncatedGzip, Scope: sim.Details}, want: unread},
		{fault: sim.Fault{Bookmaker: "sportybet", Kind: sim.WrongEvent}, want: unread},
		{fault: sim.Fault{Bookmaker: "bet9ja", Kind: sim.Down}, want: undiscovered},
		{fault: sim.Fault{Bookmaker: "betpawa", Kind: sim.Down}, want: undiscovered},
		{fault: sim.Fault{Bookmaker: "bet9ja", Kind: sim.HalfDiscovery}, want: halfDiscovered},
	} {
		t.Run(strings.Join([]string{tt.fault.Bookmaker, string(tt.fault.Kind), string(tt.fault.Scope)}, " "), func(t *testing.T) {
			t.Parallel()
			w := world(t, func(c *sim.Config) { c.Latency, c.LatencyScale = sim.RealLatency(), 0.1 })
			p := cluster.Start(t, cluster.Config{Site: w.URL, Scraper: func(c *scraper.Config) {
				for _, b := range c.EachBookmaker() {
					b.Slots = 0 // the default
				}
				c.WaitTimeout = 500 * time.Millisecond
			}})
			healthy := p.RunCycle(t, succeeded)
			p.Reach(t, healthy.GetRevision())
			before := all(t, p, &oddscachev1.ListEventsRequest{IncludeSnapshots: true})

			w.MoveOdds(0.2, 1)
			w.SetFaults(tt.fault)
			broken := p.RunCycle(t, oddscachev1.CycleStatus_CYCLE_STATUS_PARTIAL)
			p.Reach(t, broken.GetRevision())
			after := all(t, p, &oddscachev1.ListEventsRequest{IncludeSnapshots: true})

			requireOthersInTime(t, tt.fault.Bookmaker, healthy.GetCycle(), broken.GetCycle(), after)
			requireNothingLost(t, before, after)
			if n := unavailableRows(t, p); n != 0 {
				t.Errorf("%d markets are marked unavailable in the history", n)
			}
			requireReason(t, tt.fault.Bookmaker, broken.GetCycle(), tt.want)
		})
	}
}

// How a failing bookmaker's result looks.
func slowly(r *oddscachev1.BookmakerResult) bool {
	return r.GetFetched() == r.GetAsked() && r.GetLatencyP50Ms() >= 3000 && r.GetSkipped() > 0
}

func undiscovered(r *oddscachev1.BookmakerResult) bool { return r.GetDiscoveryError() != "" }
func unfetched(r *oddscachev1.BookmakerResult) bool {
	return r.GetFetched() == 0 && r.GetFailed() > 0 && r.GetListed() > 0
}

func blocked(r *oddscachev1.BookmakerResult) bool {
	return r.GetFetched() == 0 && r.GetBlocked() > 0 && r.GetListed() > 0
}

func unread(r *oddscachev1.BookmakerResult) bool {
	return r.GetFetched() == 0 && r.GetRefused()+r.GetFailed() > 0 && r.GetListed() > 0
}

func halfDiscovered(r *oddscachev1.BookmakerResult) bool {
	return r.GetTournamentsFailed() > 0 && r.GetTournamentsFailed() < r.GetTournaments() && r.GetFetched() > 0
}

// requireOthersInTime requires that every snapshot of the other bookmakers was seen in the broken cycle, hardly later
// than in a healthy one.
func requireOthersInTime(t *testing.T, failing string, healthy, broken *oddscachev1.Cycle, after []*oddscachev1.EventSnapshots) {
	t.Helper()
	took := healthy.GetFinishedAt().AsTime().Sub(healthy.GetStartedAt().AsTime())
	latest := time.Duration(0)
	for _, e := range after {
		for _, s := range e.GetSnapshots() {
			if s.GetBookmaker() == failing {
				continue
			}
			seen := s.GetLastConfirmedAt().AsTime().Sub(broken.GetStartedAt().AsTime())
			if seen < 0 {
				t.Errorf("event %s was not seen at %s beside the failing %s", e.GetEvent().GetSrId(), s.GetBookmaker(), failing)
			}
			latest = max(latest, seen)
		}
	}
	t.Logf("the others' last event after %v, a healthy cycle takes %v, this one took %v", latest.Round(time.Millisecond),
		took.Round(time.Millisecond), broken.GetFinishedAt().AsTime().Sub(broken.GetStartedAt().AsTime()).Round(time.Millisecond))
	if latest > took+inTime {
		t.Errorf("the others' last event came after %v, a healthy cycle takes %v", latest, took)
	}
}

// requireNothingLost requires that every snapshot is still there with every market, available.
func requireNothingLost(t *testing.T, before, after []*oddscachev1.EventSnapshots) {
	t.Helper()
	if diff := cmp.Diff(held(before), held(after)); diff != "" {
		t.Errorf("what the cache holds (-before +after the failing cycle):\n%s", diff)
	}
	for _, e := range after {
		for _, s := range e.GetSnapshots() {
			for _, m := range s.GetMarkets() {
				if m.GetUnavailableAt() != nil {
					t.Errorf("event %s at %s: market %s is unavailable", e.GetEvent().GetSrId(), s.GetBookmaker(), m.GetMarketId())
				}
			}
		}
	}
}

// held counts the markets of each snapshot.
func held(events []*oddscachev1.EventSnapshots) map[string]int {
	markets := make(map[string]int)
	for _, e := range events {
		for _, s := range e.GetSnapshots() {
			markets[e.GetEvent().GetSrId()+" "+s.GetBookmaker()+" "+s.GetBookmakerEventId()] = len(s.GetMarkets())
		}
	}
	return markets
}

// unavailableRows counts the history's rows that say a market was gone.
func unavailableRows(t *testing.T, p *cluster.Cluster) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM market_odds_history WHERE NOT available").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// requireReason requires that the cycle blames the failing bookmaker and nobody else.
func requireReason(t *testing.T, failing string, c *oddscachev1.Cycle, want func(*oddscachev1.BookmakerResult) bool) {
	t.Helper()
	for _, r := range c.GetBookmakers() {
		name := r.GetBookmaker()
		if name == failing {
			if !want(r) {
				t.Errorf("the failing bookmaker's result is %v", r)
			}
			continue
		}
		if r.GetAsked() == 0 || r.GetFetched() != r.GetAsked() || r.GetChanged()+r.GetConfirmed() != r.GetAsked() || r.GetSkipped() != 0 {
			t.Errorf("the result beside the failing bookmaker is %v", r)
		}
		if strings.Contains(c.GetReason(), name) {
			t.Errorf("the reason %q blames %s", c.GetReason(), name)
		}
	}
	if !strings.Contains(c.GetReason(), failing) {
		t.Errorf("the reason %q does not name %s", c.GetReason(), failing)
	}
}
