package store

import (
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

	encoded atomic.Pointer[[]byte] // see View.CachedEncoding
}

// change is what a publication changes. Tables are brought up to date id by id, which takes its time; lookups that come
// meanwhile find everything here. It is immutable.
type change struct {
	events map[string]*Event // by SportRadar id; nil for one that was evicted
	owners map[Key]*Event    // of ids that came, moved or went; nil for nobody
}

// Publish makes what was appended visible, under all ids and in lists, in one step: the swap of what is published.
//
// First the new states are made, which nobody sees. From the swap on readers find them in the change, and in the tables
// what did not change. Then they are written into the tables, and when these have all of it the change is dropped, so that
// a lookup is one step through a table again.
func (x *Index) Publish() {
	log := x.log.View()
	for i, n := range x.dirty {
		x.yield.every(keysPerYield, i)
		n.next = x.build(n, log.Head)
	}
	c := &change{events: make(map[string]*Event, len(x.dirty)), owners: make(map[Key]*Event, len(x.moved))}
	for i, n := range x.dirty {
		x.yield.every(keysPerYield, i)
		x.order(n.state, n.next)
		c.events[n.srID] = n.next
	}
	i := 0
	for k, n := range x.moved {
		x.yield.every(keysPerYield, i)
		i++
		c.owners[k] = nil
		if n != nil {
			c.owners[k] = n.next
		}
	}
	//failpoint:index.built
	x.forgetCycleEnds()
	x.mapSizes.grow(int64(log.Keys), int64(len(x.snapshots)))
	p := &published{
		revision: log.Head, cycleID: x.last.id, cycleFinished: x.last.finishedAt,
		stats: x.stats, tree: x.tree.Copy(), log: log, ends: x.ends, next: make(chan struct{}),
	}
	p.stats.Bytes += x.mapSizes.bytes() + int64(log.Keys)*recordBytes
	p.tables.Store(x.tableBytes())
	p.change.Store(c)
	//failpoint:index.before_revision
	if old := x.published.Swap(p); old != nil {
		close(old.next)
	}
	//failpoint:index.before_tables
	x.settle(p)
}

// settle brings the tables up to date with what is published: first the ids that belong to nobody any more, then the
// events that changed, under all their ids.
func (x *Index) settle(p *published) {
	i := 0
	for k, n := range x.moved {
		x.yield.every(keysPerYield, i)
		i++
		if n == nil {
			x.table(k.Bookmaker).put(k.ID, nil)
		}
	}
	for i, n := range x.dirty {
		x.yield.every(keysPerYield, i)
		x.updateTables(n)
		n.state, n.next, n.dirty = n.next, nil, false
		x.dirty[i] = nil
	}
	x.dirty = x.dirty[:0]
	x.resetScratch()
	p.tables.Store(x.tableBytes())
	p.change.Store(nil)
}

// updateTables puts an event's new state, or none, into the tables.
func (x *Index) updateTables(n *node) {
	if n.next == nil {
		x.srIDs.put(n.srID, nil)
		return
	}
	for _, k := range n.next.owned {
		x.table(k.Bookmaker).put(k.ID, n.next)
	}
	x.srIDs.put(n.srID, n.next)
}

// maxScratch is how many changes a batch may have for its scratch memory to be used again.
const maxScratch = 4096

// resetScratch empties what a batch needed, and frees it after an unusually large one, such as an eviction.
func (x *Index) resetScratch() {
	if cap(x.dirty) > maxScratch {
		x.dirty = nil
	}
	if len(x.moved) > maxScratch {
		x.moved = make(map[Key]*node)
	}
	if len(x.nodes) > maxScratch {
		x.nodes = make(map[string]*node)
	}
	clear(x.moved)
	clear(x.nodes)
}
