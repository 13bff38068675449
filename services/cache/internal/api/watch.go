package api

import (
	"fmt"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// Reasons of watches that cannot go on.
const (
	ReasonEpochChanged   = "EPOCH_CHANGED"
	ReasonCompacted      = "REVISION_COMPACTED"
	ReasonTooManyWatches = "TOO_MANY_WATCHES"
)

// maxSrIDs bounds the events that a watch can name.
const maxSrIDs = 500

// watchRules are the rules of the error table for what ends a watch.
func watchRules() []rpcerr.Rule {
	return []rpcerr.Rule{
		rpcerr.As(codes.OutOfRange, ReasonEpochChanged, func(e *watch.EpochError) map[string]string {
			return map[string]string{"epoch": e.Requested, "servedEpoch": e.Served}
		}),
		rpcerr.As(codes.OutOfRange, ReasonCompacted, func(e *watch.CompactedError) map[string]string {
			return map[string]string{"revision": strconv.FormatInt(e.Revision, 10), "oldestRevision": strconv.FormatInt(e.Oldest, 10)}
		}),
		rpcerr.As(codes.ResourceExhausted, ReasonTooManyWatches, func(e *watch.TooManyError) map[string]string {
			return map[string]string{"limit": strconv.Itoa(e.Limit)}
		}).RetryAfter(warmingRetry),
	}
}

// watchEvents is the rpc's handler. It returns when the stream's context ends, as it does when the caller leaves and when
// the server stops, or when the watch cannot go on.
func watchEvents(srv any, stream grpc.ServerStream) error {
	server, ok := srv.(*Server)
	if !ok {
		return fmt.Errorf("WatchEvents is registered with a %T", srv)
	}
	var r oddscachev1.WatchEventsRequest
	if err := stream.RecvMsg(&r); err != nil {
		return err //nolint:wrapcheck // it is a status already
	}
	request, err := watchRequest(&r)
	if err != nil {
		return err
	}
	to := &watchStream{stream: stream, part: frame.NewFilter(r.GetBookmakers(), r.GetMarketIds())}
	return server.watches.Follow(stream.Context(), request, to)
}

// watchRequest validates a request.
func watchRequest(r *oddscachev1.WatchEventsRequest) (watch.Request, error) {
	if err := validFilter(r.GetBookmakers(), r.GetMarketIds(), 0); err != nil {
		return watch.Request{}, err
	}
	filter := watch.Filter{
		Country: r.GetCountry(), Tournament: r.GetTournament(), Bookmakers: r.GetBookmakers(),
		Confirmations: r.GetIncludeConfirmations(),
	}
	var err error
	if filter.From, filter.To, err = window(r.GetKickoffFrom(), r.GetKickoffTo()); err != nil {
		return watch.Request{}, err
	}
	if filter.SrIDs, err = srIDs(r.GetSrIds()); err != nil {
		return watch.Request{}, err
	}
	for _, f := range []struct{ field, value string }{
		{"country", r.GetCountry()}, {"tournament", r.GetTournament()}, {"epoch", r.GetEpoch()},
	} {
		if f.value != "" {
			if err := validID(f.field, f.value); err != nil {
				return watch.Request{}, err
			}
		}
	}
	switch revision := r.GetRevision(); {
	case revision < 0:
		return watch.Request{}, rpcerr.Invalid("revision", "is %d, must not be negative", revision).WithLimit(0)
	case revision > 0 && r.GetEpoch() == "":
		return watch.Request{}, rpcerr.Invalid("epoch", "has to be given with a revision, which means nothing without it")
	}
	return watch.Request{Filter: filter, Epoch: r.GetEpoch(), Revision: r.GetRevision()}, nil
}

// srIDs reads the ids of the events that a watch names; nil for all events.
func srIDs(ids []string) (map[string]struct{}, error) {
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // a set of all ids
	}
	if err := validList("sr_ids", ids, maxSrIDs); err != nil {
		return nil, err
	}
	set := make(map[string]struct{}, len(ids))
	for i, id := range ids {
		if !isSrID(id) {
			return nil, rpcerr.Invalid(fmt.Sprintf("sr_ids[%d]", i), srIDRule)
		}
		set[id] = struct{}{}
	}
	return set, nil
}
