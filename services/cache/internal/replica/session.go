package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// session is one stream.
type session struct {
	r      *Replica
	ctx    context.Context //nolint:containedctx // the stream's own; it ends with the session
	stream grpc.ClientStream
	cancel context.CancelCauseFunc
	silent *time.Timer // ends the stream when nothing arrives; stopped while the inbox is full
	stuck  *time.Timer // ends the stream when the source does not read; stopped when nothing is being sent

	inbox   chan message
	reading sync.WaitGroup // the goroutine that fills the inbox; it ends with the stream

	index *store.Index // the one that batches go to
	aside bool         // it is not served yet

	mismatched bool // the digest of this stream was not the source's; logged once

	unseen unseen // what lookups do not see yet
}

// open begins a stream and subscribes.
func (r *Replica) open(ctx context.Context) (*session, error) {
	s := &session{r: r, inbox: make(chan message, inboxRoom)}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.silent = time.AfterFunc(Silence, func() { s.cancel(errSilent) })
	s.stuck = time.AfterFunc(Silence, func() { s.cancel(errSilent) })
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
	//failpoint:replica.before_subscribe
	subscribe := &oddscachev1.Subscribe{ReplicaId: s.r.cfg.ID}
	if x := s.r.cfg.Store.Served(); x != nil {
		subscribe.Epoch = x.Epoch()
		if !s.r.wantFull {
			subscribe.Revision = x.Log().Head
		}
	}
	s.index = s.r.cfg.Store.Served()
	err = s.send(&oddscachev1.StreamSnapshotsRequest{
		Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{Subscribe: subscribe},
	})
	if errors.Is(err, io.EOF) {
		return nil // the first thing that arrives says why
	}
	return err
}

// close ends the stream, waits for its goroutine and frees what belongs to it.
func (s *session) close() {
	s.cancel(context.Canceled)
	s.reading.Wait()
	s.silent.Stop()
	s.stuck.Stop()
}

// cause is why the stream ended, when that was this side's doing, else err.
func (s *session) cause(err error) error {
	if s.ctx.Err() == nil {
		return err
	}
	return errors.Join(context.Cause(s.ctx), err)
}

// send sends a message. It returns io.EOF when the source has ended the stream; the reason is what arrives last.
func (s *session) send(m *oddscachev1.StreamSnapshotsRequest) error {
	s.stuck.Reset(Silence)
	defer s.stuck.Stop()
	if err := s.stream.SendMsg(m); err != nil {
		return s.cause(fmt.Errorf("sending to the source: %w", err))
	}
	return nil
}

// begin takes Start and prepares the index that batches go to.
func (s *session) begin() error {
	s.reading.Go(s.read)
	first := s.next()
	if first.err != nil {
		return first.err
	}
	start := first.other.GetStart()
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
		s.index.Rest(s.r.applying.Step)
		//failpoint:replica.full_begins
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
	m := s.next()
	if m.err != nil {
		return m.err
	}
	if m.batch != nil {
		return s.apply(*m.batch)
	}
	p := m.other.GetProgress()
	if p == nil {
		return fmt.Errorf("message is neither batch nor progress: %w", errProtocol)
	}
	return s.progress(p)
}

// apply applies a batch and, if it leads to a state of the source, shows it to lookups and acknowledges it.
func (s *session) apply(b feedlog.Batch) error {
	began := time.Now()
	//failpoint:replica.received
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
	//failpoint:replica.applied
	if s.aside {
		//failpoint:replica.mid_full
		return nil
	}
	s.r.cfg.Store.CountEvicted(done.EvictedEvents)
	s.r.backoff.Reset()
	if b.More {
		return nil
	}
	//failpoint:replica.before_ack
	return s.ack(took)
}

// ack tells the source what lookups see.
func (s *session) ack(took time.Duration) error {
	err := s.send(&oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Ack{Ack: &oddscachev1.Ack{
		Revision: s.index.Log().Head, ApplyDuration: durationpb.New(took),
	}}})
	if !errors.Is(err, io.EOF) {
		return err
	}
	for { // the source's reason is behind what it sent before
		if m := s.next(); m.err != nil {
			return m.err
		}
	}
}
