package store

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/tidwall/btree"

	"github.com/oddscache/oddscache/pkg/feedlog"
)

// published is what readers see of an index as a whole. It is immutable but for its atomics.
type published struct {
	revision      int64
	cycleID       string // of the last cycle end; empty before the first
	cycleFinished time.Time
	stats         Stats // Bytes without tables
	tree          *btree.BTreeG[*Event]
	log           *feedlog.View // at revision
	ends          []cycleEnd    // that the log keeps, ascending; shared with the index, which only appends
	next          chan struct{} // closed when something newer is visible

	change atomic.Pointer[change] // until the tables have it
	tables atomic.Int64           // bytes of the tables, when they have it

	once atomic.Pointer[[]byte] // what Once made
}

// change is what a publication changes. Tables are brought up to date id by id, which takes its time; lookups that come
// meanwhile find everything here. It is immutable.
type change struct {
	events map[string]*Event // by SportRadar id; nil for one that went
	owners map[Key]*Event    // of ids that came, moved or went; nil for nobody
}

// Publish makes what was appended visible, under all ids and in lists, in one step: the swap of what is published.
func (x *Index) Publish() {
	log := x.log.View()
	for i, n := range x.dirty {
		x.rests.after(restKeys, i)
		n.next = x.build(n, log.Head)
	}
	c := &change{events: make(map[string]*Event, len(x.dirty)), owners: make(map[Key]*Event, len(x.moved))}
	for i, n := range x.dirty {
		x.rests.after(restKeys, i)
		x.order(n.state, n.next)
		c.events[n.srID] = n.next
	}
	i := 0
	for k, n := range x.moved {
		x.rests.after(restKeys, i)
		i++
		c.owners[k] = nil
		if n != nil {
			c.owners[k] = n.next
		}
	}
	//failpoint:index.built
	x.forgetCycleEnds()
	x.slots.grow(int64(log.Keys), int64(len(x.books)))
	p := &published{
		revision: log.Head, cycleID: x.last.id, cycleFinished: x.last.finishedAt,
		stats: x.stats, tree: x.tree.Copy(), log: log, ends: x.ends, next: make(chan struct{}),
	}
	p.stats.Bytes += x.slots.bytes() + int64(log.Keys)*standingBytes
	p.tables.Store(x.tables())
	p.change.Store(c)
	//failpoint:index.before_revision
	if old := x.published.Swap(p); old != nil {
		close(old.next)
	}
	//failpoint:index.before_tables
	x.settle(p)
}

// settle brings the tables up to date with what is published.
func (x *Index) settle(p *published) {
	i := 0
	for k, n := range x.moved {
		x.rests.after(restKeys, i)
		i++
		if n == nil {
			x.table(k.Bookmaker).put(k.ID, nil)
		}
	}
	for i, n := range x.dirty {
		x.rests.after(restKeys, i)
		x.show(n)
		n.state, n.next, n.dirty = n.next, nil, false
		x.dirty[i] = nil
	}
	x.dirty = x.dirty[:0]
	x.letGo()
	p.tables.Store(x.tables())
	p.change.Store(nil)
}

// keepRoom is how many changes a batch may have for its memory to be used again.
const keepRoom = 4096

// letGo empties what a batch needed, and frees it after an unusually large one, such as an eviction.
func (x *Index) letGo() {
	if cap(x.dirty) > keepRoom {
		x.dirty = nil
	}
	if len(x.moved) > keepRoom {
		x.moved = make(map[Key]*node)
	}
	if len(x.nodes) > keepRoom {
		x.nodes = make(map[string]*node)
	}
	clear(x.moved)
	clear(x.nodes)
}

// show puts an event's new state, or none, into the tables.
func (x *Index) show(n *node) {
	if n.next == nil {
		x.srIDs.put(n.srID, nil)
		return
	}
	for _, k := range n.next.owned {
		x.table(k.Bookmaker).put(k.ID, n.next)
	}
	x.srIDs.put(n.srID, n.next)
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
	t := newTable(x.rests)
	x.owners.Store(new(append(slices.Clone(*x.owners.Load()), owners{bookmaker, t})))
	return t
}

// tables is the memory of all tables.
func (x *Index) tables() int64 {
	n := x.srIDs.bytes()
	for _, o := range *x.owners.Load() {
		n += o.events.bytes()
	}
	return n
}

// build makes an event's new state, to be visible at a revision; nil when it was evicted.
func (x *Index) build(n *node, revision int64) *Event {
	if n.identity == nil {
		return nil
	}
	owned := n.state.ids()
	if n.stale {
		owned, n.books = x.structure(n)
		n.stale = false
	}
	e := newEvent(len(n.books))
	e.Identity, e.node, e.owned = n.identity, n, owned
	for i, b := range n.books {
		e.Snapshots[i] = b.snapshot
	}
	e.Lost = losses(n.state, e, revision)
	return e
}

// structure is which ids belong to an event, and their snapshots. It is what a confirmation leaves as it is.
func (x *Index) structure(n *node) (owned []Key, books []*book) {
	listed := n.identity.listed
	books = make([]*book, 0, len(listed))
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
		if b := x.books[k]; b != nil {
			books = append(books, b)
		}
	}
	if owned == nil {
		owned = listed // nearly always
	}
	return owned, books
}

// order keeps the index of lists.
func (x *Index) order(before, after *Event) {
	if before != nil && (after == nil || !before.Kickoff.Equal(after.Kickoff)) {
		x.tree.Delete(before)
	}
	if after != nil {
		x.tree.Set(after)
	}
}

// begin notes from where on the evictions are known. A full sync brings the cycle ends that the source keeps, and does not
// say which it has dropped: before the oldest of them there may have been others.
func (x *Index) begin() {
	if len(x.ends) > 0 {
		x.oldest.Store(x.ends[0].revision)
	}
}

// forgetCycleEnds drops what the log keeps no longer.
func (x *Index) forgetCycleEnds() {
	floor := x.log.View().Floor
	for len(x.ends) > 0 && x.ends[0].revision <= floor {
		x.stats.Bytes -= x.ends[0].bytes
		x.ends = x.ends[1:]
	}
}
