package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// session is one stream. The goroutine of Run owns it; read has a goroutine of its own.
type session struct {
	r      *Replica
	ctx    context.Context //nolint:containedctx // the stream's own; it ends with the session
	stream grpc.ClientStream
	cancel context.CancelCauseFunc

	receiveTimer *time.Timer // ends the stream when nothing arrives; stopped while the inbox is full
	sendTimer    *time.Timer // ends the stream when the source does not read; stopped while nothing is being sent

	inbox   chan message
	reading sync.WaitGroup // the goroutine that fills the inbox; it ends with the stream

	// index is the one that batches go to. While staging, it is another one than lookups read, and everything that it is
	// sent is published in it at once; it is served when it is caught up.
	index   *store.Index
	staging bool

	mismatched bool // the digest of this stream was not the source's; logged once

	unpublished unpublished // what lookups do not see yet
}

// open begins a stream and subscribes. The caller closes the session.
func (r *Replica) open(ctx context.Context) (*session, error) {
	s := &session{r: r, inbox: make(chan message, inboxRoom)}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.receiveTimer = time.AfterFunc(Silence, func() { s.cancel(errSilent) })
	s.sendTimer = time.AfterFunc(Silence, func() { s.cancel(errSilent) })
	if err := s.subscribe(); err != nil {
		err = s.cause(err)
		s.close()
		return nil, err
	}
	return s, nil
}

// subscribe opens the stream and says what the replica has: the epoch, and the revision unless a full sync is wanted.
func (s *session) subscribe() error {
	var err error
	s.stream, err = s.r.cfg.Conn.NewStream(s.ctx, &oddscachev1.SnapshotFeedService_ServiceDesc.Streams[0],
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		return fmt.Errorf("opening the stream: %w", err)
	}
	//failpoint:replica.before_subscribe
	subscribe := &oddscachev1.Subscribe{ReplicaId: s.r.cfg.ID}
	if x := s.r.cfg.Store.Served(); x != nil {
		subscribe.Epoch = x.Epoch()
		if !s.r.wantFullSync {
			subscribe.Revision = x.Log().Head
		}
	}
	s.index = s.r.cfg.Store.Served()
	err = s.send(&oddscachev1.StreamSnapshotsRequest{
		Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{Subscribe: subscribe},
	})
	if errors.Is(err, io.EOF) {
		return nil // the first message says why
	}
	return err
}

// close ends the stream, waits for its goroutine and frees what belongs to it.
func (s *session) close() {
	s.cancel(context.Canceled)
	s.reading.Wait()
	s.receiveTimer.Stop()
	s.sendTimer.Stop()
}

// cause is why the stream ended, when this side ended it, else err. gRPC says "canceled" for a timer that ran out, too.
func (s *session) cause(err error) error {
	if s.ctx.Err() == nil {
		return err
	}
	return errors.Join(context.Cause(s.ctx), err)
}

// send sends a message. It returns io.EOF when the source has ended the stream; the reason is the last message.
func (s *session) send(m *oddscachev1.StreamSnapshotsRequest) error {
	s.sendTimer.Reset(Silence)
	defer s.sendTimer.Stop()
	if err := s.stream.SendMsg(m); err != nil {
		return s.cause(fmt.Errorf("sending to the source: %w", err))
	}
	return nil
}
