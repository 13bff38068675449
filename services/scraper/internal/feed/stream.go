package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

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

// serve sends until something ends the stream. It is the handler's goroutine that sends: if another one were still inside
// a batch when the handler returns, gRPC might never send the replica the stream's status. The price is that a replica
// which does not read gets the status only when it reads on; until then nothing can reach it anyway.
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
	timeout := time.NewTimer(subscribeTimeout)
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
		return nil, fmt.Errorf("nothing within %v: %w", subscribeTimeout, ErrSubscribe)
	case <-s.closing:
		return nil, ErrClosing
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
