package history

import (
	"fmt"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// liveFor is the longest time that a live answer may have gone without hearing that it is current.
const liveFor = 3 * time.Second

// key is a snapshot at one process of a replica.
type key struct {
	replica              string
	process              int
	epoch, bookmaker, id string
}

// version orders the states of a snapshot.
type version struct {
	snapshotID          int64
	captured, confirmed time.Time
}

// Samples holds answers to the order of time, each replica's own, in the order they were given:
//
//   - a lower revision never follows a higher one of the same epoch;
//   - older content, or an older confirmation of the same content, never follows a newer one under any key;
//   - no answer is newer than the revision it claims, nor claims one that does not exist.
//
// heads may be nil when the truth is not known.
func Samples(samples []Sample, heads []Head) error {
	order := NewOrder()
	for i, s := range samples {
		if err := order.Add(s); err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
		if heads != nil {
			if err := exists(s, heads); err != nil {
				return fmt.Errorf("sample %d: %s: %w", i, s.Replica, err)
			}
			if err := honest(s, heads); err != nil {
				return fmt.Errorf("sample %d: %s: %w", i, s.Replica, err)
			}
		}
	}
	return nil
}

// Order holds answers to the order of time one by one, where there are too many of them to be kept. Use NewOrder.
type Order struct {
	revisions map[key]int64
	versions  map[key]version
}

// NewOrder makes an order that has seen nothing.
func NewOrder() *Order {
	return &Order{revisions: make(map[key]int64), versions: make(map[key]version)}
}

// Add takes the next answer of a replica.
func (o *Order) Add(s Sample) error {
	f := s.Freshness
	process := key{replica: s.Replica, process: s.Process, epoch: f.GetEpoch()}
	if was := o.revisions[process]; f.GetRevision() < was {
		return fmt.Errorf("%s answers revision %d after %d", s.Replica, f.GetRevision(), was)
	}
	o.revisions[process] = f.GetRevision()
	for _, e := range s.Events {
		for _, snap := range e.GetSnapshots() {
			k := process
			k.bookmaker, k.id = snap.GetBookmaker(), snap.GetBookmakerEventId()
			if err := newer(o.versions, k, snap); err != nil {
				return fmt.Errorf("%s at revision %d: %w", s.Replica, f.GetRevision(), err)
			}
		}
	}
	return nil
}

func newer(versions map[key]version, k key, s *oddscachev1.CachedSnapshot) error {
	now := version{s.GetSnapshotId(), s.GetCapturedAt().AsTime(), s.GetLastConfirmedAt().AsTime()}
	was, known := versions[k]
	versions[k] = now
	if !known {
		return nil
	}
	if now.snapshotID < was.snapshotID || now.snapshotID == was.snapshotID && (!now.captured.Equal(was.captured) || now.confirmed.Before(was.confirmed)) {
		return fmt.Errorf("%s/%s is %+v after %+v", k.bookmaker, k.id, now, was)
	}
	return nil
}

// exists holds an answer's revision to what was ever committed.
func exists(s Sample, heads []Head) error {
	f := s.Freshness
	newest := int64(0)
	for _, h := range heads {
		if h.Epoch == f.GetEpoch() && !h.At.After(s.At) {
			newest = max(newest, h.Revision)
		}
	}
	if f.GetRevision() > newest {
		return fmt.Errorf("answers revision %d of %s, which has %d", f.GetRevision(), f.GetEpoch(), newest)
	}
	return nil
}

// honest holds an answer's freshness to what was true: the revision exists, a live answer is no older than it may be,
// and at the instant that feed_age points to, nothing newer was committed than what is answered.
func honest(s Sample, heads []Head) error {
	f := s.Freshness
	if f.GetFeedAge() == nil {
		return nil
	}
	age := f.GetFeedAge().AsDuration()
	live := f.GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
	if live && age > liveFor {
		return fmt.Errorf("live at an age of %v", age)
	}
	if !live {
		return nil
	}
	received := s.At.Add(-age) // what was heard was said at this instant, or up to Transit before
	var before *Head           // the newest that was there already
	for i, h := range heads {
		switch {
		case h.At.Before(received.Add(-s.Transit - slack)):
			before = &heads[i]
		case h.At.After(received.Add(slack)):
		case h.Epoch == f.GetEpoch() && h.Revision <= f.GetRevision():
			return nil // it was the newest, then
		}
	}
	if before != nil && (before.Epoch != f.GetEpoch() || before.Revision > f.GetRevision()) {
		return fmt.Errorf("live at revision %d of %s with an age of %v, but %d of %s was there %v before", f.GetRevision(), f.GetEpoch(),
			age+s.Transit, before.Revision, before.Epoch, s.At.Sub(before.At))
	}
	return nil
}

// slack is what instants may differ by: a cache's clock starts at one nanosecond, not at zero.
const slack = time.Microsecond
