package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
)

// many puts n events, several at each kickoff, each second one with a snapshot at sportybet.
func (b *bundle) many(n int) {
	for i := range n {
		e := &oddscachev1.Event{
			SrId: fmt.Sprint(1000 + i), BetpawaEventId: fmt.Sprint("p", i), Name: fmt.Sprint("match ", i),
			Kickoff: timestamppb.New(b.world.Now.Add(time.Duration(i*7%13) * time.Hour)),
			Country: []string{"Kenya", "England"}[i%2], Tournament: []string{"Cup", "League", "Friendly"}[i%3],
			CompetitorEvents: []*oddscachev1.CompetitorEvent{{Bookmaker: "sportybet", CompetitorEventId: fmt.Sprint("s", i)}},
		}
		b.world.PutEvent(e)
		b.world.PutSnapshot(feedtest.ID{Bookmaker: feedtest.Betpawa, ID: fmt.Sprint("p", i)}, feedtest.Market("3743", .5, 2))
		if i%2 == 0 {
			b.world.PutSnapshot(feedtest.ID{Bookmaker: "sportybet", ID: fmt.Sprint("s", i)}, feedtest.Market("3743", .5, 3))
		}
	}
	b.sync()
}

// pages reads a list to its end and calls between after each page.
func (b *bundle) pages(r *oddscachev1.ListEventsRequest, between func()) (all []*oddscachev1.EventSnapshots, sizes []int) {
	b.t.Helper()
	r = proto.CloneOf(r)
	for {
		got, err := b.client.ListEvents(b.t.Context(), r)
		if err != nil {
			b.t.Fatal(err)
		}
		all, sizes = append(all, got.GetEvents()...), append(sizes, len(got.GetEvents()))
		if r.PageToken = got.GetNextPageToken(); r.GetPageToken() == "" {
			return all, sizes
		}
		between()
	}
}

func TestListEventsPagesAndFilters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.many(120)
	at := func(h int) *timestamppb.Timestamp {
		return timestamppb.New(b.world.Now.Add(time.Duration(h) * time.Hour))
	}
	for _, r := range []*oddscachev1.ListEventsRequest{
		{},
		{PageSize: 7},
		{PageSize: 1000, IncludeSnapshots: true},
		{IncludeSnapshots: true, Bookmakers: []string{"sportybet"}},
		{Bookmakers: []string{"sportybet", "betpawa"}, Country: "Kenya"},
		{Country: "Kenya", Tournament: "Cup", PageSize: 3},
		{KickoffFrom: at(3), KickoffTo: at(9), PageSize: 10},
		{KickoffFrom: at(12)},
		{KickoffTo: at(0)},
		{Country: "Atlantis"},
	} {
		var want []*oddscachev1.EventSnapshots
		for _, srID := range b.world.Events() {
			a := b.world.Expected(srID)
			e := a.GetEvent()
			has := func(bookmaker string) bool {
				return slices.ContainsFunc(a.GetSnapshots(), func(s *oddscachev1.CachedSnapshot) bool { return s.GetBookmaker() == bookmaker })
			}
			if r.GetCountry() != "" && e.GetCountry() != r.GetCountry() || r.GetTournament() != "" && e.GetTournament() != r.GetTournament() ||
				r.GetKickoffFrom() != nil && e.GetKickoff().AsTime().Before(r.GetKickoffFrom().AsTime()) ||
				r.GetKickoffTo() != nil && !e.GetKickoff().AsTime().Before(r.GetKickoffTo().AsTime()) ||
				slices.ContainsFunc(r.GetBookmakers(), func(m string) bool { return !has(m) }) {
				continue
			}
			a = feedtest.Filtered(a, r.GetBookmakers(), nil)
			if !r.GetIncludeSnapshots() {
				a.Snapshots = nil
			}
			want = append(want, a)
		}
		got, sizes := b.pages(r, func() {})
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", r, diff)
		}
		limit := map[bool]int{false: 50, true: 20}[r.GetIncludeSnapshots()]
		if size := int(r.GetPageSize()); size > 0 && size < limit {
			limit = size
		}
		for i, size := range sizes {
			if size > limit || i < len(sizes)-1 && size < limit {
				t.Errorf("%v: page %d has %d events of at most %d", r, i, size, limit)
			}
		}
	}
}

// TestListEventsUnderChurn reads pages while events come, go and move: those that stay where they are stand in the
// list exactly once and in order.
func TestListEventsUnderChurn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.many(60)
	step := 0
	got, _ := b.pages(&oddscachev1.ListEventsRequest{PageSize: 7}, func() {
		step++
		moved := proto.CloneOf(b.world.Expected(fmt.Sprint(1000 + step)).GetEvent()) // 1001, 1002, … move
		moved.Kickoff = timestamppb.New(b.world.Now.Add(time.Duration(step*5%13) * time.Hour))
		b.world.PutEvent(moved)
		added := &oddscachev1.Event{SrId: fmt.Sprint(step), Kickoff: timestamppb.New(b.world.Now.Add(6 * time.Hour))}
		b.world.PutEvent(added)
		b.sync()
	})
	count := map[string]int{}
	for i, e := range got {
		count[e.GetEvent().GetSrId()]++
		if i > 0 && e.GetEvent().GetKickoff().AsTime().Before(got[i-1].GetEvent().GetKickoff().AsTime()) {
			t.Errorf("event %s stands behind a later one", e.GetEvent().GetSrId())
		}
	}
	if step < 5 {
		t.Fatalf("only %d pages", step)
	}
	for i := range 60 {
		if id := fmt.Sprint(1000 + i); i > step && count[id] != 1 {
			t.Errorf("event %s, which stayed, was listed %d times", id, count[id])
		}
	}
}

func TestListEventsRejections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.many(10)
	first, err := b.client.ListEvents(t.Context(), &oddscachev1.ListEventsRequest{PageSize: 2, Country: "Kenya"})
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatalf("first page: %v, token %q", err, first.GetNextPageToken())
	}
	token := first.GetNextPageToken()
	broken := []byte(token)
	broken[len(broken)/2] ^= 1
	bad := func(field string, r *oddscachev1.ListEventsRequest) {
		t.Helper()
		_, err := b.client.ListEvents(t.Context(), r)
		rejected(t, err, codes.InvalidArgument, "INVALID_FIELD", field)
	}
	bad("page_token", &oddscachev1.ListEventsRequest{PageToken: token})
	bad("page_token", &oddscachev1.ListEventsRequest{PageToken: token, Country: "England"})
	bad("page_token", &oddscachev1.ListEventsRequest{PageToken: token, Country: "Kenya", Bookmakers: []string{"betpawa"}})
	bad("page_token", &oddscachev1.ListEventsRequest{PageToken: token, Country: "Kenya", KickoffTo: timestamppb.Now()})
	bad("page_token", &oddscachev1.ListEventsRequest{PageToken: string(broken), Country: "Kenya"})
	bad("page_token", &oddscachev1.ListEventsRequest{PageToken: "no token", Country: "Kenya"})
	bad("page_size", &oddscachev1.ListEventsRequest{PageSize: -1})
	bad("bookmakers", &oddscachev1.ListEventsRequest{Bookmakers: make([]string, 51)})
	bad("kickoff_from", &oddscachev1.ListEventsRequest{KickoffFrom: &timestamppb.Timestamp{Nanos: -1}})
	bad("kickoff_to", &oddscachev1.ListEventsRequest{KickoffFrom: timestamppb.New(time.Unix(2, 0)), KickoffTo: timestamppb.New(time.Unix(1, 0))})
	if _, err := b.client.ListEvents(t.Context(), &oddscachev1.ListEventsRequest{PageToken: token, Country: "Kenya", PageSize: 5}); err != nil {
		t.Errorf("another page size was rejected: %v", err)
	}
}
