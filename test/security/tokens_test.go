package security

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// bearers is attempts with tokens.
func bearers() []attempt {
	get := func(t *testing.T, s *testbed, token string, authorization ...string) string {
		t.Helper()
		ctx := t.Context()
		if authorization != nil {
			ctx = metadata.NewOutgoingContext(ctx, metadata.MD{"authorization": authorization})
		}
		_, err := s.lookups(t, token).GetEvent(ctx, s.request())
		return met(err)
	}
	return []attempt{
		{"cache: a lookup without a token", "UNAUTHENTICATED TOKEN_MISSING: a token is needed: authorization: Bearer TOKEN", func(t *testing.T, s *testbed) string { return get(t, s, "") }},
		{"cache: a lookup with a wrong token", "UNAUTHENTICATED TOKEN_UNKNOWN: the token is not known", func(t *testing.T, s *testbed) string {
			return get(t, s, "", "Bearer oddscache_"+strings.Repeat("A", 43))
		}},
		{"cache: a lookup with a token's hash out of the file", "UNAUTHENTICATED TOKEN_UNKNOWN: the token is not known", func(t *testing.T, s *testbed) string {
			return get(t, s, "", "Bearer "+s.hash(t, "neighbour"))
		}},
		{"cache: a lookup with a token and one letter less", "UNAUTHENTICATED TOKEN_UNKNOWN: the token is not known", func(t *testing.T, s *testbed) string {
			return get(t, s, "", "Bearer "+s.tokens["neighbour"][:len(s.tokens["neighbour"])-1])
		}},
		{"cache: a lookup with a token of scheme Basic", "UNAUTHENTICATED TOKEN_MALFORMED: the authorization is not of the form: Bearer TOKEN", func(t *testing.T, s *testbed) string {
			return get(t, s, "", "Basic "+s.tokens["neighbour"])
		}},
		{"cache: a lookup with two tokens", "UNAUTHENTICATED TOKEN_MALFORMED: the authorization is not of the form: Bearer TOKEN", func(t *testing.T, s *testbed) string {
			return get(t, s, "", "Bearer nothing", "Bearer "+s.tokens["neighbour"])
		}},
		{"cache: a lookup with the operator's certificate in place of a token", "UNAUTHENTICATED TOKEN_MISSING: a token is needed: authorization: Bearer TOKEN", func(t *testing.T, s *testbed) string {
			client := oddscachev1.NewOddsCacheServiceClient(s.dial(t, s.cache, s.as(t, aOperator), ""))
			_, err := client.GetEvent(t.Context(), s.request())
			return met(err)
		}},
		{"cache: LookupEvents without a token", "UNAUTHENTICATED TOKEN_MISSING: a token is needed: authorization: Bearer TOKEN", func(t *testing.T, s *testbed) string {
			stream, err := s.lookups(t, "").LookupEvents(t.Context())
			if err == nil {
				_, err = stream.Recv()
			}
			return met(err)
		}},
		{"cache: WatchEvents without a token", "UNAUTHENTICATED TOKEN_MISSING: a token is needed: authorization: Bearer TOKEN", func(t *testing.T, s *testbed) string {
			return met(watch(t.Context(), s.lookups(t, ""), &oddscachev1.WatchEventsRequest{}))
		}},
		{"cache: GetStats without a token", "UNAUTHENTICATED TOKEN_MISSING: a token is needed: authorization: Bearer TOKEN", func(t *testing.T, s *testbed) string {
			_, err := s.lookups(t, "").GetStats(t.Context(), &oddscachev1.GetStatsRequest{})
			return met(err)
		}},
		{"cache: reflection without a token", "UNAUTHENTICATED TOKEN_MISSING: a token is needed: authorization: Bearer TOKEN", func(t *testing.T, s *testbed) string {
			return met(reflect(t, s.dial(t, s.cache, s.as(t), "")))
		}},
		{"cache: health without a token, which is allowed", "OK", func(t *testing.T, s *testbed) string {
			return met(health(t, s.dial(t, s.cache, s.as(t), "")))
		}},
		{"cache: calls faster than the token's rate", "RESOURCE_EXHAUSTED RATE_EXCEEDED: token slow may make 0.01 lookups a second, and 3 at once, with RetryInfo", func(t *testing.T, s *testbed) string {
			return s.tooFast(t, "slow", func(client oddscachev1.OddsCacheServiceClient) error {
				_, err := client.GetEvent(t.Context(), s.request())
				return err
			})
		}},
		{"cache: lookups on a stream faster than the token's rate", "RESOURCE_EXHAUSTED RATE_EXCEEDED: token slow-stream may make 0.01 lookups a second, and 3 at once; the stream goes on", func(t *testing.T, s *testbed) string {
			stream, err := s.lookups(t, "slow-stream").LookupEvents(t.Context())
			if err != nil {
				return met(err)
			}
			return streamTooFast(t, s, stream)
		}},
		{"cache: a batch of more keys than the token's rate", "RESOURCE_EXHAUSTED RATE_EXCEEDED: token slow-batch may make 0.01 lookups a second, and 5 at once, with RetryInfo", func(t *testing.T, s *testbed) string {
			return s.tooFast(t, "slow-batch", func(client oddscachev1.OddsCacheServiceClient) error {
				_, err := client.BatchGetEvents(t.Context(), &oddscachev1.BatchGetEventsRequest{Keys: s.keys(3)})
				return err
			})
		}},
		{"cache: more streams than the token may have", "RESOURCE_EXHAUSTED TOO_MANY_STREAMS: token crowd may have 3 streams open", func(t *testing.T, s *testbed) string {
			client := s.lookups(t, "crowd")
			for range 3 {
				hold(t, client)
			}
			return met(watch(t.Context(), client, &oddscachev1.WatchEventsRequest{}))
		}},
		{"cache: a watch goes on when its token is taken out of the file", "UNAUTHENTICATED TOKEN_REVOKED: the token was revoked", func(t *testing.T, s *testbed) string {
			watch := hold(t, s.lookups(t, "goes"))
			s.revoke(t, "goes")
			for {
				if _, err := watch.Recv(); err != nil {
					return met(err)
				}
			}
		}},
		{"cache: a lookup with the token that was taken out", "UNAUTHENTICATED TOKEN_UNKNOWN: the token is not known", func(t *testing.T, s *testbed) string { return get(t, s, "goes") }},
	}
}

func (s *testbed) request() *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: s.event}}
}

func (s *testbed) keys(n int) []*oddscachev1.EventKey {
	all := make([]*oddscachev1.EventKey, n)
	for i := range all {
		all[i] = &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: s.event}}
	}
	return all
}

// tooFast calls until it is refused, and wants to be told when to try again.
func (s *testbed) tooFast(t *testing.T, token string, call func(oddscachev1.OddsCacheServiceClient) error) string {
	t.Helper()
	client := s.lookups(t, token)
	for range 10 {
		err := call(client)
		if err == nil {
			continue
		}
		if delay, ok := rpcerr.RetryDelay(err); !ok || delay <= 0 {
			t.Errorf("retry after %v, %t", delay, ok)
		}
		return met(err) + ", with RetryInfo"
	}
	return "OK"
}

// streamTooFast asks on a stream until a lookup is refused; the stream goes on.
func streamTooFast(
	t *testing.T, s *testbed, stream grpc.BidiStreamingClient[oddscachev1.LookupEventsRequest, oddscachev1.LookupEventsResponse],
) string {
	t.Helper()
	rejected := ""
	for i := range 10 {
		request := &oddscachev1.LookupEventsRequest{
			RequestId: uint64(i), Key: &oddscachev1.LookupEventsRequest_SrId{SrId: s.event},
		}
		if err := stream.Send(request); err != nil {
			return met(err)
		}
		response, err := stream.Recv()
		if err != nil {
			return met(err)
		}
		if f := response.GetFailure(); f != nil {
			rejected = fmt.Sprintf("%s %s: %s", name(codeOf(uint32(f.GetCode()))), f.GetReason(), f.GetMessage())
		}
	}
	return rejected + "; the stream goes on"
}

// watch watches until the first error.
func watch(ctx context.Context, client oddscachev1.OddsCacheServiceClient, r *oddscachev1.WatchEventsRequest) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := client.WatchEvents(ctx, r)
	for err == nil {
		_, err = stream.Recv()
	}
	return err
}

// hold opens a watch that lasts as long as the attempt.
func hold(t *testing.T, client oddscachev1.OddsCacheServiceClient) grpc.ServerStreamingClient[oddscachev1.WatchEventsResponse] {
	t.Helper()
	stream, err := client.WatchEvents(t.Context(), &oddscachev1.WatchEventsRequest{SrIds: []string{"1"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	return stream
}
