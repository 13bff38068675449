package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/recordedsite"
)

const (
	succeeded = oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED
	partial   = oddscachev1.CycleStatus_CYCLE_STATUS_PARTIAL
	failed    = oddscachev1.CycleStatus_CYCLE_STATUS_FAILED
)

func bySrID(id string) *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: id}}
}

func byBetPawa(id string) *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_BetpawaEventId{BetpawaEventId: id}}
}

func byCompetitor(bookmaker, id string) *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_CompetitorEvent{
		CompetitorEvent: &oddscachev1.CompetitorEvent{Bookmaker: bookmaker, CompetitorEventId: id},
	}}
}

// get asks the cache and fails the test on an error.
func get(t *testing.T, p *cluster.Cluster, req *oddscachev1.GetEventRequest, minRevision int64) *oddscachev1.GetEventResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req = proto.CloneOf(req)
	req.MinRevision = minRevision
	resp, err := p.Cache.GetEvent(ctx, req)
	if err != nil {
		t.Fatalf("GetEvent %v: %v", req, err)
	}
	return resp
}

// gone requires that the cache does not know a key.
func gone(t *testing.T, p *cluster.Cluster, req *oddscachev1.GetEventRequest, minRevision int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req = proto.CloneOf(req)
	req.MinRevision = minRevision
	if resp, err := p.Cache.GetEvent(ctx, req); status.Code(err) != codes.NotFound {
		t.Errorf("GetEvent %v answered %v, %v; want NOT_FOUND", req, resp.GetEvent(), err)
	}
}

func TestRecordedEventReadsBackUnderEveryKey(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	event := site.Wuhan(t, time.Now().Add(48*time.Hour))
	p := cluster.Start(t, cluster.Config{Site: site.URL})

	first := p.RunCycle(t, succeeded)
	response := get(t, p, bySrID("68995116"), first.GetRevision())
	if got := len(response.GetSnapshots()); got != 3 {
		t.Fatalf("%d snapshots", got)
	}
	if got := len(response.GetSnapshots()[0].GetMarkets()); response.GetSnapshots()[0].GetBookmaker() != "betpawa" || got != 118 {
		t.Errorf("%d markets of %s, want betpawa's 118", got, response.GetSnapshots()[0].GetBookmaker())
	}
	requireUnique(t, response)
	if kickoff := response.GetEvent().GetKickoff().AsTime(); !kickoff.Equal(event.Kickoff) {
		t.Errorf("kickoff %v, want %v", kickoff, event.Kickoff)
	}
	for _, key := range []*oddscachev1.GetEventRequest{
		byBetPawa(event.BetPawa), byCompetitor("sportybet", event.SportyBet), byCompetitor("bet9ja", event.Bet9ja),
	} {
		other := get(t, p, key, first.GetRevision())
		if diff := cmp.Diff(response.GetEvent(), other.GetEvent(), protocmp.Transform()); diff != "" {
			t.Errorf("%v answers another event: %s", key, diff)
		}
		if diff := cmp.Diff(response.GetSnapshots(), other.GetSnapshots(), protocmp.Transform()); diff != "" {
			t.Errorf("%v answers other snapshots: %s", key, diff)
		}
	}
}

// requireUnique fails on a market or an outcome that appears twice.
func requireUnique(t *testing.T, response *oddscachev1.GetEventResponse) {
	t.Helper()
	for _, s := range response.GetSnapshots() {
		markets := make(map[string]bool)
		for _, m := range s.GetMarkets() {
			key := fmt.Sprintf("%s %s %v/%v", s.GetBookmaker(), m.GetMarketId(), m.Line != nil, m.GetLine())
			if markets[key] {
				t.Errorf("market %s appears twice", key)
			}
			markets[key] = true
			names := make(map[string]bool)
			for _, o := range m.GetOutcomes() {
				if names[o.GetName()] {
					t.Errorf("outcome %q of %s appears twice", o.GetName(), key)
				}
				names[o.GetName()] = true
			}
		}
	}
}

func TestSameAnswersStoreAndStreamNoContent(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	site.Wuhan(t, time.Now().Add(48*time.Hour))
	p := cluster.Start(t, cluster.Config{Site: site.URL})
	first := p.RunCycle(t, succeeded)
	before := get(t, p, bySrID("68995116"), first.GetRevision())
	rows := historyRows(t, p)

	entries := entriesAfter(t, p, before.GetFreshness(), func() { p.RunCycle(t, succeeded) })
	confirmations := 0
	for _, e := range entries {
		switch e.GetEntry().(type) {
		case *oddscachev1.Entry_Confirmation:
			confirmations++
		case *oddscachev1.Entry_CycleEnd:
		default:
			t.Errorf("an unchanged cycle streamed %v", e)
		}
	}
	if confirmations != 3 {
		t.Errorf("%d confirmations", confirmations)
	}
	if again := historyRows(t, p); again != rows {
		t.Errorf("history grew from %d rows to %d", rows, again)
	}
	after := get(t, p, bySrID("68995116"), entries[len(entries)-1].GetRevision())
	for i, s := range after.GetSnapshots() {
		was := before.GetSnapshots()[i]
		if !s.GetLastConfirmedAt().AsTime().After(was.GetLastConfirmedAt().AsTime()) {
			t.Errorf("%s: last_confirmed_at %v did not move", s.GetBookmaker(), s.GetLastConfirmedAt().AsTime())
		}
		s.LastConfirmedAt = was.GetLastConfirmedAt()
		if diff := cmp.Diff(was, s, protocmp.Transform()); diff != "" {
			t.Errorf("more than last_confirmed_at moved: %s", diff)
		}
	}
}

// entriesAfter follows the feed from a revision, runs do, and returns everything up to the cycle end that follows.
func entriesAfter(t *testing.T, p *cluster.Cluster, from *oddscachev1.Freshness, do func()) []*oddscachev1.Entry {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	stream, err := p.Feed.StreamSnapshots(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{
		Subscribe: &oddscachev1.Subscribe{ReplicaId: t.Name(), Epoch: from.GetEpoch(), Revision: from.GetRevision()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	do()
	var entries []*oddscachev1.Entry
	for {
		m, err := stream.Recv()
		if err != nil {
			t.Fatalf("following the feed: %v", err)
		}
		entries = append(entries, m.GetBatch().GetEntries()...)
		if n := len(entries); n > 0 && entries[n-1].GetCycleEnd() != nil {
			return entries
		}
	}
}

func TestBookmakerThatAnswersNothingLeavesTheOthersWhole(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"R":"OK","D":{"E":[{"ID":1,`) }
	for name, fault := range map[string]http.HandlerFunc{
		"page":      recordedsite.HTML,
		"empty 202": recordedsite.Empty202,
		"cut":       cut,
		"503":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"403":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
	} {
		for _, paths := range [][]string{{recordedsite.Bet9jaSports}, {recordedsite.Bet9jaEvents}, {recordedsite.Bet9jaDetail}} {
			t.Run(name+" "+paths[0][strings.LastIndex(paths[0], "/")+1:], func(t *testing.T) {
				t.Parallel()
				site := recordedsite.New(t)
				event := site.Wuhan(t, time.Now().Add(48*time.Hour))
				p := cluster.Start(t, cluster.Config{Site: site.URL})
				whole := get(t, p, bySrID(event.SrID), p.RunCycle(t, succeeded).GetRevision())
				for _, path := range paths {
					site.Break(path, fault)
				}
				for range 3 {
					p.RunCycle(t, partial)
				}
				after := get(t, p, bySrID(event.SrID), p.RunCycle(t, partial).GetRevision())
				if len(after.GetSnapshots()) != 3 {
					t.Fatalf("%d snapshots left", len(after.GetSnapshots()))
				}
				for i, s := range after.GetSnapshots() {
					was := whole.GetSnapshots()[i]
					if confirmed := s.GetLastConfirmedAt().AsTime().After(was.GetLastConfirmedAt().AsTime()); confirmed == (s.GetBookmaker() == "bet9ja") {
						t.Errorf("%s confirmed: %v", s.GetBookmaker(), confirmed)
					}
					s.LastConfirmedAt = was.GetLastConfirmedAt()
					if diff := cmp.Diff(was, s, protocmp.Transform()); diff != "" {
						t.Errorf("%s changed: %s", s.GetBookmaker(), diff)
					}
				}
			})
		}
	}
}

func TestNobodyAnswersFailsTheCycle(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	event := site.Wuhan(t, time.Now().Add(48*time.Hour))
	p := cluster.Start(t, cluster.Config{Site: site.URL})
	p.RunCycle(t, succeeded)
	for _, path := range []string{recordedsite.BetPawaCompetitions, recordedsite.SportyBetTournaments, recordedsite.Bet9jaSports} {
		site.Break(path, recordedsite.HTML)
	}
	end := p.RunCycle(t, failed)
	if got := get(t, p, bySrID(event.SrID), end.GetRevision()); len(got.GetSnapshots()) != 3 {
		t.Errorf("%d snapshots left", len(got.GetSnapshots()))
	}
}

func TestEvictionHappensAtTheNextSuccessfulCycleEndAndNotBefore(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	event := site.Wuhan(t, time.Now())
	p := cluster.Start(t, cluster.Config{Site: site.URL, Scraper: func(c *scraper.Config) { c.Grace = time.Second }})
	site.Move(event, time.Now().Add(6*time.Second))
	revision := p.RunCycle(t, succeeded).GetRevision()
	get(t, p, bySrID(event.SrID), revision)
	cluster.Until(t, event.Kickoff.Add(1500*time.Millisecond))
	get(t, p, bySrID(event.SrID), revision) // no timer evicts
	for _, path := range []string{recordedsite.BetPawaCompetitions, recordedsite.SportyBetTournaments, recordedsite.Bet9jaSports} {
		site.Break(path, recordedsite.Empty202)
	}
	revision = p.RunCycle(t, failed).GetRevision()
	get(t, p, bySrID(event.SrID), revision) // a failed cycle evicts nothing
	for _, path := range []string{recordedsite.BetPawaCompetitions, recordedsite.SportyBetTournaments, recordedsite.Bet9jaSports} {
		site.Break(path, nil)
	}
	revision = p.RunCycle(t, succeeded).GetRevision()
	for _, key := range []*oddscachev1.GetEventRequest{
		bySrID(event.SrID), byBetPawa(event.BetPawa), byCompetitor("sportybet", event.SportyBet), byCompetitor("bet9ja", event.Bet9ja),
	} {
		gone(t, p, key, revision)
	}
	p.Reach(t, revision)
	stats := p.Live(t)
	if stats.GetTotalEvents() != 0 || stats.GetTotalSnapshots() != 0 || stats.GetTotalMarkets() != 0 || stats.GetBetpawaEvents() != 0 ||
		stats.GetCompetitorEvents() != 0 || stats.GetWaitingSnapshots() != 0 || stats.GetEvictedEvents() != 1 {
		t.Errorf("stats after the eviction: %v", stats)
	}
}

func TestPostponedEventStays(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	event := site.Wuhan(t, time.Now())
	p := cluster.Start(t, cluster.Config{Site: site.URL, Scraper: func(c *scraper.Config) { c.Grace = time.Second }})
	site.Move(event, time.Now().Add(6*time.Second))
	p.RunCycle(t, succeeded)
	first := event.Kickoff
	site.Move(event, time.Now().Add(72*time.Hour))
	cluster.Until(t, first.Add(1500*time.Millisecond))
	response := get(t, p, bySrID(event.SrID), p.RunCycle(t, succeeded).GetRevision())
	if !response.GetEvent().GetKickoff().AsTime().Equal(event.Kickoff) || len(response.GetSnapshots()) != 3 {
		t.Errorf("answer is %v with %d snapshots", response.GetEvent(), len(response.GetSnapshots()))
	}
}
