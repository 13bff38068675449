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

// lookupStream answers one LookupEvents.
type lookupStream struct {
	server *Server
	stream grpc.ServerStream
	table  *rpcerr.Table
	caller *tokens.Token // nil when nobody is asked for one

	waiting sync.WaitGroup // lookups that wait for their revisions; each ends with the stream's context at the latest
	slots   chan struct{}  // as many as may wait

	mu     sync.Mutex // held while sending: one message at a time, and none after the handler returned
	closed bool
}

// lookupEvents is the rpc's handler. It returns when the client has ended its side and everything is answered, or when
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
	go func() { ended <- s.answerAll(stream.Context()) }() // ends with the stream, which the handler's return makes it do
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

// answerAll answers until the client ends its side.
func (s *lookupStream) answerAll(ctx context.Context) error {
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
			err = s.answer(ctx, &q, request.Bytes())
			request.Free()
		}
		if err != nil {
			return err
		}
	}
}

// answer answers one request, now or when its revision is there.
func (s *lookupStream) answer(ctx context.Context, q *lookup, request []byte) error {
	err := q.read(request)
	if err != nil && status.Code(err) != codes.Unknown { // no message: nobody could tell whose answer it is
		return err
	}
	v, viewErr := s.server.store.View()
	if err == nil {
		err = q.validate()
	}
	if err == nil && s.caller != nil {
		err = s.caller.Take(1)
	}
	if err == nil && viewErr == nil && v.Revision() < q.minRevision && q.patience() > 0 {
		return s.await(ctx, request)
	}
	return s.send(s.answered(ctx, q, v, errors.Join(err, viewErr)))
}

// answered is the answer as of a view.
func (s *lookupStream) answered(ctx context.Context, q *lookup, v store.View, err error) *rawpb.Message {
	if err == nil && v.Revision() < q.minRevision {
		err = &store.NotReachedError{Wanted: q.minRevision, Visible: v.Revision()}
	}
	if err == nil {
		e := q.key.in(v)
		s.server.streamed.add(e != nil)
		if e != nil {
			return lookedUp(q, v, e)
		}
		err = errNotFound
	}
	return failed(ctx, q, v, err, s.table)
}

// await answers a lookup when its revision is there or its time is over. Others go on meanwhile.
func (s *lookupStream) await(ctx context.Context, request []byte) error {
	own := &lookup{} // the lookup's memory goes to the next request, and so do the request's bytes
	if err := own.read(bytes.Clone(request)); err != nil {
		return err
	}
	select {
	case s.slots <- struct{}{}:
	default:
		v := s.server.store.Served().View()
		return s.send(failed(ctx, own, v, errTooManyWaiting, s.table))
	}
	s.waiting.Go(func() {
		defer func() { <-s.slots }()
		v, err := s.server.wait(ctx, own.minRevision, own.patience())
		_ = s.send(s.answered(ctx, own, v, err)) // an error ends the stream's RecvMsg too, which reports it
	})
	return nil
}

// send sends one answer.
func (s *lookupStream) send(m *rawpb.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return io.EOF
	}
	if err := s.stream.SendMsg(m); err != nil {
		return fmt.Errorf("sending an answer: %w", err)
	}
	return nil
}
