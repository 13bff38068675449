package feedlog

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// Log is a compacted log. Use New or Restore. Its methods may be called by several goroutines, though blocks come from
// one: each has to begin where the one before ended.
type Log struct {
	mu       sync.Mutex // held while appending; readers take views without it
	listener Listener
	tree     btree.Map[int64, *Entry] // all entries, confirmations among them, by revision
	keys     map[Key]*record          // confirmations stand beside their contents
	ends     []*Entry                 // cycle ends, ascending
	head     int64
	floor    int64
	digest   uint64 // sum over tree, see Entry.sum
	bytes    int64  // of the frames in tree

	// confirmed is scratch space of Append: the records that the block's confirmations confirm, by their place in it; nil
	// where the record has to be looked up when the entry's turn comes.
	confirmed []*record

	view atomic.Pointer[View]
}

// record is what the log holds of a key. Content and its confirmation share one, so that putting content drops the
// confirmation without another search.
type record struct {
	entry        *Entry
	confirmation *Entry // of the content; nil for none
	note         any    // the listener's
}

// New makes an empty log at revision 0. listener may be nil.
func New(listener Listener) *Log {
	l := &Log{listener: listener, keys: make(map[Key]*record)}
	l.publishLocked()
	return l
}

// Restore makes a log of what a database holds: all entries, the head, and the floor, the highest revision of a cycle
// end that is kept no longer. Entries may come in any order. The listener is notified of all of them, as of one block.
func Restore(listener Listener, entries []*Entry, head, floor int64) (*Log, error) {
	l := New(listener)
	byRevision := btree.NewMap[int64, *Entry](0)
	for _, e := range entries {
		if old, twice := byRevision.Set(e.Revision, e); twice {
			return nil, fmt.Errorf("restoring log: %v and %v share revision %d: %w", old.Key, e.Key, e.Revision, ErrOrder)
		}
	}
	if err := l.Append(0, head, byRevision.Values()); err != nil {
		return nil, fmt.Errorf("restoring log of %d entries: %w", len(entries), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floor = max(l.floor, floor)
	l.publishLocked()
	return l, nil
}

// Append applies the block (from, to] whole and publishes a view of it. entries must ascend within it; entries that
// compaction dropped leave holes. The log keeps the entries: they must not be changed. It returns ErrGap, ErrOrder or
// ErrNoContent, and then has done nothing.
func (l *Log) Append(from, to int64, entries []*Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from != l.head || to < from {
		return fmt.Errorf("block (%d, %d] at head %d: %w", from, to, l.head, ErrGap)
	}
	if err := l.checkLocked(from, to, entries); err != nil {
		return err
	}
	for i, e := range entries {
		l.putLocked(e, l.confirmed[i])
	}
	l.resetScratchLocked()
	l.head = to
	l.publishLocked()
	return nil
}

// putLocked makes e the entry of its key, in place of the one before. r is the record that a confirmation confirms, if it was
// found already. A new entry gets a new record, which takes the note over.
func (l *Log) putLocked(e *Entry, r *record) {
	if e.Key.Kind == KindConfirmation {
		if r == nil {
			r = l.keys[e.Key.content()]
		}
		l.dropLocked(r.confirmation)
		r.confirmation = e
	} else {
		r = &record{entry: e}
		if old := l.removeLocked(e.Key); old != nil {
			r.note = old.note
		}
		l.keys[e.Key] = r
	}
	l.tree.Set(e.Revision, e)
	l.digest += e.sum
	l.bytes += int64(len(e.Frame))
	if l.listener != nil {
		l.listener.Put(e, &r.note)
	}
	if e.Key.Kind == KindCycleEnd {
		l.endCycleLocked(e)
	}
}

// removeLocked removes a key, with its confirmation, and returns its record; nil when there is none.
func (l *Log) removeLocked(k Key) *record {
	r := l.keys[k]
	if r != nil {
		l.removeRecordLocked(k, r)
	}
	return r
}

// removeRecordLocked removes a key whose record is r.
func (l *Log) removeRecordLocked(k Key, r *record) {
	delete(l.keys, k)
	l.dropLocked(r.entry)
	l.dropLocked(r.confirmation)
}

// dropLocked takes an entry, nil for none, out of the order of revisions and out of the sums.
func (l *Log) dropLocked(e *Entry) {
	if e == nil {
		return
	}
	l.tree.Delete(e.Revision)
	l.digest -= e.sum
	l.bytes -= int64(len(e.Frame))
}

// maxScratch is how many entries a block may have for its scratch space to be used again.
const maxScratch = 1 << 16

// resetScratchLocked empties the scratch space, which would hold on to records that were removed, and frees it after an
// unusually large block.
func (l *Log) resetScratchLocked() {
	clear(l.confirmed)
	if cap(l.confirmed) > maxScratch {
		l.confirmed = nil
	}
}

// Lookup returns the entry of a key as the writer sees it, nil if there is none.
func (l *Log) Lookup(k Key) *Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	confirmation := k.Kind == KindConfirmation
	if confirmation {
		k = k.content()
	}
	r := l.keys[k]
	switch {
	case r == nil:
		return nil
	case confirmation:
		return r.confirmation
	default:
		return r.entry
	}
}
