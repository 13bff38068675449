package oddsclient

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// firstAge is how long a slot's first stream is used. It was opened while connections came up, and leads to whichever
// replica was reached first, like all the others'.
const firstAge = 5 * time.Second

// slot is the place of one stream, and of its successor when it is broken or old.
type slot struct {
	conn grpc.ClientConnInterface
	life context.Context //nolint:containedctx // ends with the client
	age  time.Duration

	mu      sync.Mutex // guards what follows; held for no longer than it takes to look
	current *stream
	settled bool           // the slot has had a stream before the current one
	running sync.WaitGroup // the goroutines of all streams that the slot had
	over    bool           // no stream begins any more
}

// request makes a request over the slot's stream. It returns a status when the stream broke before the response came.
func (s *slot) request(ctx context.Context, request []byte) (*response, error) {
	for {
		st := s.stream()
		if st == nil {
			return nil, ErrClosed
		}
		id, reply, taken := st.enqueue(request)
		if !taken {
			continue // it ended just now; the next one is another
		}
		select {
		case <-ctx.Done():
			st.forget(id)
			return nil, ctx.Err()
		case r := <-reply:
			return r.response, r.err
		}
	}
}

// stream is the stream to use now; nil after the client's end.
func (s *slot) stream() *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.life.Err() != nil {
		return nil
	}
	if s.current != nil && !s.current.ended() {
		age := s.age
		if !s.settled {
			age = min(age, firstAge)
		}
		if time.Since(s.current.born) < age {
			return s.current
		}
		s.current.retire()
	}
	s.settled = s.current != nil
	st := newStream(s.life)
	s.running.Go(func() { st.run(s.conn) }) // ends with the stream, at the latest with the client
	s.current = st
	return st
}

// waitGone waits for the end of all streams after the client's.
func (s *slot) waitGone() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.running.Wait()
}
