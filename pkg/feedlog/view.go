package feedlog

import "github.com/tidwall/btree"

// View is the log at one revision. It is immutable and stays valid for as long as somebody holds it: the tree is copied on
// write, so that a view costs a few kilobytes, whatever it holds. Taking one blocks nobody.
type View struct {
	Head    int64  // revision of the newest block
	Floor   int64  // a replica below it needs a full sync
	Entries int    // number of entries
	Keys    int    // of them, those that are no confirmations
	Digest  uint64 // order-free sum over them
	Bytes   int64  // of all frames

	// LastCycle is the newest cycle end; nil before the first.
	LastCycle *Entry

	tree btree.Map[int64, *Entry]
	next chan struct{} // closed when a newer view was published
}

// publishLocked makes the log's present state the view that readers get, and wakes those who wait for one.
func (l *Log) publishLocked() {
	v := &View{
		Head: l.head, Floor: l.floor, Entries: l.tree.Len(), Keys: len(l.keys), Digest: l.digest, Bytes: l.bytes,
		next: make(chan struct{}),
	}
	if n := len(l.ends); n > 0 {
		v.LastCycle = l.ends[n-1]
	}
	v.tree = *l.tree.Copy()
	if old := l.view.Swap(v); old != nil {
		close(old.next)
	}
}

// View returns the newest view. It never blocks.
func (l *Log) View() *View { return l.view.Load() }

// Superseded is closed when a newer view exists.
func (v *View) Superseded() <-chan struct{} { return v.next }

// After returns entries with a revision above after, ascending, until their frames exceed maxBytes (the first is
// returned whatever its size), and the revision they lead to: the view's head when they are all there are.
//
// A reader that calls it again with that revision, on the same or on a later view, misses nothing: what it does not see any
// more was replaced by an entry that it is still to see, or evicted by a cycle end that it is still to see.
func (v *View) After(after int64, maxBytes int) (entries []*Entry, to int64) {
	size := 0
	to = v.Head
	v.tree.Ascend(after+1, func(_ int64, e *Entry) bool {
		size += len(e.Frame)
		if size > maxBytes && len(entries) > 0 {
			to = entries[len(entries)-1].Revision
			return false
		}
		entries = append(entries, e)
		return true
	})
	return entries, to
}
