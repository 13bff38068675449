package api_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// BenchmarkLookupEvents is a lookup on a stream over gRPC in memory, with 64 under way.
func BenchmarkLookupEvents(b *testing.B) {
	s := setup(b)
	s.bigWorld()
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := s.conn.NewStream(b.Context(), desc, oddscachev1.OddsCacheService_LookupEvents_FullMethodName, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		b.Fatal(err)
	}
	request := &oddscachev1.LookupEventsRequest{
		Key: &oddscachev1.LookupEventsRequest_SrId{SrId: "68995116"}, MarketIds: []string{"10100"},
	}
	const underWay = 64
	b.ReportAllocs()
	sent, got := 0, 0
	var m rawpb.Pooled
	for b.Loop() {
		for ; sent < got+underWay; sent++ {
			if err := stream.SendMsg(request); err != nil {
				b.Fatal(err)
			}
		}
		if err := stream.RecvMsg(&m); err != nil {
			b.Fatal(err)
		}
		m.Free()
		got++
	}
}
