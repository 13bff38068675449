package api_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// TestWaitingCallsHoldNoPlace has more batches wait for a revision than the queue has places, and asks for others meanwhile.
func TestWaitingCallsHoldNoPlace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	batch := func(revision int64) *oddscachev1.BatchGetEventsRequest {
		return &oddscachev1.BatchGetEventsRequest{
			Keys: []*oddscachev1.EventKey{{Key: &oddscachev1.EventKey_SrId{SrId: "68995116"}}}, MinRevision: revision,
		}
	}
	next := b.world.Log.View().Head + 1
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var waiting sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		waiting.Go(func() {
			got, err := b.client.BatchGetEvents(ctx, batch(next))
			if err != nil || len(got.GetResults()) != 1 || !got.GetResults()[0].GetFound() {
				t.Errorf("a batch that waited: %v, %v", got, err)
			}
		})
	}
	for range 10 {
		if _, err := b.client.BatchGetEvents(ctx, batch(0)); err != nil {
			t.Errorf("a batch meanwhile: %v", err)
		}
		if _, err := b.client.ListEvents(ctx, &oddscachev1.ListEventsRequest{}); err != nil {
			t.Errorf("a page meanwhile: %v", err)
		}
		<-time.After(time.Millisecond) // so that the others have come to wait
	}
	b.world.EndCycle(b.world.Now.Add(-2 * time.Hour))
	b.sync()
	waiting.Wait()
}

// TestBatchThatIsNoMessage is rejected as gRPC rejects what it cannot decode.
func TestBatchThatIsNoMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.derbyWorld()
	for _, method := range []string{
		oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName, oddscachev1.OddsCacheService_ListEvents_FullMethodName,
	} {
		err := b.conn.Invoke(t.Context(), method, rawpb.New([]byte{0xff}), &oddscachev1.BatchGetEventsResponse{}, grpc.ForceCodecV2(rawpb.NewCodec()))
		if status.Code(err) != codes.Internal {
			t.Errorf("%s of garbage: %v", method, err)
		}
	}
}
