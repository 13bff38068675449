// Package feedlog is the compacted log that the scraper writes and every cache replicates: the newest entry of each
// key, ordered by revision.
//
// It is not for storage (the scraper rebuilds it from Postgres), not for lookups (the cache keeps indexes beside it)
// and not for the transport.
//
// Invariants, which the model test checks:
//
//  1. Every entry has its own revision, and entries are put in ascending order of it.
//  2. A key has at most one entry; putting a key moves it to the head. Live tail and resume are therefore one call:
//     all entries above a revision, in order. Any entry's revision is a valid resume point, and what a reader missed
//     in between has been compacted to the newest state.
//  3. Content and its confirmation are two keys with positions of their own; neither is left out because of what a
//     replica may have already. Putting content drops the confirmation. A confirmation never stands without content
//     of a lower revision.
//  4. Cycle ends are not compacted. They are kept for Keep after they finished, measured by the finish of the newest
//     one and so equally on every side. Floor is the highest revision of a cycle end that was dropped; below it
//     nothing can be resumed.
//  5. Only a cycle end evicts: exactly the keys it names, each where its revision is lower than the cycle end's. A
//     replica never compares kickoffs itself, since it may hold one that was changed by an entry still to come.
//  6. A block is applied whole or not at all, and only if it begins at the head (ErrGap).
//  7. Two logs at the same revision hold the same entries; their digests, order-free sums over every entry's bytes,
//     are equal.
//
// One writer appends; any number of readers read views, which are immutable and never block the writer.
package feedlog

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/btree"
)

// Keep is how long cycle ends stay in the log.
const Keep = 7 * 24 * time.Hour

// Errors that Append returns; nothing is applied when it does.
var (
	// ErrGap says that a block does not begin at the head.
	ErrGap = errors.New("block does not begin at the head of the log")
	// ErrOrder says that entries of a block are not ascending within it.
	ErrOrder = errors.New("entries are not in ascending order within their block")
	// ErrNoContent says that a confirmation has no content before it.
	ErrNoContent = errors.New("confirmation of content that the log does not hold")
)

// Listener is told what a block did, in order, while Append holds the log. It must not call the log.
type Listener interface {
	// Put follows the entry that now stands for its key. note is a place for whatever the listener wants to find again
	// without a search: that of the key, or for a confirmation of the key that it confirms. It lasts until the key is
	// removed.
	Put(e *Entry, note *any)
	// Removed follows an eviction by a cycle end, with the key's note; confirmations are not told apart from their content.
	Removed(k Key, note any, by *Entry)
}

// Log is a compacted log. Use New.
type Log struct {
	mu       sync.Mutex // held while appending; readers take views without it
	listener Listener
	tree     btree.Map[int64, *Entry] // by revision
	keys     map[Key]*standing        // confirmations stand beside their contents
	ends     []*Entry                 // cycle ends, ascending
	head     int64
	floor    int64
	digest   uint64
	bytes    int64
	found    []*standing // what the block's confirmations confirm, by their place in it; nil where it has to be looked up

	view atomic.Pointer[View]
}

// standing is what stands for a key.
type standing struct {
	entry        *Entry
	confirmation *Entry // of the content; nil for none
	note         any    // the listener's
}

// New makes an empty log at revision 0. listener may be nil.
func New(listener Listener) *Log {
	l := &Log{listener: listener, keys: make(map[Key]*standing)}
	l.publishLocked()
	return l
}

// Restore makes a log of what a database holds: all entries, the head, and the floor, the highest revision of a cycle
// end that is kept no longer. Entries may come in any order.
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

// Append applies the block (from, to] whole. entries must ascend within it; entries that compaction dropped leave
// holes. The log keeps the entries: they must not be changed. It returns ErrGap, ErrOrder or ErrNoContent.
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
		l.putLocked(e, l.found[i])
	}
	l.forgetFoundLocked()
	l.head = to
	l.publishLocked()
	return nil
}

// checkLocked finds everything that could be wrong with a block before any of it is applied.
func (l *Log) checkLocked(from, to int64, entries []*Entry) error {
	last := from
	contents := blockContents{size: len(entries), until: lastConfirmation(entries)}
	l.found = slices.Grow(l.found[:0], len(entries))[:len(entries)]
	for i, e := range entries {
		if e.Revision <= last || e.Revision > to {
			return fmt.Errorf("entry %v at revision %d after %d in block (%d, %d]: %w", e.Key, e.Revision, last, from, to, ErrOrder)
		}
		last, l.found[i] = e.Revision, nil // a block that was refused may have left something
		switch e.Key.Kind {
		case KindSnapshot:
			contents.set(i, e.Key, true)
		case KindCycleEnd:
			for _, k := range e.CycleEnd.Removed {
				contents.set(i, k, false) // whatever stood before this entry is older than it
			}
		case KindConfirmation:
			content := e.Key.content()
			held, said := contents.held[content]
			if !said {
				l.found[i] = l.keys[content]
				held = l.found[i] != nil
			}
			if !held {
				return fmt.Errorf("confirmation of %v at revision %d: %w", content, e.Revision, ErrNoContent)
			}
		case KindEvent:
		}
	}
	return nil
}

// blockContents says which contents a block brings (true) or takes away (false) up to some entry of it. Only
// confirmations ask, so what comes behind the last of them, such as a cycle end with all that it removes, is not noted.
type blockContents struct {
	held        map[Key]bool
	size, until int // entries of the block, and up to its last confirmation
}

func (b *blockContents) set(i int, k Key, held bool) {
	if i >= b.until || k.Kind != KindSnapshot {
		return
	}
	if b.held == nil {
		b.held = make(map[Key]bool, b.size)
	}
	b.held[k] = held
}

func lastConfirmation(entries []*Entry) int {
	for i, e := range slices.Backward(entries) {
		if e.Key.Kind == KindConfirmation {
			return i
		}
	}
	return 0
}

// keepFound is how many confirmations a block may have for its memory to be used again.
const keepFound = 1 << 16

func (l *Log) forgetFoundLocked() {
	clear(l.found)
	if cap(l.found) > keepFound {
		l.found = nil
	}
}

// putLocked puts an entry; s is what it confirms, if that was found already.
func (l *Log) putLocked(e *Entry, s *standing) {
	if e.Key.Kind == KindConfirmation {
		if s == nil {
			s = l.keys[e.Key.content()]
		}
		l.dropLocked(s.confirmation)
		s.confirmation = e
	} else {
		s = &standing{entry: e}
		if old := l.removeLocked(e.Key); old != nil {
			s.note = old.note
		}
		l.keys[e.Key] = s
	}
	l.tree.Set(e.Revision, e)
	l.digest += e.sum
	l.bytes += int64(len(e.Frame))
	if l.listener != nil {
		l.listener.Put(e, &s.note)
	}
	if e.Key.Kind == KindCycleEnd {
		l.endCycleLocked(e)
	}
}

// endCycleLocked evicts what a cycle end names and drops cycle ends that are kept no longer.
func (l *Log) endCycleLocked(end *Entry) {
	for _, k := range end.CycleEnd.Removed {
		s := l.keys[k]
		if s == nil || s.entry.Revision >= end.Revision {
			continue
		}
		l.takeLocked(k, s)
		if l.listener != nil {
			l.listener.Removed(k, s.note, end)
		}
	}
	l.ends = append(l.ends, end)
	oldest := end.CycleEnd.FinishedAt.Add(-Keep)
	for len(l.ends) > 1 && l.ends[0].CycleEnd.FinishedAt.Before(oldest) {
		l.floor = l.ends[0].Revision
		l.removeLocked(l.ends[0].Key)
		l.ends[0] = nil
		l.ends = l.ends[1:]
	}
}

// removeLocked takes away what stands for a key, with its confirmation, and returns it; nil for nothing.
func (l *Log) removeLocked(k Key) *standing {
	s := l.keys[k]
	if s != nil {
		l.takeLocked(k, s)
	}
	return s
}

// takeLocked takes away s, which stands for a key.
func (l *Log) takeLocked(k Key, s *standing) {
	delete(l.keys, k)
	l.dropLocked(s.entry)
	l.dropLocked(s.confirmation)
}

// dropLocked takes an entry, nil for none, out of the order of revisions.
func (l *Log) dropLocked(e *Entry) {
	if e == nil {
		return
	}
	l.tree.Delete(e.Revision)
	l.digest -= e.sum
	l.bytes -= int64(len(e.Frame))
}

// Lookup returns the entry of a key as the writer sees it, nil if there is none.
func (l *Log) Lookup(k Key) *Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	confirmation := k.Kind == KindConfirmation
	if confirmation {
		k = k.content()
	}
	s := l.keys[k]
	switch {
	case s == nil:
		return nil
	case confirmation:
		return s.confirmation
	default:
		return s.entry
	}
}
