package store

// build makes an event's new state, to be visible at a revision; nil when it was evicted.
func (x *Index) build(n *node, revision int64) *Event {
	if n.identity == nil {
		return nil
	}
	owned := n.state.ids()
	if n.restructured {
		owned, n.slots = x.structure(n)
		n.restructured = false
	}
	e := newEvent(len(n.slots))
	e.Identity, e.node, e.owned = n.identity, n, owned
	for i, slot := range n.slots {
		e.Snapshots[i] = slot.snapshot
	}
	e.Lost = losses(n.state, e, revision)
	return e
}

// structure is which ids belong to an event, and the slots of their snapshots, in the order in which they are listed. It
// is what a confirmation leaves as it is.
func (x *Index) structure(n *node) (owned []Key, slots []*snapshotSlot) {
	listed := n.identity.listed
	slots = make([]*snapshotSlot, 0, len(listed))
	for i, k := range listed {
		if x.owner(k) != n {
			if owned == nil {
				owned = append(make([]Key, 0, len(listed)), listed[:i]...)
			}
			continue
		}
		if owned != nil {
			owned = append(owned, k)
		}
		if slot := x.snapshots[k]; slot != nil {
			slots = append(slots, slot)
		}
	}
	if owned == nil {
		owned = listed // nearly always
	}
	return owned, slots
}

// order keeps the list in order when an event's state changes; nil before it exists and after it was evicted.
func (x *Index) order(before, after *Event) {
	if before != nil && (after == nil || !before.Kickoff.Equal(after.Kickoff)) {
		x.tree.Delete(before)
	}
	if after != nil {
		x.tree.Set(after)
	}
}

// losses are the bookmakers of which an event has no snapshot any more, at most one a bookmaker. revision is the one at
// which the new state becomes visible.
func losses(before, after *Event, revision int64) []Loss {
	if before == nil {
		return nil
	}
	var lost []Loss
	for _, l := range before.Lost {
		if !after.has(l.Bookmaker) {
			lost = append(lost, l)
		}
	}
	for _, s := range before.Snapshots {
		if !after.has(s.Bookmaker) {
			lost = append(lost, Loss{Bookmaker: s.Bookmaker, Revision: revision})
		}
	}
	return lost
}
