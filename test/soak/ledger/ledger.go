// Package ledger keeps what one watch was told and holds it to what lookups answer: nothing goes back in time, and
// nothing is left out.
//
// It keeps ids and revisions, no odds. It is not for following a watch, which its caller does.
package ledger

import (
	"errors"
	"fmt"
	"maps"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Errors that findings wrap.
var (
	// ErrBackward is something older than what was said before.
	ErrBackward = errors.New("older than before")
	// ErrGap is something that the watch should have been told.
	ErrGap = errors.New("not told")
)

// id names a snapshot.
type id struct{ bookmaker, event string }

// Ledger is the state that a watch led to. It belongs to one goroutine. Use New.
type Ledger struct {
	epoch    string
	revision int64 // of the last synced

	held    map[string]map[id]int64 // snapshot_id by event and snapshot
	settled map[id]int64            // the newest snapshot_id that was held at a synced
	touched map[string]bool         // events that were sent or removed since the last synced

	expected map[string]map[id]int64 // what lookups answered, to be held at the first synced from expectedAt on
	// expectedAt is the revision of that answer; excused are events that were sent or removed since.
	expectedAt int64
	excused    map[string]bool
}

// New makes a ledger of a watch that starts anew.
func New() *Ledger {
	return &Ledger{held: make(map[string]map[id]int64), settled: make(map[id]int64), touched: make(map[string]bool)}
}

// Resume is where the watch goes on: nothing before its first synced.
func (l *Ledger) Resume() (epoch string, revision int64) { return l.epoch, l.revision }

// Events is how many events are held.
func (l *Ledger) Events() int { return len(l.held) }

// Take takes the next message. Its error wraps ErrBackward or ErrGap. synced says that the watch is at a state now.
func (l *Ledger) Take(m *oddscachev1.WatchEventsResponse) (synced bool, err error) {
	switch {
	case m.GetUpdated() != nil:
		l.put(m.GetUpdated())
	case m.GetRemoved() != nil:
		l.remove(m.GetRemoved())
	case m.GetSynced() != nil:
		return true, l.sync(m.GetFreshness())
	}
	return false, nil
}

func (l *Ledger) put(e *oddscachev1.EventUpdated) {
	sr := e.GetEvent().GetSrId()
	l.held[sr] = versions(e.GetSnapshots())
	l.touch(sr)
}

func (l *Ledger) remove(r *oddscachev1.EventRemoved) {
	l.touch(r.GetSrId())
	if r.Bookmaker == nil {
		delete(l.held, r.GetSrId())
		return
	}
	maps.DeleteFunc(l.held[r.GetSrId()], func(k id, _ int64) bool { return k.bookmaker == r.GetBookmaker() })
}

func (l *Ledger) touch(sr string) {
	l.touched[sr] = true
	if l.excused != nil {
		l.excused[sr] = true
	}
}

// sync settles what was sent. Before it a replica that is behind may send again what it had: states count at a synced.
func (l *Ledger) sync(f *oddscachev1.Freshness) error {
	if l.epoch == f.GetEpoch() && f.GetRevision() < l.revision {
		return fmt.Errorf("%w: synced at %d after %d", ErrBackward, f.GetRevision(), l.revision)
	}
	l.epoch, l.revision = f.GetEpoch(), f.GetRevision()
	var errs []error
	for sr := range l.touched {
		for k, version := range l.held[sr] {
			if was := l.settled[k]; version < was {
				errs = append(errs, fmt.Errorf("%w: %s at %s is %d after %d, at revision %d", ErrBackward, sr, k.bookmaker, version, was, l.revision))
			}
			l.settled[k] = version
		}
	}
	clear(l.touched)
	if l.expected != nil && l.revision >= l.expectedAt {
		errs = append(errs, l.missing())
		l.expected, l.excused = nil, nil
	}
	return errors.Join(errs...)
}

// Expect takes what lookups answered, asked for at the revision of the last synced or newer: that must not be older
// than what the watch had then, and the watch must have it when it has come as far. It reports whether it looks: one
// answer at a time is waited for.
func (l *Ledger) Expect(looked []*oddscachev1.BatchGetEventsResult, f *oddscachev1.Freshness) (looks bool, err error) {
	if l.expected != nil || f.GetEpoch() != l.epoch {
		return false, nil
	}
	l.expected, l.expectedAt, l.excused = make(map[string]map[id]int64), f.GetRevision(), make(map[string]bool)
	var errs []error
	for _, e := range looked {
		if !e.GetFound() {
			continue
		}
		sr := e.GetEvent().GetSrId()
		l.expected[sr] = versions(e.GetSnapshots())
		for k, version := range l.expected[sr] {
			if had := l.held[sr][k]; version < had && had <= f.GetRevision() {
				errs = append(errs, fmt.Errorf("%w: a lookup at %d answers %d for %s at %s, the watch had %d at %d", ErrBackward, f.GetRevision(),
					version, sr, k.bookmaker, had, l.revision))
			}
		}
	}
	return true, errors.Join(errs...)
}

// missing is what was expected and is not there. An event that was sent or removed meanwhile may have less.
func (l *Ledger) missing() error {
	var errs []error
	for sr, snapshots := range l.expected {
		for k, version := range snapshots {
			has, held := l.held[sr][k]
			if held && has < version || !held && !l.excused[sr] {
				errs = append(errs, fmt.Errorf("%w: %s at %s is %d at revision %d, the watch at %d has %d", ErrGap, sr, k.bookmaker, version,
					l.expectedAt, l.revision, has))
			}
		}
	}
	return errors.Join(errs...)
}

// Compare holds the whole state to that of a cache.
func (l *Ledger) Compare(all []*oddscachev1.EventSnapshots) error {
	var errs []error
	there := make(map[string]bool)
	for _, e := range all {
		sr := e.GetEvent().GetSrId()
		there[sr] = true
		if want := versions(e.GetSnapshots()); !maps.Equal(want, l.held[sr]) {
			errs = append(errs, fmt.Errorf("%w: %s is %v, the watch has %v", ErrGap, sr, want, l.held[sr]))
		}
	}
	for sr := range l.held {
		if !there[sr] {
			errs = append(errs, fmt.Errorf("%w: %s is gone, the watch has it", ErrGap, sr))
		}
	}
	return errors.Join(errs...)
}

func versions(snapshots []*oddscachev1.CachedSnapshot) map[id]int64 {
	of := make(map[id]int64, len(snapshots))
	for _, s := range snapshots {
		of[id{s.GetBookmaker(), s.GetBookmakerEventId()}] = s.GetSnapshotId()
	}
	return of
}
