package store

import (
	"slices"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// cycleEnd is what the index keeps of a cycle end.
type cycleEnd struct {
	revision   int64
	id         string
	finishedAt time.Time
	bytes      int64
	evicted    []*Past // of the index, in the order in which the cycle end names them
}

// putEvent writes an event. Ids that it lists belong to it from now on, whoever had them: of two events that list an
// id, the later writing is right, and the other event's is still to come or was compacted into a later one.
func (x *Index) putEvent(id *Identity, entry int64) {
	n := x.node(id.SrID)
	if n == nil {
		n = &node{srID: id.SrID}
		x.nodes[id.SrID] = n
	}
	if n.identity == nil {
		x.stats.Events++
	} else {
		for _, k := range n.identity.listed {
			if !slices.Contains(id.listed, k) && x.owner(k) == n {
				x.setOwner(k, nil)
			}
		}
	}
	id.Before = x.past(n.identity)
	n.identity = id
	for _, k := range id.listed {
		x.setOwner(k, n)
	}
	x.account(&n.bytes, entry+identityBytes(id))
	x.restructure(n)
}

func (x *Index) removeEvent(srID string) {
	n := x.node(srID)
	if n == nil || n.identity == nil {
		return
	}
	x.disown(n)
	x.evict(n.identity)
	n.identity = nil
	x.stats.Events--
	x.stats.evicted++
	x.account(&n.bytes, 0)
	x.touch(n)
}

// putSnapshot writes content into its book, which the log's note says if there is one, and returns the book.
func (x *Index) putSnapshot(note any, c *frame.Content, entry int64) *book {
	b, had := note.(*book)
	if had {
		x.count(b, b.owner, -1)
		x.touch(b.owner)
	} else {
		k := Key{c.Bookmaker, c.EventID}
		b = &book{owner: x.owner(k)}
		x.books[k] = b
		x.restructure(b.owner)
	}
	b.snapshot = c.Unconfirmed()
	x.count(b, b.owner, +1)
	x.account(&b.content, entry+contentBytes(c))
	x.account(&b.confirmed, 0) // the log dropped the confirmation of the content before
	return b
}

func (x *Index) putConfirmation(note any, suffix frame.Suffix, entry int64) {
	b, _ := note.(*book) // the log refuses a confirmation without content
	b.snapshot = b.snapshot.Confirmed(suffix)
	x.account(&b.confirmed, entry)
	x.touch(b.owner)
}

func (x *Index) removeSnapshot(k Key, note any) {
	b, had := note.(*book)
	if !had {
		return
	}
	x.count(b, b.owner, -1)
	x.account(&b.content, 0)
	x.account(&b.confirmed, 0)
	delete(x.books, k)
	x.restructure(b.owner)
}

func (x *Index) putCycleEnd(e *feedlog.Entry) {
	x.last = cycleEnd{revision: e.Revision, id: e.CycleEnd.CycleID, finishedAt: e.CycleEnd.FinishedAt}
	x.account(&x.last.bytes, entryBytes(e)+cycleEndBytes(e.CycleEnd)+2*pointer)
	x.ends = append(x.ends, x.last)
}

// node is the event with a SportRadar id, nil for none, with what the batch changed so far.
func (x *Index) node(srID string) *node {
	if n := x.nodes[srID]; n != nil {
		return n
	}
	return nodeOf(x.srIDs.get(srID))
}

// owner is the event that an id belongs to, nil for none, with what the batch changed so far.
func (x *Index) owner(k Key) *node {
	if n, moved := x.moved[k]; moved {
		return n
	}
	t := x.ids(k.Bookmaker)
	if t == nil {
		return nil
	}
	return nodeOf(t.get(k.ID))
}

func nodeOf(e *Event) *node {
	if e == nil {
		return nil
	}
	return e.node
}

// setOwner lets an id and its snapshot belong to n, or to nobody when n is nil.
func (x *Index) setOwner(k Key, n *node) {
	old := x.owner(k)
	if old == n {
		return
	}
	if b := x.books[k]; b != nil {
		x.count(b, old, -1)
		x.count(b, n, +1)
		b.owner = n
	}
	x.countID(k, old, -1)
	x.countID(k, n, +1)
	x.moved[k] = n
	x.restructure(old)
	x.restructure(n)
}

// restructure marks an event for publication with other ids or other snapshots than before.
func (x *Index) restructure(n *node) {
	if n != nil {
		n.stale = true
		x.touch(n)
	}
}

// touch marks an event for publication.
func (x *Index) touch(n *node) {
	if n != nil && !n.dirty {
		n.dirty = true
		x.dirty = append(x.dirty, n)
	}
}

// disown lets all ids of an event, and their snapshots, belong to nobody.
func (x *Index) disown(n *node) {
	owned, books := n.state.ids(), n.books
	if n.stale {
		owned, books = x.structure(n)
	}
	for _, b := range books {
		x.count(b, n, -1)
		x.count(b, nil, +1)
		b.owner = nil
	}
	for _, k := range owned {
		x.countID(k, n, -1)
		x.moved[k] = nil
	}
	x.restructure(n)
}
