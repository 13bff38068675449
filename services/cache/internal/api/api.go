// Package api implements the rpcs of OddsCacheService over a store.
//
// A handler validates the request, takes one view of the store, looks up, and puts the response together from frames that
// exist already (package frame). It returns the store's errors as they are; Errors is the table of what they become.
//
//   - GetEvent and LookupEvents share lookup, which reads a request without reflection (lookup_read.go), and found, which
//     makes the response. They are the hot path: a lookup of a few markets takes two allocations in the handler.
//   - BatchGetEvents, ListEvents and ResolveCompetitorEvents are about many events and queue for a processor (queue.go).
//   - WatchEvents sends what package watch finds (watch.go, watch_send.go).
//
// All responses are raw messages (rawpb), so the handlers are registered over the generated description, in desc.go. What a
// response says of its state is in freshness.go: the part that all responses of one publication have in common is encoded
// once.
package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// Reasons of this service's errors.
const (
	ReasonWarming       = "WARMING"
	ReasonNotReached    = "REVISION_NOT_REACHED"
	ReasonEventNotFound = "EVENT_NOT_FOUND"
)

// errNotFound says that no event has the key.
var errNotFound = errors.New("the cache holds no event with this key")

// errTooManyWaiting says that a stream has too many lookups that wait for their revisions.
var errTooManyWaiting = fmt.Errorf("%d lookups of the stream wait for their revisions, no more are allowed", maxWaiting)

// warmingRetry is how long callers are to wait, by the RetryInfo, while the first full sync runs.
const warmingRetry = time.Second

// Errors is the table of what the service's errors become.
func Errors() (*rpcerr.Table, error) {
	return rpcerr.NewTable(append(slices.Concat(watchRules(), guard.Rules()), // the guard's, for the lookups of a stream
		rpcerr.Is(errNotFound, codes.NotFound, ReasonEventNotFound),
		rpcerr.Is(errTooManyWaiting, codes.ResourceExhausted, ReasonTooManyWaiting).RetryAfter(warmingRetry),
		rpcerr.Is(store.ErrWarming, codes.Unavailable, ReasonWarming).RetryAfter(warmingRetry),
		rpcerr.As(codes.Unavailable, ReasonNotReached, func(e *store.NotReachedError) map[string]string {
			return map[string]string{
				"minRevision": strconv.FormatInt(e.Wanted, 10), "visibleRevision": strconv.FormatInt(e.Visible, 10),
			}
		}),
	)...)
}

// Server answers lookups. Use New.
type Server struct {
	store   *store.Store
	lookups *Lookups
	watches *watch.Watches
	queue   batchQueue // of calls about many events

	gets, streamed methodCounters // of GetEvent and LookupEvents

	getInfo grpc.UnaryServerInfo // of GetEvent
}

// New makes a server over a store that somebody else fills, and watches of it. It counts in lookups.
func New(s *store.Store, lookups *Lookups, watches *watch.Watches) *Server {
	server := &Server{
		store: s, lookups: lookups, watches: watches, queue: newBatchQueue(),
		gets: lookups.of(MethodGetEvent), streamed: lookups.of(MethodLookupEvents),
	}
	server.getInfo = grpc.UnaryServerInfo{Server: server, FullMethod: oddscachev1.OddsCacheService_GetEvent_FullMethodName}
	return server
}

// find looks a key up and counts it.
func (s *Server) find(method string, v store.View, k key) *store.Event {
	e := k.in(v)
	s.lookups.add(method, e != nil)
	return e
}

// maxWait bounds the wait for a revision when the call has no deadline.
const maxWait = 30 * time.Second

// view takes what is served, of at least the given revision. When that does not come in time the error names the revision
// that is visible; so that it reaches the caller, the wait ends a little before the call's own deadline.
func (s *Server) view(ctx context.Context, revision int64) (store.View, error) {
	v, err := s.store.View()
	if err != nil || v.Revision() >= revision {
		return v, err
	}
	wait := maxWait
	if deadline, has := ctx.Deadline(); has {
		left := time.Until(deadline)
		wait = min(wait, left-min(left/10, 100*time.Millisecond))
	}
	err = outsideQueue(ctx, func() error {
		v, err = s.wait(ctx, revision, wait)
		return err
	})
	return v, err
}

// wait waits for a view of at least the given revision.
func (s *Server) wait(ctx context.Context, revision int64, most time.Duration) (store.View, error) {
	waiting, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return s.store.Wait(waiting, revision)
}
