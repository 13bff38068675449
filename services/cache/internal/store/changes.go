package store

import (
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
)

// ChangeKind says what an entry of the log did to an event.
type ChangeKind int

// The kinds of changes.
const (
	Described ChangeKind = iota + 1 // the event itself was written
	Priced                          // the content of one of its snapshots was written, or removed
	Confirmed                       // content was seen again
	Evicted                         // a cycle end removed the event
)

// Change is what one entry of the log did to one event. It says that there was a change, not what the event is now: that is
// looked up when it is needed, and may be newer.
type Change struct {
	Revision  int64 // of the entry
	Kind      ChangeKind
	SrID      string
	Bookmaker string // of Priced and Confirmed
	Was       *Past  // of Evicted; nil when it is not known for certain
}

// Past is what an event was before it was written again or evicted, as far as the filter of a watch may ask.
type Past struct {
	SrID       string
	Country    string
	Tournament string
	Kickoff    time.Time
	// Since is the revision from which on it was exactly so: a consumer that has everything up to a later revision had it
	// in this state, one with an earlier revision may have had another.
	Since int64
	// Absent says that there was no such event, so that nobody can have it.
	Absent bool
}

// past is what the event is known to have been until the entry that is being applied; nil when entries may have been left
// out since the index was last known to be the source's state, and with them another state of the event.
func (x *Index) past(before *Identity) *Past {
	switch {
	case x.incomplete:
		return nil
	case before == nil:
		return &Past{Absent: true, Since: max(x.completeAt, x.last.revision)} // it may have been before a cycle end
	default:
		return &Past{
			SrID: before.SrID, Country: before.Country, Tournament: before.Tournament, Kickoff: before.Kickoff, Since: before.Revision,
		}
	}
}

// Loss is a bookmaker whose snapshot an event had, and has no more.
type Loss struct {
	Bookmaker string
	Revision  int64 // from which on it is gone; all that went at once share the one at which they became visible
}

// Floor is the revision from which on changes are known; below it evictions have been forgotten, or were perhaps never
// sent to an index that a full sync built.
func (v View) Floor() int64 { return max(v.seen.log.Floor, v.index.oldestCycleEnd.Load()) }

// Superseded is closed when a newer view can be taken.
func (v View) Superseded() <-chan struct{} { return v.seen.next }

// Changes calls do for what happened after a revision up to the view's, in the log's order: of each key the newest
// entry. A snapshot's change is one of the event to which it belongs now; there is none when it belongs to no event. The
// log is read a batch at a time, and no lock is held while do runs.
func (v View) Changes(after int64, do func(Change)) {
	for after < v.Revision() {
		entries, to := v.seen.log.After(after, feedlog.MaxBatchBytes)
		for _, e := range entries {
			v.changesOf(e, do)
		}
		after = to
	}
}

// changesOf calls do for what one entry did: one change, or as many as a cycle end evicts keys.
func (v View) changesOf(e *feedlog.Entry, do func(Change)) {
	switch e.Key.Kind {
	case feedlog.KindEvent:
		do(Change{Revision: e.Revision, Kind: Described, SrID: e.Key.ID})
	case feedlog.KindSnapshot:
		v.changedSnapshot(e.Revision, e.Key, Priced, do)
	case feedlog.KindConfirmation:
		v.changedSnapshot(e.Revision, e.Key, Confirmed, do)
	case feedlog.KindCycleEnd:
		known := v.evictions(e.Revision)
		for _, k := range e.CycleEnd.Removed {
			if k.Kind != feedlog.KindEvent {
				v.changedSnapshot(e.Revision, k, Priced, do)
				continue
			}
			c := Change{Revision: e.Revision, Kind: Evicted, SrID: k.ID}
			if len(known) > 0 && known[0].SrID == k.ID { // in the same order
				c.Was, known = known[0], known[1:]
			}
			do(c)
		}
	}
}

// changedSnapshot calls do for a change of the snapshot with a key.
func (v View) changedSnapshot(revision int64, k feedlog.Key, kind ChangeKind, do func(Change)) {
	if owner := v.ByKey(Key{k.Bookmaker, k.ID}); owner != nil {
		do(Change{Revision: revision, Kind: kind, SrID: owner.SrID, Bookmaker: k.Bookmaker})
	}
}
