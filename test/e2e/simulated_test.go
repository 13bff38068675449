package e2e

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// world starts a simulated world of 40 events whose odds stand still.
func world(t *testing.T, change func(*sim.Config)) *cluster.World {
	t.Helper()
	cfg := cluster.SmallWorld(40)
	if change != nil {
		change(&cfg)
	}
	w := cluster.StartWorld(t, cfg)
	w.Freeze()
	return w
}

// football returns the world's football events.
func football(w *cluster.World) []sim.Event {
	return slices.DeleteFunc(w.Events(), func(e sim.Event) bool { return e.Sport != "football" })
}

// outcomeKey names an outcome at a bookmaker.
func outcomeKey(bookmaker, marketID string, line *float64, name string) string {
	at := "-"
	if line != nil {
		at = strconv.FormatFloat(*line, 'f', -1, 64)
	}
	return fmt.Sprintf("%s market %s line %s outcome %q", bookmaker, marketID, at, name)
}

// all lists the cache's events with their snapshots, page by page.
func all(t *testing.T, p *cluster.Cluster, req *oddscachev1.ListEventsRequest) []*oddscachev1.EventSnapshots {
	t.Helper()
	var events []*oddscachev1.EventSnapshots
	for {
		resp, err := p.Cache.ListEvents(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, resp.GetEvents()...)
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return events
		}
	}
}

func TestSimulatedPricesAreAnsweredExactly(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	end := p.RunCycle(t, succeeded)
	compared, leftOut := compareOffered(t, w, p, end.GetRevision())
	t.Logf("%d prices compared", compared)
	if compared < 10_000 {
		t.Errorf("only %d prices compared", compared)
	}
	// The mapping leaves out what the recorded events contradict, and names why; nothing else may be missing.
	for what := range leftOut {
		market := strings.Join(strings.Fields(what)[:2], " ")
		if !deliberate[market] && !deliberate[what] {
			t.Errorf("%s is never answered", what)
		}
	}
}

// compareOffered requires that the cache answers every price as the bookmakers offer it now, and returns how many it
// compared and what is not answered.
func compareOffered(t *testing.T, w *cluster.World, p *cluster.Cluster, revision int64) (compared int, leftOut map[string]int) {
	t.Helper()
	leftOut = make(map[string]int)
	for _, event := range football(w) {
		served := make(map[string]*oddscachev1.Outcome)
		for _, s := range get(t, p, bySrID(event.SrID), revision).GetSnapshots() {
			for _, m := range s.GetMarkets() {
				for _, o := range m.GetOutcomes() {
					served[outcomeKey(s.GetBookmaker(), m.GetMarketId(), m.Line, o.GetName())] = o
				}
			}
		}
		for bookmaker := range event.Listings {
			markets, err := w.Markets(bookmaker, event.SrID)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range markets {
				if m.ID == "" {
					continue // BetPawa has no partner for it
				}
				for _, o := range m.Outcomes {
					key := outcomeKey(bookmaker, m.ID, m.Line, o.Name)
					if got := served[key]; o.Offer == sim.NotOffered {
						if got.GetIsActive() {
							t.Errorf("event %s: %s is %v and active, not offered", event.SrID, key, got.GetOdds())
						}
					} else if got == nil {
						leftOut[bookmaker+" "+m.ID+" "+o.Name]++
					} else if got.GetIsActive() != o.Active || o.Odds != 0 && got.GetOdds() != o.Odds { // without a price the last one stays
						t.Errorf("event %s: %s is %v/%v, offered %v/%v", event.SrID, key, got.GetOdds(), got.GetIsActive(), o.Odds, o.Active)
					}
					compared++
				}
			}
		}
	}
	return compared, leftOut
}

// deliberate are the markets and outcomes that the simulator ties to BetPawa's and the mapping leaves out.
var deliberate = map[string]bool{
	"bet9ja 4926 6+":       true, // Bet9ja's last exact number may be "6" alone
	"bet9ja 28000209":      true, // winning margins that stray from BetPawa's
	"sportybet 4429 Other": true, // other scores than those that BetPawa lists
	"bet9ja 4429 Other":    true,
	"sportybet 4429 3-4":   true,
	"sportybet 4429 4-3":   true,
	"sportybet 4429 4-4":   true,
	"bet9ja 4429 3-4":      true,
	"bet9ja 4429 4-3":      true,
	"bet9ja 4429 4-4":      true,
}

func TestListIsOrderedFilteredAndComplete(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL, Short: true})
	p.Reach(t, p.RunCycle(t, succeeded).GetRevision())
	events := all(t, p, &oddscachev1.ListEventsRequest{PageSize: 7})
	if len(events) != len(football(w)) {
		t.Errorf("%d events listed, %d offered", len(events), len(football(w)))
	}
	if !sort.SliceIsSorted(events, func(i, j int) bool {
		a, b := events[i].GetEvent(), events[j].GetEvent()
		if at, bt := a.GetKickoff().AsTime(), b.GetKickoff().AsTime(); !at.Equal(bt) {
			return at.Before(bt)
		}
		return a.GetSrId() < b.GetSrId()
	}) {
		t.Error("the list is not in the order (kickoff, sr_id)")
	}
	until := time.Now().Add(48 * time.Hour)
	want := 0
	for _, e := range events {
		if e.GetEvent().GetKickoff().AsTime().Before(until) && e.GetEvent().GetBetpawaEventId() != "" {
			want++
		}
	}
	filtered := all(t, p, &oddscachev1.ListEventsRequest{
		KickoffTo: timestamppb.New(until), Bookmakers: []string{"betpawa"}, IncludeSnapshots: true, PageSize: 3,
	})
	if len(filtered) != want {
		t.Errorf("%d events before %v at betpawa, want %d", len(filtered), until, want)
	}
	for _, e := range filtered {
		if len(e.GetSnapshots()) != 1 || e.GetSnapshots()[0].GetBookmaker() != "betpawa" {
			t.Errorf("event %s has %d snapshots", e.GetEvent().GetSrId(), len(e.GetSnapshots()))
		}
	}
}

func TestCompetitorOnlyEventIsRelinkedInPlace(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	var srID string
	for _, e := range football(w) {
		if len(e.Listings) == 3 {
			srID = e.SrID
			break
		}
	}
	if err := w.HideFromBetPawa(srID); err != nil {
		t.Fatal(err)
	}
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	before := get(t, p, bySrID(srID), p.RunCycle(t, succeeded).GetRevision())
	if before.GetEvent().GetBetpawaEventId() != "" || len(before.GetSnapshots()) != 2 {
		t.Fatalf("competitor-only event is %v with %d snapshots", before.GetEvent(), len(before.GetSnapshots()))
	}
	if err := w.ShowAtBetPawa(srID); err != nil {
		t.Fatal(err)
	}
	revision := p.RunCycle(t, succeeded).GetRevision()
	after := get(t, p, bySrID(srID), revision)
	if after.GetEvent().GetBetpawaEventId() == "" || len(after.GetSnapshots()) != 3 {
		t.Fatalf("after BetPawa listed it: %v with %d snapshots", after.GetEvent(), len(after.GetSnapshots()))
	}
	if got := get(t, p, byBetPawa(after.GetEvent().GetBetpawaEventId()), revision); got.GetEvent().GetSrId() != srID {
		t.Errorf("BetPawa's id answers %v", got.GetEvent())
	}
	for _, c := range before.GetEvent().GetCompetitorEvents() {
		if got := get(t, p, byCompetitor(c.GetBookmaker(), c.GetCompetitorEventId()), revision); got.GetEvent().GetSrId() != srID {
			t.Errorf("%v answers %v", c, got.GetEvent())
		}
	}
}

func TestRecreatedAndMovedEventsAnswerUnderTheirNewKeysOnly(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	var ids []sim.Event
	for _, e := range football(w) {
		if len(e.Listings) == 3 {
			ids = append(ids, e)
		}
	}
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	p.RunCycle(t, succeeded)

	recreated, err := w.Recreate("bet9ja", ids[0].SrID)
	if err != nil {
		t.Fatal(err)
	}
	const newSrID = "99999999"
	if err := w.ChangeSrID("bet9ja", ids[1].SrID, newSrID); err != nil {
		t.Fatal(err)
	}
	revision := p.RunCycle(t, succeeded).GetRevision()
	if got := get(t, p, byCompetitor("bet9ja", recreated), revision); got.GetEvent().GetSrId() != ids[0].SrID {
		t.Errorf("the new id answers %v", got.GetEvent())
	}
	gone(t, p, byCompetitor("bet9ja", ids[0].Listings["bet9ja"].EventID), revision)
	if got := get(t, p, byCompetitor("bet9ja", ids[1].Listings["bet9ja"].EventID), revision); got.GetEvent().GetSrId() != newSrID || len(got.GetSnapshots()) != 1 {
		t.Errorf("the moved id answers %v with %d snapshots", got.GetEvent(), len(got.GetSnapshots()))
	}
	if got := get(t, p, bySrID(ids[1].SrID), revision); len(got.GetSnapshots()) != 2 {
		t.Errorf("the old owner has %d snapshots", len(got.GetSnapshots()))
	}
}

func TestVanishedEventBecomesUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL, Scraper: func(c *scraper.Config) { c.BatchEvents = 7 }})
	var srID string
	for _, e := range football(w) {
		if len(e.Listings) == 3 {
			srID = e.SrID
		}
	}
	unavailable := func(revision int64) (marked, markets int) {
		for _, s := range get(t, p, bySrID(srID), revision).GetSnapshots() {
			if s.GetBookmaker() != "sportybet" {
				continue
			}
			for _, m := range s.GetMarkets() {
				markets++
				if m.GetUnavailableAt() != nil {
					marked++
				}
			}
		}
		return marked, markets
	}
	p.RunCycle(t, succeeded)
	if err := w.Vanish("sportybet", srID); err != nil {
		t.Fatal(err)
	}
	if marked, _ := unavailable(p.RunCycle(t, succeeded).GetRevision()); marked != 0 {
		t.Errorf("%d markets marked after one absence", marked)
	}
	if marked, markets := unavailable(p.RunCycle(t, succeeded).GetRevision()); marked != markets || markets == 0 {
		t.Errorf("%d of %d markets marked after two absences", marked, markets)
	}
	if err := w.Restore("sportybet", srID); err != nil {
		t.Fatal(err)
	}
	if marked, markets := unavailable(p.RunCycle(t, succeeded).GetRevision()); marked != 0 || markets == 0 {
		t.Errorf("%d of %d markets still marked", marked, markets)
	}
}
