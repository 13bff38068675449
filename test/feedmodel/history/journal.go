package history

import (
	"fmt"
	"maps"

	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// state is the newest entries by key, kept by the rules of the log and by nothing of its code.
type state map[feedlog.Key]*feedlog.Entry

func (s state) apply(e *feedlog.Entry) error {
	switch e.Key.Kind {
	case feedlog.KindSnapshot:
		delete(s, feedlog.ConfirmationKey(e.Key.Bookmaker, e.Key.ID))
	case feedlog.KindConfirmation:
		if s[feedlog.SnapshotKey(e.Key.Bookmaker, e.Key.ID)] == nil {
			return fmt.Errorf("%v at %d without content", e.Key, e.Revision)
		}
	case feedlog.KindEvent, feedlog.KindCycleEnd:
	}
	s[e.Key] = e
	if e.CycleEnd == nil {
		return nil
	}
	for _, k := range e.CycleEnd.Removed {
		old := s[k]
		if old == nil || old.Revision >= e.Revision {
			continue
		}
		delete(s, k)
		if k.Kind == feedlog.KindSnapshot {
			delete(s, feedlog.ConfirmationKey(k.Bookmaker, k.ID))
		}
	}
	return nil
}

// live is the state without cycle ends, which are kept by their age.
func (s state) live() map[feedlog.Key]int64 {
	revisions := make(map[feedlog.Key]int64, len(s))
	for k, e := range s {
		if k.Kind != feedlog.KindCycleEnd {
			revisions[k] = e.Revision
		}
	}
	return revisions
}

// Resumable holds a log to its journal, everything that was ever committed in ascending order: from every revision at
// or above the floor, what stood then and what the log has above it make what stands now.
func Resumable(journal []*feedlog.Entry, view *feedlog.View) error {
	want := make(state)
	above, _ := view.After(0, 1<<40)
	for _, e := range above {
		if e.CycleEnd == nil {
			want[e.Key] = e
		}
	}
	now := want.live()
	then := make(state)
	resume := func(revision int64) error {
		if revision < view.Floor {
			return nil
		}
		resumed := maps.Clone(then)
		rest, _ := view.After(revision, 1<<40)
		for _, e := range rest {
			if err := resumed.apply(e); err != nil {
				return fmt.Errorf("resuming from %d: %w", revision, err)
			}
		}
		if got := resumed.live(); !maps.Equal(got, now) {
			return fmt.Errorf("resuming from %d leads to %v, the log has %v", revision, got, now)
		}
		return nil
	}
	if err := resume(0); err != nil {
		return err
	}
	for _, e := range journal {
		if err := then.apply(e); err != nil {
			return err
		}
		if err := resume(e.Revision); err != nil {
			return err
		}
	}
	return nil
}

func cycleEnd(e *feedlog.Entry) (*oddscachev1.CycleEnd, error) {
	var end oddscachev1.CycleEnd
	if err := proto.Unmarshal(e.Body, &end); err != nil {
		return nil, fmt.Errorf("decoding cycle end at %d: %w", e.Revision, err)
	}
	return &end, nil
}
