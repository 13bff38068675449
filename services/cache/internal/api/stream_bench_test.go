package api_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// wire is a stream without gRPC: requests that are encoded already, and responses that are let go as soon as they are sent.
type wire struct {
	grpc.ServerStream                 // nil: nothing else of it is used
	ctx               context.Context //nolint:containedctx // a stream has one
	codec             rawpb.Codec
	requests          [][]byte
	next, left        int
}

func (w *wire) Context() context.Context { return w.ctx }

func (w *wire) RecvMsg(m any) error {
	if w.left--; w.left < 0 {
		return io.EOF
	}
	w.next = (w.next + 1) % len(w.requests)
	return w.codec.Unmarshal(rawpb.New(w.requests[w.next]).Data, m)
}

func (w *wire) SendMsg(m any) error {
	data, err := w.codec.Marshal(m)
	data.Free()
	return err
}

// BenchmarkLookupStream is what the cache itself adds to a response on a stream, everything of gRPC's left out: one market
// of an event that is seldom the one requested last.
func BenchmarkLookupStream(b *testing.B) {
	const events, markets = 300, 170
	s := setup(b)
	w := &wire{ctx: b.Context(), codec: rawpb.NewCodec()}
	for i := range events {
		srID := fmt.Sprint(10_000_000 + i)
		event := &oddscachev1.Event{SrId: srID, Name: "Home - Away", Kickoff: timestamppb.New(s.world.Now.Add(3 * time.Hour))}
		for _, bookmaker := range []string{"sportybet", "bet9ja", "msport"} {
			event.CompetitorEvents = append(event.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: bookmaker, CompetitorEventId: srID})
		}
		s.world.PutEvent(event)
		for _, c := range event.GetCompetitorEvents() {
			var all []*oddscachev1.CachedMarket
			for m := range markets {
				all = append(all, feedtest.Market(fmt.Sprint(10000+m), .5, 2))
			}
			s.world.PutSnapshot(feedtest.ID{Bookmaker: c.GetBookmaker(), ID: srID}, all...)
		}
		for range 3 {
			request := asLookup(b, bySrID(srID))
			request.RequestId, request.MarketIds = uint64(i), []string{fmt.Sprint(10000 + rand.IntN(markets))}
			encoded, err := proto.Marshal(request)
			if err != nil {
				b.Fatal(err)
			}
			w.requests = append(w.requests, encoded)
		}
	}
	rand.Shuffle(len(w.requests), func(i, k int) { w.requests[i], w.requests[k] = w.requests[k], w.requests[i] })
	s.sync()
	server := api.New(s.store, api.NewLookups(), watch.New(s.store, 1))
	desc := api.Description()
	b.ReportAllocs()
	b.ResetTimer()
	w.left = b.N
	if err := desc.Streams[0].Handler(server, w); err != nil {
		b.Fatal(err)
	}
}
