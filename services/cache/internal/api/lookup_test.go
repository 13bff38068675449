package api_test

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// lookUp sends requests at once and returns the responses in the order in which they came.
func (b *bundle) lookUp(requests ...*oddscachev1.LookupEventsRequest) []*oddscachev1.LookupEventsResponse {
	b.t.Helper()
	stream, err := b.client.LookupEvents(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for i, r := range requests {
		r.RequestId = uint64(100 + i)
		if err := stream.Send(r); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		b.t.Fatal(err)
	}
	var responses []*oddscachev1.LookupEventsResponse
	for {
		a, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return responses
		}
		if err != nil {
			b.t.Fatal(err)
		}
		responses = append(responses, a)
	}
}

// asLookup is a GetEventRequest on the stream: the first fields of both are the same.
func asLookup(t testing.TB, r *oddscachev1.GetEventRequest) *oddscachev1.LookupEventsRequest {
	t.Helper()
	body, err := proto.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	l := &oddscachev1.LookupEventsRequest{}
	if err := proto.Unmarshal(body, l); err != nil {
		t.Fatal(err)
	}
	if len(l.ProtoReflect().GetUnknown()) > 0 {
		t.Fatalf("GetEventRequest has fields that LookupEventsRequest does not have: %v", r)
	}
	return l
}

// TestLookupsRespondAsGetEventDoes asks for everything twice, on a stream and by calls: by every kind of key, filtered,
// unknown and rejected.
func TestLookupsRespondAsGetEventDoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	oneMarket, oneBookmaker, badBookmaker := bySrID("68995116"), bySrID("68995116"), bySrID("68995116")
	oneMarket.MarketIds = []string{"3743", "1096", "1096"}
	oneBookmaker.Bookmakers = []string{"sportybet"}
	badBookmaker.Bookmakers = []string{""}
	requested := []*oddscachev1.GetEventRequest{
		bySrID("68995116"), byPawa(pawa.ID), oneMarket, oneBookmaker, badBookmaker, bySrID("1"), bySrID("x"), bySrID(""),
		{},
		{Key: &oddscachev1.GetEventRequest_CompetitorEvent{CompetitorEvent: &oddscachev1.CompetitorEvent{Bookmaker: sporty.Bookmaker, CompetitorEventId: sporty.ID}}},
		{Key: &oddscachev1.GetEventRequest_CompetitorEvent{CompetitorEvent: &oddscachev1.CompetitorEvent{Bookmaker: sporty.Bookmaker}}},
		{Key: &oddscachev1.GetEventRequest_SrId{SrId: "68995116"}, MinRevision: -1},
	}
	var lookups []*oddscachev1.LookupEventsRequest
	for _, r := range requested {
		lookups = append(lookups, asLookup(t, r))
	}
	responses := b.lookUp(lookups...)
	if len(responses) != len(requested) {
		t.Fatalf("%d responses to %d lookups", len(responses), len(requested))
	}
	for i, r := range requested {
		a := responses[i]
		if a.GetRequestId() != uint64(100+i) {
			t.Fatalf("response %d is to request %d", i, a.GetRequestId())
		}
		b.freshnessIs(a.GetFreshness(), live)
		want, err := b.client.GetEvent(t.Context(), r)
		got := &oddscachev1.GetEventResponse{Event: a.GetEvent(), Snapshots: a.GetSnapshots(), Freshness: want.GetFreshness()}
		if err == nil {
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || !a.GetFound() || a.GetFailure() != nil {
				t.Errorf("%v: found %v, failure %v (-call +stream):\n%s", r, a.GetFound(), a.GetFailure(), diff)
			}
			continue
		}
		f := a.GetFailure()
		if codes.Code(f.GetCode()) != status.Code(err) || f.GetReason() != rpcerr.Reason(err) || f.GetMessage() != status.Convert(err).Message() ||
			!cmp.Equal(f.GetMetadata(), rpcerr.Metadata(err)) || a.GetFound() || a.GetEvent() != nil {
			t.Errorf("%v: the call ended with %v (%v), the stream responded %v", r, err, rpcerr.Metadata(err), a)
		}
	}
}

// TestLookupsWaitForTheirRevision lets one lookup wait for what is written after it was sent: others overtake it.
func TestLookupsWaitForTheirRevision(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	head := b.world.Log.View().Head
	stream, err := b.client.LookupEvents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request := func(id uint64, revision int64, wait time.Duration) {
		t.Helper()
		r := asLookup(t, bySrID("68995116"))
		r.RequestId, r.MinRevision, r.MaxWait = id, revision, durationpb.New(wait)
		if err := stream.Send(r); err != nil {
			t.Fatal(err)
		}
	}
	next := func() *oddscachev1.LookupEventsResponse {
		t.Helper()
		a, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	request(1, head+1, 20*time.Second)
	request(2, head, 0)
	request(3, head+5, 0)
	request(4, head+5, time.Millisecond)
	for _, id := range []uint64{2, 3, 4} {
		a := next()
		if late := codes.Code(a.GetFailure().GetCode()) == codes.Unavailable; a.GetRequestId() != id || late != (id > 2) {
			t.Errorf("got %v, want the response to %d", a, id)
		}
	}
	b.world.Confirm(pawa)
	b.sync()
	if a := next(); a.GetRequestId() != 1 || !a.GetFound() || a.GetFreshness().GetRevision() != head+1 {
		t.Errorf("got %v, want the response to 1 at revision %d", a, head+1)
	}
	request(5, 0, time.Hour)
	if a := next(); a.GetFailure().GetMetadata()["field"] != "max_wait" {
		t.Errorf("an hour's wait was answered with %v", a)
	}
}

func TestLookupsOfAColdCache(t *testing.T) {
	t.Parallel()
	a := setup(t).lookUp(asLookup(t, bySrID("1")))
	if len(a) != 1 || codes.Code(a[0].GetFailure().GetCode()) != codes.Unavailable || a[0].GetFailure().GetReason() != "WARMING" {
		t.Errorf("got %v", a)
	}
}

// TestRequestsAreReadAsProtobufDoes holds the reader of requests against protobuf's: any request, with fields in any
// order, repeated, unknown or broken, is answered alike whether its bytes are read by hand or not. An unknown field
// makes the server take protobuf's way.
func TestRequestsAreReadAsProtobufDoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	rapid.Check(t, func(rt *rapid.T) {
		var body []byte
		for range rapid.IntRange(1, 4).Draw(rt, "pieces") { // concatenated messages merge
			piece, err := proto.Marshal(rapid.SampledFrom([]*oddscachev1.LookupEventsRequest{
				asLookup(t, bySrID("68995116")), asLookup(t, byPawa(pawa.ID)), asLookup(t, bySrID("")),
				{Key: &oddscachev1.LookupEventsRequest_CompetitorEvent{CompetitorEvent: &oddscachev1.CompetitorEvent{Bookmaker: "sportybet"}}},
				{Key: &oddscachev1.LookupEventsRequest_CompetitorEvent{CompetitorEvent: &oddscachev1.CompetitorEvent{CompetitorEventId: sporty.ID}}},
				{Bookmakers: []string{"sportybet"}},
				{MarketIds: []string{"3743"}},
				{MinRevision: 1},
				{MaxWait: durationpb.New(time.Millisecond)},
			}).Draw(rt, "piece"))
			if err != nil {
				rt.Fatal(err)
			}
			body = append(body, piece...)
		}
		if n := rapid.IntRange(0, 8).Draw(rt, "cut"); n < 2 && len(body) > n {
			body = body[:len(body)-n]
		}
		call := func(body []byte) (*oddscachev1.GetEventResponse, error) {
			var m rawpb.Message
			err := b.conn.Invoke(t.Context(), oddscachev1.OddsCacheService_GetEvent_FullMethodName, rawpb.New(body), &m, grpc.ForceCodecV2(rawpb.NewCodec()))
			e := &oddscachev1.GetEventResponse{}
			if err == nil {
				err = proto.Unmarshal(m.Bytes(), e)
			}
			e.Freshness = nil // its age differs
			return e, err
		}
		const unknown = "\xa2\x06\x00" // field 100, empty
		fast, fastErr := call(body)
		slow, slowErr := call(append(slices.Clip(body), unknown...))
		if proto.Unmarshal(body, &oddscachev1.LookupEventsRequest{}) != nil {
			if status.Code(fastErr) != codes.Internal {
				rt.Fatalf("a broken request was answered with %v, %v", fast, fastErr)
			}
			return
		}
		if status.Code(fastErr) != status.Code(slowErr) || status.Convert(fastErr).Message() != status.Convert(slowErr).Message() {
			rt.Fatalf("read by hand: %v; by protobuf: %v", fastErr, slowErr)
		}
		if diff := cmp.Diff(slow, fast, protocmp.Transform()); diff != "" {
			rt.Fatalf("-protobuf +by hand:\n%s", diff)
		}
	})
}

// TestAllocationsOfAResponse bounds what a whole response costs, client and server and gRPC together, by counts, which no
// busy machine changes. One response after another takes some more than many at once.
func TestAllocationsOfAResponse(t *testing.T) { //nolint:paralleltest // allocations of others would count
	if racing {
		t.Skip("SKIPPED: the race detector allocates; make alloc-test counts without it")
	}
	b := setup(t)
	b.bigWorld()
	market := bySrID("68995116")
	market.MarketIds = []string{"10100"}
	const responses = 400
	for _, test := range []struct {
		name         string
		request      *oddscachev1.GetEventRequest
		call, stream float64 // allocations, at most
		copied       uint64  // bytes allocated a streamed response, at most: its own size, which the client takes, and little more
	}{
		{"full event", bySrID("68995116"), 180, 52, 60_000},
		{"one market", market, 165, 36, 3_000},
	} {
		codec := grpc.ForceCodecV2(rawpb.NewCodec())
		body, err := proto.Marshal(test.request)
		if err != nil {
			t.Fatal(err)
		}
		request := rawpb.New(body)
		calls, _ := counted(responses, func() {
			var m rawpb.Message
			if err := b.conn.Invoke(t.Context(), oddscachev1.OddsCacheService_GetEvent_FullMethodName, request, &m, codec); err != nil {
				t.Fatal(err)
			}
		})
		stream, err := b.conn.NewStream(t.Context(), &oddscachev1.OddsCacheService_ServiceDesc.Streams[0],
			oddscachev1.OddsCacheService_LookupEvents_FullMethodName, codec)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		streamed, bytes := counted(responses, func() {
			var m rawpb.Message
			if err := errors.Join(stream.SendMsg(request), stream.RecvMsg(&m)); err != nil {
				t.Fatal(err)
			}
			size = m.Data.Len()
		})
		t.Logf("%s: %.1f allocations a call, %.1f a response of %d bytes on a stream, which allocates %d bytes", test.name, calls, streamed, size, bytes)
		if calls > test.call || streamed > test.stream || bytes > test.copied {
			t.Errorf("%s: at most %v, %v and %d bytes are allowed", test.name, test.call, test.stream, test.copied)
		}
	}
}

// counted is the allocations and bytes of one call of do, on all goroutines.
func counted(n int, do func()) (allocs float64, bytes uint64) {
	for range 50 { // pools fill
		do()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		do()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), (after.TotalAlloc - before.TotalAlloc) / uint64(n)
}
