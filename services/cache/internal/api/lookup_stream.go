package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// maxWaiting bounds the lookups of one stream that wait for their revisions at the same time.
const maxWaiting = 1000

// ReasonTooManyWaiting is the reason of lookups that would be one more.
const ReasonTooManyWaiting = "TOO_MANY_WAITING"

// lookupStream serves one LookupEvents. One goroutine reads requests and responds to those that need not wait; each one that
// waits for its revision has a goroutine of its own, so that it holds up no other.
type lookupStream struct {
	server *Server
	stream grpc.ServerStream
	table  *rpcerr.Table
	caller *tokens.Token // nil when none is needed

	waiting sync.WaitGroup // lookups that wait for their revisions; each ends with the stream's context at the latest
	slots   chan struct{}  // as many as may wait

	mu     sync.Mutex // held while sending: one message at a time, and none after the handler returned
	closed bool
}

// lookupEvents is the rpc's handler. It returns when the client has ended its side and everything is responded to, or when
// the stream's context ends, as it does when the server stops.
func lookupEvents(srv any, stream grpc.ServerStream) error {
	server, ok := srv.(*Server)
	if !ok {
		return fmt.Errorf("LookupEvents is registered with a %T", srv)
	}
	table, err := Errors()
	if err != nil {
		return fmt.Errorf("making the error table: %w", err)
	}
	s := &lookupStream{server: server, stream: stream, table: table, slots: make(chan struct{}, maxWaiting)}
	s.caller = guard.CallerOf(stream.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(stream.Context()) }() // ends with the stream, which the handler's return makes it do
	select {
	case err := <-ended:
		return err
	case <-stream.Context().Done():
		s.close()
		return fmt.Errorf("answering lookups: %w", context.Cause(stream.Context()))
	}
}

// close keeps anything more from being sent.
func (s *lookupStream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// serve responds to requests until the client ends its side.
func (s *lookupStream) serve(ctx context.Context) error {
	var (
		request rawpb.Pooled
		q       lookup // its memory is reused from request to request
	)
	for {
		err := s.stream.RecvMsg(&request)
		if errors.Is(err, io.EOF) {
			s.waiting.Wait()
			return nil
		}
		if err == nil {
			err = s.handle(ctx, &q, request.Bytes())
			request.Free()
		}
		if err != nil {
			return err
		}
	}
}

// handle responds to one request, now or when its revision is there. Its error ends the stream; whatever is wrong with the
// lookup itself is a failure response.
func (s *lookupStream) handle(ctx context.Context, q *lookup, request []byte) error {
	err := q.read(request)
	if err != nil && status.Code(err) != codes.Unknown { // not a message: the response would have no id
		return err
	}
	v, viewErr := s.server.store.View()
	if err == nil {
		err = q.validate()
	}
	if err == nil && s.caller != nil {
		err = s.caller.Take(1)
	}
	if err == nil && viewErr == nil && v.Revision() < q.minRevision && q.waitTimeout() > 0 {
		return s.await(ctx, request)
	}
	return s.send(s.response(ctx, q, v, errors.Join(err, viewErr)))
}

// response is the response as of a view.
func (s *lookupStream) response(ctx context.Context, q *lookup, v store.View, err error) *rawpb.Message {
	if err == nil && v.Revision() < q.minRevision {
		err = &store.NotReachedError{Wanted: q.minRevision, Visible: v.Revision()}
	}
	if err == nil {
		e := q.key.in(v)
		s.server.streamed.add(e != nil)
		if e != nil {
			return foundResponse(q, v, e)
		}
		err = errNotFound
	}
	return failureResponse(ctx, q, v, err, s.table)
}

// await responds to a lookup when its revision is there or its time is over. Others go on meanwhile.
func (s *lookupStream) await(ctx context.Context, request []byte) error {
	own := &lookup{} // the lookup's memory goes to the next request, and so do the request's bytes
	if err := own.read(bytes.Clone(request)); err != nil {
		return err
	}
	select {
	case s.slots <- struct{}{}:
	default:
		v := s.server.store.Served().View()
		return s.send(failureResponse(ctx, own, v, errTooManyWaiting, s.table))
	}
	s.waiting.Go(func() {
		defer func() { <-s.slots }()
		v, err := s.server.wait(ctx, own.minRevision, own.waitTimeout())
		_ = s.send(s.response(ctx, own, v, err)) // an error ends the stream's RecvMsg too, which reports it
	})
	return nil
}

// send sends one response. It returns io.EOF after close.
func (s *lookupStream) send(m *rawpb.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return io.EOF
	}
	if err := s.stream.SendMsg(m); err != nil {
		return fmt.Errorf("sending a response: %w", err)
	}
	return nil
}
