package oddsclient

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// stream is one LookupEvents. Callers put requests into its queue; one goroutine opens it and sends, another receives
// and hands responses out. Callers so never wait for each other, nor for a peer that does not read.
type stream struct {
	ctx    context.Context //nolint:containedctx // the stream's own
	cancel context.CancelFunc
	born   time.Time
	wake   chan struct{} // has room for one: something was queued, or the stream is retired

	mu      sync.Mutex // guards what follows
	lastID  uint64
	queue   [][]byte
	waiting map[uint64]chan reply
	retired bool // takes no more requests, and ends when all have their responses
	broken  bool
}

// reply is what one request gets.
type reply struct {
	response *response
	err      error
}

// newStream makes a stream that ends with life; run opens it.
func newStream(life context.Context) *stream {
	s := &stream{born: time.Now(), wake: make(chan struct{}, 1), waiting: make(map[uint64]chan reply)}
	s.ctx, s.cancel = context.WithCancel(life)
	return s
}

// enqueue takes a request, unless the stream has ended.
func (s *stream) enqueue(request []byte) (id uint64, replies <-chan reply, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired || s.broken {
		return 0, nil, false
	}
	s.lastID++
	r := make(chan reply, 1) // the receiver does not wait for a caller that went away
	s.waiting[s.lastID] = r
	s.queue = append(s.queue, withID(request, s.lastID))
	s.nudge()
	return s.lastID, r, true
}

// nudge wakes the sender.
func (s *stream) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// forget gives up on a request; its response is dropped when it comes.
func (s *stream) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}

// retire lets the stream end when all requests have their responses.
func (s *stream) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = true
	s.nudge()
}

// ended reports whether the stream takes no more requests.
func (s *stream) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retired || s.broken
}

// run opens the stream and lives as long as it does.
func (s *stream) run(conn grpc.ClientConnInterface) {
	defer s.cancel()
	rpc, err := conn.NewStream(s.ctx, &oddscachev1.OddsCacheService_ServiceDesc.Streams[0],
		oddscachev1.OddsCacheService_LookupEvents_FullMethodName, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		s.breakWith(err)
		return
	}
	var receiving sync.WaitGroup
	receiving.Go(func() { // ends with the rpc
		defer s.cancel()
		s.breakWith(s.receive(rpc))
	})
	s.send(rpc)
	receiving.Wait()
}

// send sends what is queued until the stream ends or is retired.
func (s *stream) send(rpc grpc.ClientStream) {
	var batch [][]byte
	for {
		select {
		case <-s.wake:
		case <-s.ctx.Done():
			return
		}
		s.mu.Lock()
		batch, s.queue = s.queue, batch[:0] // the two take turns
		retired := s.retired
		s.mu.Unlock()
		for i, request := range batch {
			if err := rpc.SendMsg(rawpb.New(request)); err != nil {
				return // the receiver gets the stream's status
			}
			batch[i] = nil
		}
		if retired {
			_ = rpc.CloseSend() // never fails; the receiver sees how the stream ends
			return
		}
	}
}

// receive hands responses out until the stream ends, and returns why it did.
func (s *stream) receive(rpc grpc.ClientStream) error {
	for {
		var m rawpb.Message
		if err := rpc.RecvMsg(&m); err != nil {
			return err //nolint:wrapcheck // it is gRPC's own, with its code
		}
		a, err := parse(m.Bytes())
		if err != nil {
			return status.Error(codes.Internal, err.Error()) //nolint:wrapcheck // it goes to callers as the stream's end
		}
		s.mu.Lock()
		r := s.waiting[a.id]
		delete(s.waiting, a.id)
		s.mu.Unlock()
		if r != nil {
			r <- reply{response: a}
		}
	}
}

// breakWith ends the stream for all who wait. A peer that ended it without a response is treated as one that went away.
func (s *stream) breakWith(err error) {
	if errors.Is(err, io.EOF) {
		err = status.Error(codes.Unavailable, "the cache ended the stream of lookups")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
	for id, r := range s.waiting {
		delete(s.waiting, id)
		r <- reply{err: err}
	}
}
