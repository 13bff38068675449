package store

import (
	"slices"

	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// putEvent writes an event. Ids that it lists belong to it from now on, whoever had them: of two events that list an
// id, the later writing is right, and the other event's is still to come or was compacted into a later one. (The source
// writes the old owner first, in the same transaction; compaction may leave the new owner's entry alone in between.)
//
// Ids that it does not list any more belong to nobody, unless another event has taken them since. entry is the accounted size
// of the log's entry.
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

// putSnapshot writes content into its slot, which is the log's note if there is one, and returns the slot. A snapshot whose id
// belongs to no event gets a slot as well, and waits in it: the event that lists it may come later.
func (x *Index) putSnapshot(note any, c *frame.Content, entry int64) *snapshotSlot {
	slot, had := note.(*snapshotSlot)
	if had {
		x.count(slot, slot.owner, -1)
		x.touch(slot.owner)
	} else {
		k := Key{c.Bookmaker, c.EventID}
		slot = &snapshotSlot{owner: x.owner(k)}
		x.snapshots[k] = slot
		x.restructure(slot.owner)
	}
	slot.snapshot = c.Unconfirmed()
	x.count(slot, slot.owner, +1)
	x.account(&slot.content, entry+contentBytes(c))
	x.account(&slot.confirmed, 0) // the log dropped the confirmation of the content before
	return slot
}

// putConfirmation gives a snapshot another last_confirmed_at. What else an event is made of stays as it is.
func (x *Index) putConfirmation(note any, suffix frame.Suffix, entry int64) {
	slot, _ := note.(*snapshotSlot) // the log rejects a confirmation without content
	slot.snapshot = slot.snapshot.Confirmed(suffix)
	x.account(&slot.confirmed, entry)
	x.touch(slot.owner)
}

// restructure marks an event for publication with other ids or other snapshots than before; nil is nobody.
func (x *Index) restructure(n *node) {
	if n != nil {
		n.restructured = true
		x.touch(n)
	}
}

// touch marks an event for publication, once for any number of changes; nil is nobody.
func (x *Index) touch(n *node) {
	if n != nil && !n.dirty {
		n.dirty = true
		x.dirty = append(x.dirty, n)
	}
}
