// Package api answers the rpcs of OddsCacheService from a store.
//
// GetEvent, BatchGetEvents and ListEvents answer with frames that exist already and are therefore registered with
// handlers of their own, over the generated description; the others are ordinary. Handlers validate, ask the store and
// put the answer together; they return the store's errors as they are, and Errors says what becomes of them.
//
// It is not for following the feed (replica) and knows nothing of servers and listeners.
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

// warmingRetry is what callers are told to wait while the first full sync runs.
const warmingRetry = time.Second

// Errors is the table of what the service's errors become.
func Errors() (*rpcerr.Table, error) {
	return rpcerr.NewTable(append(slices.Concat(watchRules(), guard.Rules()), // access's for the lookups of a stream
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
	turns   turns // of calls about many events

	gets, streamed counted // of GetEvent and LookupEvents

	getInfo grpc.UnaryServerInfo // of GetEvent
}

// New makes a server over a store that somebody else fills, and watches of it. It counts in lookups.
func New(s *store.Store, lookups *Lookups, watches *watch.Watches) *Server {
	server := &Server{
		store: s, lookups: lookups, watches: watches, turns: newTurns(),
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

// view takes what is served, of at least the given revision. When that does not come in time the caller is told which
// revision is visible, and so the wait ends a little before the call's own deadline.
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
	err = withoutTurn(ctx, func() error {
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
