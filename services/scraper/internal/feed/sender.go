package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

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
	if err := s.checkSource(); err != nil {
		return err // it was, before the replica subscribed
	}
	message := &oddscachev1.StreamSnapshotsResponse{Message: &oddscachev1.StreamSnapshotsResponse_Start{Start: start}}
	//failpoint:feed.before_start
	if err := s.stream.Send(message); err != nil {
		return fmt.Errorf("sending start: %w", err)
	}
	heartbeat := time.NewTicker(Heartbeat)
	defer heartbeat.Stop()
	reported := int64(-1) // head of the last caught-up progress
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
			case <-heartbeat.C:
				if err := s.progress(); err != nil {
					return err
				}
			default:
			}
		}
		if s.src.Log().View() != view {
			continue // sending took its time: the replica has caught up with the past
		}
		if view.Head != reported {
			if err := s.progress(); err != nil {
				return err
			}
			reported = view.Head
		}
		select {
		case <-view.Superseded():
		case <-heartbeat.C:
			reported = -1
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// checkSource returns an error unless the source is the writer, in the stream's epoch, at this moment. It is called after a
// view was taken and before anything of it is sent, so the view was still the newest state that there is.
func (s *sender) checkSource() error {
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
	if err := s.checkSource(); err != nil {
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
	if err := s.checkSource(); err != nil {
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
