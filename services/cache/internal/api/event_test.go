package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
)

func bySrID(id string) *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: id}}
}

func byPawa(id string) *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_BetpawaEventId{BetpawaEventId: id}}
}

func byRival(id feedtest.ID) *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_CompetitorEvent{
		CompetitorEvent: &oddscachev1.CompetitorEvent{Bookmaker: id.Bookmaker, CompetitorEventId: id.ID},
	}}
}

func TestGetEventByEveryKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	want := b.world.Expected("68995116")
	if at := want.GetSnapshots()[2].GetLastConfirmedAt().AsTime(); !at.After(want.GetSnapshots()[2].GetCapturedAt().AsTime()) {
		t.Fatal("the world lacks a confirmed snapshot")
	}
	for name, r := range map[string]*oddscachev1.GetEventRequest{
		"sr_id": bySrID("68995116"), "betpawa_event_id": byPawa(pawa.ID), "sportybet": byRival(sporty), "bet9ja": byRival(bet9ja),
	} {
		got, err := b.client.GetEvent(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		response := &oddscachev1.EventSnapshots{Event: got.GetEvent(), Snapshots: got.GetSnapshots()}
		if diff := cmp.Diff(want, response, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		b.freshnessIs(got.GetFreshness(), live)
	}
	for _, test := range []struct{ bookmakers, markets []string }{
		{[]string{"bet9ja"}, nil},
		{nil, []string{"3743"}},
		{[]string{"sportybet", "betpawa"}, []string{"4693", "1096", "4693"}},
		{[]string{"nobody"}, []string{"3743"}},
		{nil, []string{"no such market"}},
	} {
		r := bySrID("68995116")
		r.Bookmakers, r.MarketIds = test.bookmakers, test.markets
		got, err := b.client.GetEvent(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		response := &oddscachev1.EventSnapshots{Event: got.GetEvent(), Snapshots: got.GetSnapshots()}
		if diff := cmp.Diff(feedtest.Filtered(want, test.bookmakers, test.markets), response, protocmp.Transform()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test, diff)
		}
	}
}

func TestGetEventRejections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.client.GetEvent(t.Context(), bySrID("1"))
	rejected(t, err, codes.Unavailable, "WARMING", "")
	if delay, requested := rpcerr.RetryDelay(err); !requested || delay <= 0 {
		t.Errorf("warming asks to retry in %v, %v", delay, requested)
	}
	b.derbyWorld()
	for _, r := range []*oddscachev1.GetEventRequest{
		bySrID("1"), byPawa("68995116"), byRival(feedtest.ID{Bookmaker: "sportybet", ID: bet9ja.ID}), byRival(feedtest.ID{Bookmaker: "msport", ID: "1"}),
	} {
		_, err := b.client.GetEvent(t.Context(), r)
		rejected(t, err, codes.NotFound, "EVENT_NOT_FOUND", "")
	}
	long := strings.Repeat("1", 201)
	for field, r := range map[string]*oddscachev1.GetEventRequest{
		"key":                                  {},
		"sr_id":                                bySrID("sr:match:68995116"),
		"betpawa_event_id":                     byPawa(long),
		"competitor_event.bookmaker":           byRival(feedtest.ID{ID: "1"}),
		"competitor_event.competitor_event_id": byRival(feedtest.ID{Bookmaker: "bet9ja"}),
		"bookmakers":                           {Key: bySrID("1").GetKey(), Bookmakers: make([]string, 51)},
		"bookmakers[0]":                        {Key: bySrID("1").GetKey(), Bookmakers: []string{""}},
		"market_ids":                           {Key: bySrID("1").GetKey(), MarketIds: make([]string, 501)},
		"market_ids[1]":                        {Key: bySrID("1").GetKey(), MarketIds: []string{"1", long}},
		"min_revision":                         {Key: bySrID("1").GetKey(), MinRevision: -1},
	} {
		_, err := b.client.GetEvent(t.Context(), r)
		rejected(t, err, codes.InvalidArgument, "INVALID_FIELD", field)
	}
}

func TestMinRevisionWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	r := bySrID("68995116")
	r.MinRevision = b.world.Log.View().Head + 1

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := b.client.GetEvent(ctx, r)
	rejected(t, err, codes.Unavailable, "REVISION_NOT_REACHED", "")

	responses := make(chan *oddscachev1.GetEventResponse, 1)
	go func() { // ends when the revision is reached, below
		got, err := b.client.GetEvent(t.Context(), r)
		if err != nil {
			t.Error(err)
		}
		responses <- got
	}()
	b.world.PutSnapshot(pawa, feedtest.Market("3743", .5, 9))
	b.sync()
	got := <-responses
	if odds := got.GetSnapshots()[0].GetMarkets()[0].GetOutcomes()[0].GetOdds(); odds != 9 {
		t.Errorf("read back odds %v, want 9", odds)
	}
	if got.GetFreshness().GetRevision() < r.GetMinRevision() {
		t.Errorf("response at revision %d, requested %d", got.GetFreshness().GetRevision(), r.GetMinRevision())
	}
}

func TestBatchGetEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	second := derby(b.world)
	second.SrId, second.BetpawaEventId, second.CompetitorEvents = "7", "", nil
	b.world.PutEvent(second)
	b.sync()
	keys := []*oddscachev1.EventKey{
		{Key: &oddscachev1.EventKey_BetpawaEventId{BetpawaEventId: pawa.ID}},
		{Key: &oddscachev1.EventKey_SrId{SrId: "404"}},
		{Key: &oddscachev1.EventKey_SrId{SrId: "7"}},
		{Key: &oddscachev1.EventKey_CompetitorEvent{CompetitorEvent: &oddscachev1.CompetitorEvent{Bookmaker: bet9ja.Bookmaker, CompetitorEventId: bet9ja.ID}}},
		{Key: &oddscachev1.EventKey_SrId{SrId: "7"}},
	}
	got, err := b.client.BatchGetEvents(t.Context(), &oddscachev1.BatchGetEventsRequest{Keys: keys, Bookmakers: []string{"sportybet"}, MarketIds: []string{"3743"}})
	if err != nil {
		t.Fatal(err)
	}
	want := &oddscachev1.BatchGetEventsResponse{Freshness: got.GetFreshness()}
	for i, srID := range []string{"68995116", "", "7", "68995116", "7"} {
		result := &oddscachev1.BatchGetEventsResult{Key: keys[i]}
		if a := b.world.Expected(srID); a != nil {
			a = feedtest.Filtered(a, []string{"sportybet"}, []string{"3743"})
			result.Found, result.Event, result.Snapshots = true, a.GetEvent(), a.GetSnapshots()
		}
		want.Results = append(want.Results, result)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	b.freshnessIs(got.GetFreshness(), live)

	for field, r := range map[string]*oddscachev1.BatchGetEventsRequest{
		"keys":          {},
		"keys[1].key":   {Keys: []*oddscachev1.EventKey{keys[0], {}}},
		"keys[0].sr_id": {Keys: []*oddscachev1.EventKey{{Key: &oddscachev1.EventKey_SrId{SrId: "x"}}}},
		"min_revision":  {Keys: keys, MinRevision: -5},
		"market_ids[0]": {Keys: keys, MarketIds: []string{""}},
	} {
		_, err := b.client.BatchGetEvents(t.Context(), r)
		rejected(t, err, codes.InvalidArgument, "INVALID_FIELD", field)
	}
	many := &oddscachev1.BatchGetEventsRequest{}
	for range 501 {
		many.Keys = append(many.Keys, keys[0])
	}
	_, err = b.client.BatchGetEvents(t.Context(), many)
	rejected(t, err, codes.InvalidArgument, "INVALID_FIELD", "keys")
	if limit := rpcerr.Metadata(err)["limit"]; limit != "500" {
		t.Errorf("the limit is said to be %q", limit)
	}
}

func TestResolveCompetitorEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	requested := []*oddscachev1.CompetitorEvent{
		{Bookmaker: sporty.Bookmaker, CompetitorEventId: sporty.ID}, {Bookmaker: "bet9ja", CompetitorEventId: "404"},
	}
	got, err := b.client.ResolveCompetitorEvents(t.Context(), &oddscachev1.ResolveCompetitorEventsRequest{CompetitorEvents: requested})
	if err != nil {
		t.Fatal(err)
	}
	want := []*oddscachev1.ResolveCompetitorEventsResult{
		{CompetitorEvent: requested[0], Found: true, SrId: "68995116", BetpawaEventId: pawa.ID}, {CompetitorEvent: requested[1]},
	}
	if diff := cmp.Diff(want, got.GetResults(), protocmp.Transform()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	b.freshnessIs(got.GetFreshness(), live)
	_, err = b.client.ResolveCompetitorEvents(t.Context(), &oddscachev1.ResolveCompetitorEventsRequest{})
	rejected(t, err, codes.InvalidArgument, "INVALID_FIELD", "competitor_events")
	_, err = b.client.ResolveCompetitorEvents(t.Context(), &oddscachev1.ResolveCompetitorEventsRequest{CompetitorEvents: []*oddscachev1.CompetitorEvent{requested[0], {Bookmaker: "bet9ja"}}})
	rejected(t, err, codes.InvalidArgument, "INVALID_FIELD", "competitor_events[1].competitor_event_id")
}
