package replica

import (
	"fmt"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// begin takes Start and prepares the index that batches go to.
//
//	RESUME in the served epoch      the served index, from its head on
//	FULL                            a new index; what is served counts as stale until that one is served
//	the source has less (epoch as served)   the stream ends: within an epoch no revision is served after a higher one
//	anything else                   the stream ends, as against the protocol
//
// A full sync that was requested because of a digest is not answered by RESUME: the source would have to send nothing.
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
	case mode == oddscachev1.StreamMode_STREAM_MODE_RESUME && served != nil && served.Epoch() == start.GetEpoch() && !s.r.wantFullSync:
	case mode == oddscachev1.StreamMode_STREAM_MODE_FULL && start.GetEpoch() != "":
		s.index, s.staging = store.NewIndex(start.GetEpoch()), true
		s.index.SetYield(s.r.applyPacer.Step)
		//failpoint:replica.full_begins
		s.r.cfg.Store.MarkSuspect()
		if s.r.wantFullSync {
			s.r.wantFullSync, s.r.lastFullSync = false, time.Now()
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
