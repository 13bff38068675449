package contestant

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// ReadResponses asks the cache for every answer, as bytes.
func ReadResponses(ctx context.Context, cache *Contestant, events int) (Responses, error) {
	requests, err := encodeRequests(events)
	if err != nil {
		return nil, err
	}
	responses := make(Responses)
	for shape, all := range requests {
		method := oddscachev1.OddsCacheService_GetEvent_FullMethodName
		if shape == Batch {
			method = oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName
			all = all[:min(len(all), BatchSize)] // a batch has some 1 MB
		}
		for _, r := range all {
			var response rawpb.Message
			if err := cache.conn.Invoke(ctx, method, r, &response, grpc.ForceCodecV2(rawpb.NewCodec())); err != nil {
				return nil, fmt.Errorf("asking the cache for a %s: %w", shape, err)
			}
			responses[shape] = append(responses[shape], response.Bytes())
		}
	}
	return responses, nil
}
