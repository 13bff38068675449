package replica

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// message is what arrived: a batch, anything else that the source sends, or the stream's end. Exactly one of them is set.
type message struct {
	batch *feedlog.Batch
	other *oddscachev1.StreamSnapshotsResponse
	err   error
}

// inboxRoom is how many messages are decoded ahead of the one that is being applied: a core decodes while another
// applies, and no more than a few MB wait.
const inboxRoom = 1

// read fills the inbox until the stream ends, whose reason is the last thing in it.
func (s *session) read() {
	for {
		m := s.receive()
		select {
		case s.inbox <- m:
		case <-s.ctx.Done():
			return
		}
		if m.err != nil {
			return
		}
	}
}

// next takes the next message out of the inbox. When the session has ended, its cause is the message.
func (s *session) next() message {
	select {
	case m := <-s.inbox:
		return m
	case <-s.ctx.Done():
		return message{err: s.cause(s.ctx.Err())}
	}
}

// receive takes the next message off the stream and decodes it. Only one goroutine at a time may call it. The timer runs
// while nothing is there to be read, and not while the inbox is full: a replica that takes its time is not a source that is
// silent.
func (s *session) receive() message {
	s.receiveTimer.Reset(Silence)
	var m rawpb.Pooled
	if err := s.stream.RecvMsg(&m); err != nil {
		return message{err: s.cause(fmt.Errorf("receiving from the source: %w", err))}
	}
	defer m.Free() // what is decoded has copies of its own
	if !s.receiveTimer.Stop() {
		return message{err: s.cause(errSilent)}
	}
	if body, is := feedlog.BatchIn(m.Bytes()); is {
		b, err := feedlog.DecodeBatch(body, s.r.decodePacer.Step)
		if err != nil {
			return message{err: fmt.Errorf("decoding batch of %d bytes: %w", len(body), err)}
		}
		return message{batch: &b}
	}
	other := &oddscachev1.StreamSnapshotsResponse{}
	if err := proto.Unmarshal(m.Bytes(), other); err != nil {
		return message{err: fmt.Errorf("decoding message: %w", errors.Join(errProtocol, err))}
	}
	return message{other: other}
}
