package history

import (
	"bytes"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// tolerance is how far clocks may differ.
const tolerance = time.Minute

// at is a revision of an epoch.
type at struct {
	epoch    string
	revision int64
}

// Streams holds recorded streams to the order of the feed:
//
//   - ordered and unique: entries ascend within a stream, and a revision of an epoch is one entry, the same bytes on
//     every stream that carries it;
//   - no gap: a batch begins where the one before ended, and progress stands where the batches led to;
//   - evictions: only the end of a cycle that did not fail names keys, and only with a cutoff, which may be missing where
//     clocks differ, so not from one that succeeded. A cutoff goes back only to correct one that was further ahead than
//     clocks may differ.
func Streams(streams []*Stream) error {
	seen := make(map[at]*feedlog.Entry)
	cutoffs := make(map[at]*oddscachev1.CycleEnd)
	for i, s := range streams {
		if s.Start == nil {
			continue
		}
		if err := follow(s, seen, cutoffs); err != nil {
			return fmt.Errorf("stream %d of %s in epoch %s, %v from %d: %w", i, s.Replica, s.Start.GetEpoch(), s.Start.GetMode(), s.Subscribe.GetRevision(), err)
		}
	}
	return nil
}

func follow(s *Stream, seen map[at]*feedlog.Entry, ends map[at]*oddscachev1.CycleEnd) error {
	cursor := s.Subscribe.GetRevision()
	if s.Full() {
		cursor = 0
	}
	epoch := s.Start.GetEpoch()
	var last *oddscachev1.CycleEnd
	for _, m := range s.Messages {
		if p := m.Progress; p != nil {
			if p.GetRevision() != cursor {
				return fmt.Errorf("progress at %d, batches led to %d", p.GetRevision(), cursor)
			}
			continue
		}
		b := m.Batch
		if b.From != cursor || b.To < b.From {
			return fmt.Errorf("batch (%d, %d] after %d", b.From, b.To, cursor)
		}
		for _, e := range b.Entries {
			if e.Revision <= cursor || e.Revision > b.To {
				return fmt.Errorf("%v at %d in batch (%d, %d] after %d", e.Key, e.Revision, b.From, b.To, cursor)
			}
			cursor = e.Revision
			if first := seen[at{epoch, e.Revision}]; first != nil && !bytes.Equal(first.Frame, e.Frame) {
				return fmt.Errorf("revision %d is %v and %v", e.Revision, first.Key, e.Key)
			}
			seen[at{epoch, e.Revision}] = e
			if e.CycleEnd == nil {
				continue
			}
			end, err := cycleEnd(e)
			if err != nil {
				return err
			}
			if err := complete(end, last); err != nil {
				return fmt.Errorf("cycle end %s at %d: %w", end.GetCycleId(), e.Revision, err)
			}
			if end.GetEvictKickoffBefore() != nil {
				last = end
			}
			ends[at{epoch, e.Revision}] = end
		}
		cursor = b.To
	}
	return nil
}

// complete holds a cycle end to what may evict.
func complete(end, last *oddscachev1.CycleEnd) error {
	evicts := end.GetStatus() == oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED || end.GetStatus() == oddscachev1.CycleStatus_CYCLE_STATUS_PARTIAL
	if !evicts && (end.GetEvictKickoffBefore() != nil || len(end.GetRemoved()) > 0) {
		return fmt.Errorf("%v evicts %d keys", end.GetStatus(), len(end.GetRemoved()))
	}
	if end.GetEvictKickoffBefore() == nil {
		if end.GetStatus() == oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED || len(end.GetRemoved()) > 0 {
			return fmt.Errorf("%v evicts %d keys without a cutoff", end.GetStatus(), len(end.GetRemoved()))
		}
		return nil
	}
	cutoff := end.GetEvictKickoffBefore().AsTime()
	if cutoff.After(end.GetFinishedAt().AsTime()) {
		return fmt.Errorf("cutoff %v of a cycle that ended at %v", cutoff, end.GetFinishedAt().AsTime())
	}
	if last != nil {
		back := last.GetEvictKickoffBefore().AsTime().Sub(cutoff)
		if back > 0 && back <= tolerance {
			return fmt.Errorf("cutoff %v after %v", cutoff, last.GetEvictKickoffBefore().AsTime())
		}
	}
	return nil
}
