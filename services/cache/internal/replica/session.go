package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// session is one stream.
type session struct {
	r      *Replica
	ctx    context.Context //nolint:containedctx // the stream's own; it ends with the session
	stream grpc.ClientStream
	cancel context.CancelCauseFunc
	silent *time.Timer // ends the stream; stopped while a batch is applied
	rest   *time.Timer // ends a rest of a full sync

	index *store.Index // the one that batches go to
	aside bool         // it is not served yet

	mismatched bool // the digest of this stream was not the source's; logged once

	unseen unseen // what lookups do not see yet
}

// open begins a stream and subscribes.
func (r *Replica) open(ctx context.Context) (*session, error) {
	s := &session{r: r}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.silent = time.AfterFunc(Silence, func() { s.cancel(errSilent) })
	s.rest = time.NewTimer(time.Hour)
	if err := s.subscribe(); err != nil {
		err = s.cause(err)
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) subscribe() error {
	var err error
	s.stream, err = s.r.cfg.Conn.NewStream(s.ctx, &oddscachev1.SnapshotFeedService_ServiceDesc.Streams[0],
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		return fmt.Errorf("opening the stream: %w", err)
	}
	subscribe := &oddscachev1.Subscribe{ReplicaId: s.r.cfg.ID}
	if x := s.r.cfg.Store.Served(); x != nil {
		subscribe.Epoch = x.Epoch()
		if !s.r.wantFull {
			subscribe.Revision = x.Log().Head
		}
	}
	s.index = s.r.cfg.Store.Served()
	return s.send(&oddscachev1.StreamSnapshotsRequest{
		Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{Subscribe: subscribe},
	})
}

// close ends the stream and frees what belongs to it.
func (s *session) close() {
	s.silent.Stop()
	s.rest.Stop()
	s.cancel(context.Canceled)
}

// cause is why the stream ended, when that was this side's doing, else err.
func (s *session) cause(err error) error {
	if s.ctx.Err() == nil {
		return err
	}
	return errors.Join(context.Cause(s.ctx), err)
}

// send sends a message. When the source has ended the stream, its status is behind what it sent before.
func (s *session) send(m *oddscachev1.StreamSnapshotsRequest) error {
	err := s.stream.SendMsg(m)
	if errors.Is(err, io.EOF) {
		for err = nil; err == nil; {
			err = s.stream.RecvMsg(&rawpb.Message{})
		}
	}
	if err != nil {
		return fmt.Errorf("sending to the source: %w", err)
	}
	return nil
}

// receive takes the next message off the stream: a batch, or anything else decoded.
func (s *session) receive() (batch *feedlog.Batch, other *oddscachev1.StreamSnapshotsResponse, err error) {
	s.silent.Reset(Silence)
	var m rawpb.Message
	if err := s.stream.RecvMsg(&m); err != nil {
		return nil, nil, s.cause(fmt.Errorf("receiving from the source: %w", err))
	}
	if !s.silent.Stop() {
		return nil, nil, s.cause(errSilent)
	}
	if body, is := feedlog.BatchIn(m.Bytes()); is {
		b, err := feedlog.DecodeBatch(body)
		if err != nil {
			return nil, nil, fmt.Errorf("decoding batch of %d bytes: %w", len(body), err)
		}
		return &b, nil, nil
	}
	other = &oddscachev1.StreamSnapshotsResponse{}
	if err := proto.Unmarshal(m.Bytes(), other); err != nil {
		return nil, nil, fmt.Errorf("decoding message: %w", errors.Join(errProtocol, err))
	}
	return nil, other, nil
}

// begin takes Start and prepares the index that batches go to.
func (s *session) begin() error {
	_, m, err := s.receive()
	if err != nil {
		return err
	}
	start := m.GetStart()
	if start == nil {
		return fmt.Errorf("first message is not a start: %w", errProtocol)
	}
	served := s.r.cfg.Store.Served()
	if served != nil && served.Epoch() == start.GetEpoch() && start.GetHeadRevision() < served.Log().Head {
		return fmt.Errorf("source at %d, served is %d: %w", start.GetHeadRevision(), served.Log().Head, errBehind)
	}
	switch mode := start.GetMode(); {
	case mode == oddscachev1.StreamMode_STREAM_MODE_RESUME && served != nil && served.Epoch() == start.GetEpoch() && !s.r.wantFull:
	case mode == oddscachev1.StreamMode_STREAM_MODE_FULL && start.GetEpoch() != "":
		s.index, s.aside = store.NewIndex(start.GetEpoch()), true
		s.r.cfg.Store.Doubt()
		if s.r.wantFull {
			s.r.wantFull, s.r.lastFull = false, time.Now()
		}
	default:
		return fmt.Errorf("start with mode %v in epoch %q: %w", mode, start.GetEpoch(), errProtocol)
	}
	s.r.head.Store(start.GetHeadRevision())
	s.r.cfg.Observer.Started(modeName(start.GetMode()), reasonName(start.GetReason()))
	s.r.cfg.Logger.InfoContext(s.ctx, "feed started", "mode", modeName(start.GetMode()), "reason", reasonName(start.GetReason()),
		"epoch", start.GetEpoch(), "revision", s.index.Log().Head, "head", start.GetHeadRevision())
	return nil
}

// step takes one message and does what it says.
func (s *session) step() error {
	batch, m, err := s.receive()
	if err != nil {
		return err
	}
	if batch != nil {
		return s.apply(*batch)
	}
	p := m.GetProgress()
	if p == nil {
		return fmt.Errorf("message is neither batch nor progress: %w", errProtocol)
	}
	return s.progress(p)
}

// apply applies a batch and, if it leads to a state of the source, shows it to lookups and acknowledges it.
func (s *session) apply(b feedlog.Batch) error {
	began := time.Now()
	done, err := s.index.Append(b)
	if err != nil {
		if errors.Is(err, feedlog.ErrGap) {
			s.r.cfg.Observer.Gap()
		}
		return err
	}
	if s.aside || !b.More { // what is built aside is not served yet, and small steps leave lookups the processor
		s.index.Publish()
	}
	took := time.Since(began)
	s.note(b, began)
	s.r.head.Store(max(s.r.head.Load(), b.To))
	s.r.cfg.Observer.Applied(done, took)
	s.pace(took)
	if s.aside {
		return nil
	}
	s.r.cfg.Store.CountEvicted(done.EvictedEvents)
	s.r.backoff.reset()
	if b.More {
		return nil
	}
	return s.ack(took)
}

// ack tells the source what lookups see.
func (s *session) ack(took time.Duration) error {
	s.silent.Reset(Silence) // a source that does not read ends the stream too
	err := s.send(&oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Ack{Ack: &oddscachev1.Ack{
		Revision: s.index.Log().Head, ApplyDuration: durationpb.New(took),
	}}})
	if err != nil {
		return s.cause(err)
	}
	return nil
}
