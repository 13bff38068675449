package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// maxReplicaID bounds Subscribe.replica_id, in bytes.
const maxReplicaID = 200

// StreamSnapshots serves one replica until it goes, the term is over, or the server closes.
func (s *Server) StreamSnapshots(stream oddscachev1.SnapshotFeedService_StreamSnapshotsServer) error {
	src, err := s.current()
	if err != nil {
		return err
	}
	requests := s.receive(stream)
	sub, err := s.subscribe(stream.Context(), requests)
	if err != nil {
		return err
	}
	//failpoint:feed.subscribed
	start, err := s.start(stream.Context(), src, sub)
	if err != nil {
		return err
	}
	rep := s.replicas.add(sub.GetReplicaId())
	defer s.replicas.remove(rep)
	s.log.Info("replica follows", "replica", sub.GetReplicaId(), "mode", start.GetMode(), "reason", start.GetReason(),
		"from", sub.GetRevision(), "head", start.GetHeadRevision(), "epoch", start.GetEpoch())
	err = s.serve(stream, src, sub, start, requests, rep)
	s.log.Info("replica gone", "replica", sub.GetReplicaId(), "cause", err)
	return err
}

// serve sends until something ends the stream. It is the handler's goroutine that sends: were another one still inside
// a batch when the handler returns, gRPC might never tell the replica how the stream ended. The price is that a replica
// that does not read learns of it only when it reads on; until then it can be told nothing anyway.
func (s *Server) serve(stream oddscachev1.SnapshotFeedService_StreamSnapshotsServer, src Source, sub *oddscachev1.Subscribe,
	start *oddscachev1.Start, requests <-chan request, rep *replica,
) error {
	cursor := sub.GetRevision()
	if start.GetMode() == oddscachev1.StreamMode_STREAM_MODE_FULL {
		cursor = 0
	}
	ctx, end := context.WithCancelCause(stream.Context())
	defer end(nil)
	s.wg.Go(func() { end(s.listen(ctx, src, sub, requests, rep)) })
	sender := sender{stream: stream, src: src, epoch: start.GetEpoch(), maxBatch: s.maxBatch, cursor: cursor}
	err := sender.run(ctx, start)
	if errors.Is(err, io.EOF) {
		return nil // the replica has closed its side
	}
	return err
}

// listen takes acknowledgements until something ends the stream, and returns what. io.EOF stands for a replica that has
// closed its side.
func (s *Server) listen(ctx context.Context, src Source, sub *oddscachev1.Subscribe, requests <-chan request, rep *replica) error {
	for {
		select {
		case r := <-requests:
			switch ack := r.message.GetAck(); {
			case errors.Is(r.err, io.EOF):
				return io.EOF
			case r.err != nil:
				return fmt.Errorf("receiving from replica %s: %w", sub.GetReplicaId(), r.err)
			case ack == nil:
				return fmt.Errorf("replica %s sent a second subscribe: %w", sub.GetReplicaId(), ErrSubscribe)
			default:
				//failpoint:feed.acknowledged
				s.replicas.acknowledge(rep, ack.GetRevision())
			}
		case <-src.Lost():
			return lease.ErrNotWriter
		case <-s.closing:
			return ErrClosing
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// request is one message of the replica, or the error that ended receiving.
type request struct {
	message *oddscachev1.StreamSnapshotsRequest
	err     error
}

// receive reads the replica's messages until the stream ends. The last one carries the error.
func (s *Server) receive(stream oddscachev1.SnapshotFeedService_StreamSnapshotsServer) <-chan request {
	requests := make(chan request)
	ctx := stream.Context()
	s.wg.Go(func() {
		for {
			m, err := stream.Recv()
			select {
			case requests <- request{m, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return requests
}

// subscribe waits for the first message.
func (s *Server) subscribe(ctx context.Context, requests <-chan request) (*oddscachev1.Subscribe, error) {
	timeout := time.NewTimer(handshake)
	defer timeout.Stop()
	select {
	case r := <-requests:
		sub := r.message.GetSubscribe()
		switch {
		case r.err != nil:
			return nil, fmt.Errorf("receiving subscribe: %w", r.err)
		case sub == nil:
			return nil, fmt.Errorf("got %T: %w", r.message.GetMessage(), ErrSubscribe)
		case sub.GetReplicaId() == "" || len(sub.GetReplicaId()) > maxReplicaID:
			return nil, fmt.Errorf("replica_id of %d bytes (1 to %d): %w", len(sub.GetReplicaId()), maxReplicaID, ErrSubscribe)
		case sub.GetRevision() < 0:
			return nil, fmt.Errorf("revision %d: %w", sub.GetRevision(), ErrSubscribe)
		}
		return sub, nil
	case <-timeout.C:
		return nil, fmt.Errorf("nothing within %v: %w", handshake, ErrSubscribe)
	case <-s.closing:
		return nil, ErrClosing
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start decides how the stream begins.
func (s *Server) start(ctx context.Context, src Source, sub *oddscachev1.Subscribe) (*oddscachev1.Start, error) {
	if err := s.diverged(ctx, src, sub); err != nil {
		return nil, err
	}
	view := src.Log().View()
	start := &oddscachev1.Start{Epoch: src.Epoch(), HeadRevision: view.Head, Mode: oddscachev1.StreamMode_STREAM_MODE_FULL}
	switch {
	case sub.GetRevision() == 0:
		start.Reason = oddscachev1.StartReason_START_REASON_REQUESTED
	case sub.GetEpoch() != start.GetEpoch() || sub.GetRevision() > view.Head:
		start.Reason = oddscachev1.StartReason_START_REASON_UNKNOWN_EPOCH
	case sub.GetRevision() < view.Floor:
		start.Reason = oddscachev1.StartReason_START_REASON_TOO_OLD
	default:
		start.Mode = oddscachev1.StreamMode_STREAM_MODE_RESUME
		start.Reason = oddscachev1.StartReason_START_REASON_RESUMABLE
	}
	return start, nil
}

// diverged asks the source about a replica that is ahead of it. One is asked about at a time: when a new epoch was
// minted because of it, the others are not ahead any more but of another history.
func (s *Server) diverged(ctx context.Context, src Source, sub *oddscachev1.Subscribe) error {
	ahead := func() bool { return sub.GetEpoch() == src.Epoch() && sub.GetRevision() > src.Log().View().Head }
	if !ahead() {
		return nil
	}
	select {
	case s.asking <- struct{}{}:
	case <-s.closing:
		return ErrClosing
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.asking }()
	if !ahead() {
		return nil
	}
	if err := src.Diverged(ctx, sub.GetRevision()); err != nil {
		return fmt.Errorf("replica %s at revision %d ahead of head %d: %w", sub.GetReplicaId(), sub.GetRevision(),
			src.Log().View().Head, errors.Join(lease.ErrNotWriter, err))
	}
	return nil
}

// sender sends one stream's messages in order.
type sender struct {
	stream   oddscachev1.SnapshotFeedService_StreamSnapshotsServer
	src      Source
	epoch    string // that the stream began in
	maxBatch int    // bytes
	cursor   int64  // revision that everything sent leads to
	floor    int64  // of the view that the stream is in
}

// run sends Start, then batches and progress until ctx ends, whose cause it returns, or sending fails.
func (s *sender) run(ctx context.Context, start *oddscachev1.Start) error {
	if err := s.leads(); err != nil {
		return err // it was, before the replica subscribed
	}
	message := &oddscachev1.StreamSnapshotsResponse{Message: &oddscachev1.StreamSnapshotsResponse_Start{Start: start}}
	//failpoint:feed.before_start
	if err := s.stream.Send(message); err != nil {
		return fmt.Errorf("sending start: %w", err)
	}
	beat := time.NewTicker(Heartbeat)
	defer beat.Stop()
	said := int64(-1) // head of the last caught-up progress
	for {
		view := s.src.Log().View()
		if s.cursor > 0 && s.cursor < view.Floor && s.floor < view.Floor {
			return fmt.Errorf("at revision %d, below %d: %w", s.cursor, view.Floor, ErrTooOld)
		}
		s.floor = view.Floor
		for s.cursor < view.Head {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := s.batch(view); err != nil {
				return err
			}
			select {
			case <-beat.C:
				if err := s.progress(); err != nil {
					return err
				}
			default:
			}
		}
		if s.src.Log().View() != view {
			continue // sending took its time: the replica has caught up with the past
		}
		if view.Head != said {
			if err := s.progress(); err != nil {
				return err
			}
			said = view.Head
		}
		select {
		case <-view.Superseded():
		case <-beat.C:
			said = -1
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leads returns an error unless the source may speak for the stream's epoch at this moment. It is asked after a view
// was taken and before anything of it is sent: what the view says was then still the newest there was.
func (s *sender) leads() error {
	if epoch := s.src.Epoch(); epoch != s.epoch {
		return fmt.Errorf("epoch %s became %s: %w", s.epoch, epoch, lease.ErrNotWriter)
	}
	if !s.src.Held() {
		return fmt.Errorf("the lease ran out: %w", lease.ErrNotWriter)
	}
	return nil
}

// batch sends the next entries of a view, which is a state that was committed: only its last batch leads to one.
func (s *sender) batch(view *feedlog.View) error {
	if err := s.leads(); err != nil {
		return err
	}
	//failpoint:feed.before_batch
	entries, to := view.After(s.cursor, s.maxBatch)
	b := feedlog.Batch{From: s.cursor, To: to, Entries: entries, More: to < view.Head}
	if err := s.stream.SendMsg(rawpb.New(feedlog.EncodeBatch(b)...)); err != nil {
		return fmt.Errorf("sending batch (%d, %d]: %w", s.cursor, to, err)
	}
	//failpoint:feed.between_batches
	s.cursor = to
	//failpoint:feed.mid_full if b.More
	return nil
}

// progress sends the heartbeat; entries and digest only when the replica was sent everything there is now.
func (s *sender) progress() error {
	view := s.src.Log().View()
	if err := s.leads(); err != nil {
		return err
	}
	//failpoint:feed.before_progress
	p := &oddscachev1.Progress{Revision: s.cursor}
	if s.cursor == view.Head {
		p.CaughtUp, p.Entries, p.Digest = true, int64(view.Entries), view.Digest
	}
	message := &oddscachev1.StreamSnapshotsResponse{Message: &oddscachev1.StreamSnapshotsResponse_Progress{Progress: p}}
	if err := s.stream.Send(message); err != nil {
		return fmt.Errorf("sending progress at revision %d: %w", s.cursor, err)
	}
	return nil
}
