package security

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
)

// requests is attempts by callers who may call, with what they may not ask.
func requests() []attempt {
	subscribing := func(messages ...*oddscachev1.StreamSnapshotsRequest) func(*testing.T, *testbed) string {
		return func(t *testing.T, s *testbed) string { return met(s.follow(t, s.as(t, aCache), messages...)) }
	}
	watchWith := func(r *oddscachev1.WatchEventsRequest) func(*testing.T, *testbed) string {
		return func(t *testing.T, s *testbed) string { return met(watch(t.Context(), s.lookups(t, "wire"), r)) }
	}
	ack := &oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Ack{Ack: &oddscachev1.Ack{Revision: 1}}}
	return []attempt{
		{"scraper: a feed that begins with an ack", "INVALID_ARGUMENT BAD_SUBSCRIBE: first message is not a usable subscribe", subscribing(ack)},
		{"scraper: a second subscribe", "INVALID_ARGUMENT BAD_SUBSCRIBE: first message is not a usable subscribe", subscribing(subscribe("attacker", 0), subscribe("attacker", 0))},
		{"scraper: a replica_id of 201 bytes", "INVALID_ARGUMENT BAD_SUBSCRIBE: first message is not a usable subscribe", subscribing(subscribe(strings.Repeat("r", 201), 0))},
		{"scraper: no replica_id", "INVALID_ARGUMENT BAD_SUBSCRIBE: first message is not a usable subscribe", subscribing(subscribe("", 0))},
		{"scraper: a subscribe from a negative revision", "INVALID_ARGUMENT BAD_SUBSCRIBE: first message is not a usable subscribe", subscribing(subscribe("attacker", -1))},
		{"scraper: a history of SQL", "INVALID_ARGUMENT INVALID_FIELD: sr_id: must be a SportRadar id, digits only and the first of them not 0", history(&oddscachev1.ListOddsHistoryRequest{SrId: "1'; DROP TABLE events; --", MarketId: "3743"})},
		{"scraper: a history of an unknown bookmaker", "INVALID_ARGUMENT INVALID_FIELD: bookmakers[0]: must be one of the bookmakers", func(t *testing.T, s *testbed) string {
			met := history(&oddscachev1.ListOddsHistoryRequest{SrId: "1", MarketId: "3743", Bookmakers: []string{"nobody"}})(t, s)
			return strings.Replace(met, fmt.Sprint(scraper.Bookmakers()), "the bookmakers", 1)
		}},
		{"scraper: a history of a market_id of 1 MB", "INVALID_ARGUMENT INVALID_FIELD: market_id: must be BetPawa's id of a market type, at most 50 bytes", history(&oddscachev1.ListOddsHistoryRequest{
			SrId: "1", MarketId: strings.Repeat("m", 1<<20),
		})},
		{"scraper: a history with a page token of nonsense", "INVALID_ARGUMENT INVALID_FIELD: page_token: must be the next_page_token of the page before, with the same request", history(&oddscachev1.ListOddsHistoryRequest{
			SrId: "1", MarketId: "3743", PageToken: "nonsense",
		})},
		{"scraper: a cycle id that is none", "INVALID_ARGUMENT INVALID_FIELD: cycle_id: must be a UUID as RunCycle and ListCycles answer it", func(t *testing.T, s *testbed) string {
			_, err := oddscachev1.NewScraperServiceClient(s.dial(t, s.scraper, s.as(t, aClient), "")).
				GetCycle(t.Context(), &oddscachev1.GetCycleRequest{CycleId: "../../etc/passwd"})
			return met(err)
		}},
		{"cache: a message of 5 MB", "RESOURCE_EXHAUSTED: grpc: received message larger than max (5242885 vs. 4194304)", lookup(func(ctx context.Context, _ *testbed, c oddscachev1.OddsCacheServiceClient) error {
			_, err := c.GetEvent(ctx, &oddscachev1.GetEventRequest{Bookmakers: []string{strings.Repeat("b", 5<<20)}})
			return err
		})},
		{"cache: a message of 5 MB on a stream", "RESOURCE_EXHAUSTED: grpc: received message larger than max (5242885 vs. 4194304)", lookup(func(ctx context.Context, _ *testbed, c oddscachev1.OddsCacheServiceClient) error {
			stream, err := c.LookupEvents(ctx)
			if err == nil {
				_ = stream.Send(&oddscachev1.LookupEventsRequest{Bookmakers: []string{strings.Repeat("b", 5<<20)}})
				_, err = stream.Recv()
			}
			return err
		})},
		{"cache: a page of 2,147,483,647 events with their snapshots", "OK, a page of at most 20 events", func(t *testing.T, s *testbed) string {
			page, err := s.lookups(t, "wire").ListEvents(t.Context(), &oddscachev1.ListEventsRequest{PageSize: 1<<31 - 1, IncludeSnapshots: true})
			if len(page.GetEvents()) > 20 {
				t.Errorf("a page of %d events", len(page.GetEvents()))
			}
			return met(err) + ", a page of at most 20 events"
		}},
		{"cache: a page of -1 events", "INVALID_ARGUMENT INVALID_FIELD: page_size: is -1, must not be negative", lookup(func(ctx context.Context, _ *testbed, c oddscachev1.OddsCacheServiceClient) error {
			_, err := c.ListEvents(ctx, &oddscachev1.ListEventsRequest{PageSize: -1})
			return err
		})},
		{"cache: a page token of nonsense", "INVALID_ARGUMENT INVALID_FIELD: page_token: is not a token of an answer to this request with the same filters", lookup(func(ctx context.Context, _ *testbed, c oddscachev1.OddsCacheServiceClient) error {
			_, err := c.ListEvents(ctx, &oddscachev1.ListEventsRequest{PageToken: "AAAA"})
			return err
		})},
		{"cache: a page token of another request", "INVALID_ARGUMENT INVALID_FIELD: page_token: is not a token of an answer to this request with the same filters", lookup(func(ctx context.Context, _ *testbed, c oddscachev1.OddsCacheServiceClient) error {
			page, err := c.ListEvents(ctx, &oddscachev1.ListEventsRequest{PageSize: 1})
			if err == nil {
				_, err = c.ListEvents(ctx, &oddscachev1.ListEventsRequest{PageToken: page.GetNextPageToken(), Country: "other"})
			}
			return err
		})},
		{"cache: a batch of 501 keys", "INVALID_ARGUMENT INVALID_FIELD: keys: has 501 entries, at most 500 are allowed", batch(501)},
		{"cache: a batch of 100,000 keys", "INVALID_ARGUMENT INVALID_FIELD: keys: has 100000 entries, at most 500 are allowed", batch(100_000)},
		{"cache: an empty batch", "INVALID_ARGUMENT INVALID_FIELD: keys: has 0 entries, at least 1 are needed", batch(0)},
		{"cache: a key that is no number", "INVALID_ARGUMENT INVALID_FIELD: sr_id: has to be digits only, the first of them not 0, such as 68995116", lookup(func(ctx context.Context, _ *testbed, c oddscachev1.OddsCacheServiceClient) error {
			_, err := c.GetEvent(ctx, &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: "1\x00OR 1=1"}})
			return err
		})},
		{"cache: an unknown bookmaker", "OK, no snapshots", func(t *testing.T, s *testbed) string {
			r := s.request()
			r.Bookmakers = []string{"nobody"}
			e, err := s.lookups(t, "wire").GetEvent(t.Context(), r)
			if len(e.GetSnapshots()) > 0 {
				t.Errorf("%d snapshots of nobody", len(e.GetSnapshots()))
			}
			return met(err) + ", no snapshots"
		}},
		{"cache: a min_revision of the far future", "UNAVAILABLE REVISION_NOT_REACHED", func(t *testing.T, s *testbed) string {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			r := s.request()
			r.MinRevision = 1<<63 - 1
			_, err := s.lookups(t, "wire").GetEvent(ctx, r)
			text, _, _ := strings.Cut(met(err), ":")
			return text
		}},
		{"cache: a negative min_revision", "INVALID_ARGUMENT INVALID_FIELD: min_revision: is -1, must not be negative", lookup(func(ctx context.Context, s *testbed, c oddscachev1.OddsCacheServiceClient) error {
			r := s.request()
			r.MinRevision = -1
			_, err := c.GetEvent(ctx, r)
			return err
		})},
		{"cache: a watch from a negative revision", "INVALID_ARGUMENT INVALID_FIELD: revision: is -1, must not be negative", watchWith(&oddscachev1.WatchEventsRequest{Epoch: "e", Revision: -1})},
		{"cache: a watch from an epoch that never was", "OUT_OF_RANGE EPOCH_CHANGED", func(t *testing.T, s *testbed) string {
			text, _, _ := strings.Cut(met(watch(t.Context(), s.lookups(t, "wire"), &oddscachev1.WatchEventsRequest{Epoch: "e", Revision: 1})), ":")
			return text
		}},
		{"cache: a watch of 501 events", "INVALID_ARGUMENT INVALID_FIELD: sr_ids: has 501 entries, at most 500 are allowed", watchWith(&oddscachev1.WatchEventsRequest{SrIds: make([]string, 501)})},
		{"cache: watches beyond the cache's limit", "RESOURCE_EXHAUSTED TOO_MANY_WATCHES: 20 watches are open, no more are allowed", func(t *testing.T, s *testbed) string {
			client := s.lookups(t, "wire")
			for range maxWatches {
				hold(t, client)
			}
			return met(watch(t.Context(), client, &oddscachev1.WatchEventsRequest{}))
		}},
		{"cache: an unknown method", "UNIMPLEMENTED: unknown method DropEverything for service oddscache.v1.OddsCacheService", invoke("/oddscache.v1.OddsCacheService/DropEverything")},
		{"cache: an unknown service", "UNIMPLEMENTED: unknown service oddscache.v1.Admin", invoke("/oddscache.v1.Admin/Shutdown")},
		{"cache: the feed's method", "UNIMPLEMENTED: unknown service oddscache.v1.SnapshotFeedService", invoke(oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName)},
		{"cache: a method of a path", "UNIMPLEMENTED: unknown service ../../etc", invoke("/../../etc/passwd")},
	}
}

// history asks for a history, as a client who may.
func history(r *oddscachev1.ListOddsHistoryRequest) func(*testing.T, *testbed) string {
	return func(t *testing.T, s *testbed) string {
		_, err := oddscachev1.NewHistoryServiceClient(s.dial(t, s.scraper, s.as(t, aClient), "")).ListOddsHistory(t.Context(), r)
		return met(err)
	}
}

// lookup calls the cache with a token that has no limits.
func lookup(call func(context.Context, *testbed, oddscachev1.OddsCacheServiceClient) error) func(*testing.T, *testbed) string {
	return func(t *testing.T, s *testbed) string {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		return met(call(ctx, s, s.lookups(t, "wire")))
	}
}

func batch(n int) func(*testing.T, *testbed) string {
	return lookup(func(ctx context.Context, s *testbed, c oddscachev1.OddsCacheServiceClient) error {
		_, err := c.BatchGetEvents(ctx, &oddscachev1.BatchGetEventsRequest{Keys: s.keys(n)})
		return err
	})
}

func invoke(method string) func(*testing.T, *testbed) string {
	return func(t *testing.T, s *testbed) string {
		conn := s.dial(t, s.cache, s.as(t), s.tokens["wire"])
		return met(conn.Invoke(t.Context(), method, &oddscachev1.GetStatsRequest{}, &oddscachev1.GetStatsResponse{}, grpc.MaxCallSendMsgSize(1<<30)))
	}
}

func codeOf(n uint32) codes.Code { return codes.Code(n) }
