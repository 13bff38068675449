package feedmodel

import (
	"fmt"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// validate holds everything that was recorded to the validators.
func (w *world) validate() error {
	var streams []*history.Stream
	for _, r := range w.replicas {
		streams = append(streams, w.taps[r.id].streams...)
	}
	w.cover.streams(streams)
	if err := history.Streams(streams); err != nil {
		return err
	}
	if err := w.starts(streams); err != nil {
		return err
	}
	if err := history.Samples(w.samples, w.heads); err != nil {
		return err
	}
	if w.writer == nil {
		return nil
	}
	return history.Resumable(w.db.journal, w.writer.log.View())
}

// starts holds the beginning of every stream to the reasons there are for a full sync: a replica that has nothing, a
// history that was replaced, a cycle end that is kept no longer. Anything else would be healing, and hide a hole.
func (w *world) starts(streams []*history.Stream) error {
	had := make(map[string]string) // epochs of which replicas had more than revision 0, since they were started last
	for _, s := range streams {
		if s.Start == nil {
			continue
		}
		sub := s.Subscribe
		switch reason := s.Start.GetReason(); reason {
		case oddscachev1.StartReason_START_REASON_RESUMABLE:
			if s.Full() || sub.GetEpoch() != s.Start.GetEpoch() || sub.GetRevision() == 0 {
				return fmt.Errorf("%s resumes %d of %s: %v", s.Replica, sub.GetRevision(), sub.GetEpoch(), s.Start)
			}
		case oddscachev1.StartReason_START_REASON_REQUESTED:
			if sub.GetEpoch() != "" && sub.GetEpoch() == had[s.Replica] {
				return fmt.Errorf("%s has state of %s and asked for everything", s.Replica, sub.GetEpoch())
			}
		case oddscachev1.StartReason_START_REASON_UNKNOWN_EPOCH:
			if sub.GetEpoch() == s.Start.GetEpoch() {
				return fmt.Errorf("%s at %d of %s is sent away: %v", s.Replica, sub.GetRevision(), sub.GetEpoch(), s.Start)
			}
		case oddscachev1.StartReason_START_REASON_TOO_OLD:
			if w.shift < keep {
				return fmt.Errorf("%s at %d is too old after %v", s.Replica, sub.GetRevision(), w.shift)
			}
		default:
			return fmt.Errorf("start with reason %v", reason)
		}
		if sub.GetRevision() > 0 || sub.GetEpoch() == "" {
			had[s.Replica] = sub.GetEpoch()
		}
	}
	return nil
}
