package store

import (
	"time"

	"github.com/tidwall/btree"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// published is what readers see of an index as a whole. It is immutable.
type published struct {
	revision      int64
	cycleID       string // of the last cycle end; empty before the first
	cycleFinished time.Time
	stats         Stats
	tree          *btree.BTreeG[*Event]
	log           *feedlog.View // at revision
	ends          []cycleEnd    // that the log keeps, ascending; shared with the index, which only appends
	next          chan struct{} // closed when something newer is visible
}

// Publish makes what was appended visible. The order is what readers rely on: first the new states of events, with the old
// ones beside them; then the owners of ids; last the revision that claims all of it.
func (x *Index) Publish() {
	log := x.log.View()
	for i, n := range x.dirty {
		yield(i)
		n.next = x.build(n, log.Head)
	}
	for _, n := range x.dirty {
		n.before.Store(n.state.Load())
		n.state.Store(n.next)
	}
	for k, n := range x.moved {
		if n == nil {
			x.owners.Delete(k)
		} else {
			x.owners.Store(k, n)
		}
	}
	for i, n := range x.dirty {
		yield(i)
		x.order(n.before.Load(), n.next)
		n.before.Store(nil)
		if n.next == nil {
			x.events.Delete(n.srID)
		}
		n.next, n.dirty = nil, false
		x.dirty[i] = nil
	}
	x.dirty = x.dirty[:0]
	x.letGo()
	x.forgetCycleEnds()
	x.slots.grow(int64(log.Entries), int64(len(x.books)), x.stats.Events, x.stats.BetpawaEvents+x.stats.CompetitorEvents)
	p := &published{
		revision: log.Head, cycleID: x.last.id, cycleFinished: x.last.finishedAt,
		stats: x.stats, tree: x.tree.Copy(), log: log, ends: x.ends, next: make(chan struct{}),
	}
	p.stats.Bytes += x.slots.bytes()
	if old := x.published.Swap(p); old != nil {
		close(old.next)
	}
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
	clear(x.moved)
}

// build makes an event's new state, to be visible at a revision; nil when it was evicted.
func (x *Index) build(n *node, revision int64) *Event {
	if n.identity == nil {
		return nil
	}
	e := &Event{Identity: n.identity}
	owned, snapshots := 0, 0
	for _, k := range n.identity.listed {
		if x.owner(k) == n {
			owned++
			if x.books[k] != nil {
				snapshots++
			}
		}
	}
	if snapshots > 0 {
		e.Snapshots = make([]frame.Snapshot, 0, snapshots)
	}
	for _, k := range n.identity.listed {
		if x.owner(k) != n {
			continue
		}
		if b := x.books[k]; b != nil {
			e.Snapshots = append(e.Snapshots, b.snapshot)
		}
		if owned < len(n.identity.listed) {
			e.owned = append(e.owned, k)
		}
	}
	if owned == len(n.identity.listed) {
		e.owned = n.identity.listed // nearly always
	}
	e.Lost = losses(n.state.Load(), e, revision)
	return e
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
