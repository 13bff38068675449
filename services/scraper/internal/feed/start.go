package feed

import (
	"context"
	"errors"
	"fmt"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// start decides whether the stream resumes or sends everything.
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

// diverged lets the source find out why a replica is ahead of it. One replica at a time: when a new epoch was minted
// because of it, the others are not ahead any more but of another history.
func (s *Server) diverged(ctx context.Context, src Source, sub *oddscachev1.Subscribe) error {
	ahead := func() bool { return sub.GetEpoch() == src.Epoch() && sub.GetRevision() > src.Log().View().Head }
	if !ahead() {
		return nil
	}
	select {
	case s.diverging <- struct{}{}:
	case <-s.closing:
		return ErrClosing
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.diverging }()
	if !ahead() {
		return nil
	}
	if err := src.Diverged(ctx, sub.GetRevision()); err != nil {
		return fmt.Errorf("replica %s at revision %d ahead of head %d: %w", sub.GetReplicaId(), sub.GetRevision(),
			src.Log().View().Head, errors.Join(lease.ErrNotWriter, err))
	}
	return nil
}
