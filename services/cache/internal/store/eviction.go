package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
)

// This file is the cache's half of the eviction rule: events and snapshots leave when a cycle end names them, and for no
// other reason. Nothing here looks at a clock or a kickoff.
//
// The scraper's half, services/scraper/internal/store/eviction.go, decides what a cycle end names: events whose kickoff is
// before its cutoff, their snapshots, and snapshots that no event lists. pkg/feedlog/eviction.go, which both sides run,
// takes each of those keys out of the log where its entry is older than the cycle end, and calls Removed for it.
//
// An event may go before or after its snapshots, or without them: those that are left wait (invariant 4).

// cycleEnd is what the index keeps of a cycle end.
type cycleEnd struct {
	revision   int64
	id         string
	finishedAt time.Time
	bytes      int64
	evicted    []*Past // of the index, in the order in which the cycle end names them
}

// putCycleEnd is Put for a cycle end. The keys that it names are removed after it, by calls of Removed.
func (x *Index) putCycleEnd(e *feedlog.Entry) {
	x.last = cycleEnd{revision: e.Revision, id: e.CycleEnd.CycleID, finishedAt: e.CycleEnd.FinishedAt}
	x.account(&x.last.bytes, entryBytes(e)+cycleEndBytes(e.CycleEnd)+2*pointer)
	x.ends = append(x.ends, x.last)
}

// Removed is the log's call for a key that a cycle end evicted.
func (x *Index) Removed(k feedlog.Key, note any, _ *feedlog.Entry) {
	x.removed++
	x.yield.every(keysPerYield, x.removed)
	//failpoint:index.evicting
	switch k.Kind {
	case feedlog.KindEvent:
		x.removeEvent(k.ID)
	case feedlog.KindSnapshot:
		x.removeSnapshot(Key{k.Bookmaker, k.ID}, note)
	case feedlog.KindConfirmation, feedlog.KindCycleEnd: // they are never removed by themselves
	}
}

// removeEvent removes an event. Its ids belong to nobody from then on.
func (x *Index) removeEvent(srID string) {
	n := x.node(srID)
	if n == nil || n.identity == nil {
		return
	}
	x.disown(n)
	x.noteEviction(n.identity)
	n.identity = nil
	x.stats.Events--
	x.stats.evicted++
	x.account(&n.bytes, 0)
	x.touch(n)
}

// removeSnapshot removes a snapshot, with its confirmation. The id stays with the event that lists it.
func (x *Index) removeSnapshot(k Key, note any) {
	slot, had := note.(*snapshotSlot)
	if !had {
		return
	}
	x.count(slot, slot.owner, -1)
	x.account(&slot.content, 0)
	x.account(&slot.confirmed, 0)
	delete(x.snapshots, k)
	x.restructure(slot.owner)
}

// noteEviction notes in the cycle end that is being applied what an event was, for watches: they send a removal to those
// who may have had the event. What it was is left out where it is not known for certain.
func (x *Index) noteEviction(id *Identity) {
	was := x.past(id)
	if was == nil {
		return
	}
	end := &x.ends[len(x.ends)-1] // not published yet
	before := heapSize(pointer * cap(end.evicted))
	end.evicted = append(end.evicted, was)
	x.account(&end.bytes, end.bytes+heapSize(pointer*cap(end.evicted))-before+pastBytes)
}

// evictions are the events that the cycle end at a revision removed from the index.
func (v View) evictions(revision int64) []*Past {
	i, found := slices.BinarySearchFunc(v.seen.ends, revision, func(c cycleEnd, at int64) int { return cmp.Compare(c.revision, at) })
	if !found {
		return nil
	}
	return v.seen.ends[i].evicted
}

// noteOldestCycleEnd notes from where on the evictions are known. A full sync brings the cycle ends that the source keeps,
// and does not say which it has dropped: before the oldest of them there may have been others.
func (x *Index) noteOldestCycleEnd() {
	if len(x.ends) > 0 {
		x.oldestCycleEnd.Store(x.ends[0].revision)
	}
}

// forgetCycleEnds drops what the log keeps no longer. The memory that publications share with x.ends is not written to.
func (x *Index) forgetCycleEnds() {
	floor := x.log.View().Floor
	for len(x.ends) > 0 && x.ends[0].revision <= floor {
		x.stats.Bytes -= x.ends[0].bytes
		x.ends = x.ends[1:]
	}
}
