package store

import "slices"

// Which event an id belongs to is in the tables, of which there is one for each bookmaker. What a batch has changed is in
// Index.moved until it is published, so the writer asks owner and readers ask View.ByKey.

// owners are the events that one bookmaker's ids belong to. There are few of them, and a list is searched faster than a
// map.
type owners struct {
	bookmaker string
	events    *table
}

// ids is the table of a bookmaker's ids; nil when it has none.
func (x *Index) ids(bookmaker string) *table {
	for _, o := range *x.owners.Load() {
		if o.bookmaker == bookmaker {
			return o.events
		}
	}
	return nil
}

// table is the table of a bookmaker's ids, made when it has none.
func (x *Index) table(bookmaker string) *table {
	if t := x.ids(bookmaker); t != nil {
		return t
	}
	t := newTable(x.yield)
	x.owners.Store(new(append(slices.Clone(*x.owners.Load()), owners{bookmaker, t})))
	return t
}

// tableBytes is the memory of all tables.
func (x *Index) tableBytes() int64 {
	n := x.srIDs.bytes()
	for _, o := range *x.owners.Load() {
		n += o.events.bytes()
	}
	return n
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

// nodeOf is the node of an event, nil for none.
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
	if slot := x.snapshots[k]; slot != nil {
		x.count(slot, old, -1)
		x.count(slot, n, +1)
		slot.owner = n
	}
	x.countID(k, old, -1)
	x.countID(k, n, +1)
	x.moved[k] = n
	x.restructure(old)
	x.restructure(n)
}

// disown lets all ids of an event, and their snapshots, belong to nobody.
func (x *Index) disown(n *node) {
	owned, slots := n.state.ids(), n.slots
	if n.restructured {
		owned, slots = x.structure(n)
	}
	for _, slot := range slots {
		x.count(slot, n, -1)
		x.count(slot, nil, +1)
		slot.owner = nil
	}
	for _, k := range owned {
		x.countID(k, n, -1)
		x.moved[k] = nil
	}
	x.restructure(n)
}
