package replica

import (
	"fmt"
	"strings"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// progress takes a heartbeat. Its revision is what the source has sent so far, and so must be the index's head. When the source
// says that this is all it has, both sides must hold the same entries: then what is served is caught up, and a staging index
// takes its place.
func (s *session) progress(p *oddscachev1.Progress) error {
	have := s.index.Log()
	if p.GetRevision() != have.Head {
		s.r.cfg.Observer.Gap()
		return fmt.Errorf("progress at %d, the index is at %d: %w", p.GetRevision(), have.Head, feedlog.ErrGap)
	}
	if !p.GetCaughtUp() {
		return nil
	}
	s.r.head.Store(p.GetRevision())
	if p.GetEntries() != int64(have.Entries) || p.GetDigest() != have.Digest {
		return s.mismatch(p, have)
	}
	s.index.Publish() // nothing is held back any more, whether or not the last batch said so
	if s.staging {
		if err := s.serve(); err != nil {
			return err
		}
	}
	s.endSpan()
	//failpoint:replica.caught_up
	s.r.cfg.Store.MarkCaughtUp()
	s.r.backoff.Reset()
	return s.ack(0)
}

// serve makes the staging index the one that lookups read. In another epoch its revision may be lower than what was served;
// within one it may not.
func (s *session) serve() error {
	old := s.r.cfg.Store.Served()
	if old != nil && old.Epoch() == s.index.Epoch() && s.index.Log().Head < old.Log().Head {
		return fmt.Errorf("full sync ended at %d, served is %d: %w", s.index.Log().Head, old.Log().Head, errBehind)
	}
	//failpoint:replica.before_swap
	s.r.cfg.Store.Serve(s.index)
	//failpoint:replica.after_swap
	s.staging = false
	s.r.cfg.Logger.InfoContext(s.ctx, "full sync served", "epoch", s.index.Epoch(), "revision", s.index.Log().Head,
		"entries", s.index.Log().Entries)
	return nil
}

// mismatch ends the stream to request a full sync, unless one was requested a short while ago: then what is served
// stays, marked stale.
func (s *session) mismatch(p *oddscachev1.Progress, have *feedlog.View) error {
	s.r.cfg.Observer.Mismatch()
	s.r.cfg.Store.MarkSuspect()
	err := fmt.Errorf("at revision %d the source has %d entries with digest %016x, the index %d with %016x: %w",
		have.Head, p.GetEntries(), p.GetDigest(), have.Entries, have.Digest, errDigest)
	soon := !s.r.lastFullSync.IsZero() && time.Since(s.r.lastFullSync) < FullInterval
	if soon && !s.staging {
		if !s.mismatched {
			s.r.cfg.Logger.ErrorContext(s.ctx, "digest differs again, keeping the stream", "error", err)
		}
		s.mismatched = true
		return nil
	}
	s.r.wantFullSync = true
	return err
}

// modeName is a mode in lower case, for logs and metrics.
func modeName(m oddscachev1.StreamMode) string {
	return strings.ToLower(strings.TrimPrefix(m.String(), "STREAM_MODE_"))
}

// reasonName is a start's reason in lower case.
func reasonName(r oddscachev1.StartReason) string {
	return strings.ToLower(strings.TrimPrefix(r.String(), "START_REASON_"))
}
