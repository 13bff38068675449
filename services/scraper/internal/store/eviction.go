package store

import (
	"slices"
	"time"
)

// Eviction, the scraper's half: which keys go at the end of a cycle. The keys are listed in the cycle end, so that the
// log and every cache remove exactly the same; the cache's half, which removes them there, is
// services/cache/internal/store/eviction.go.
//
//   - Only a cycle that ran to its end evicts, and only when the clocks agreed while it ran (Cycle.Skewed).
//   - The cutoff is the time of the cycle's end less Config.Grace. Events whose kickoff is strictly before it go, with
//     their snapshots, and so do snapshots that no event lists.
//   - The cutoff does not go back with small steps of the clocks, up to clock.Tolerance: what one cycle end evicts, the next
//     would else let in again. A cutoff that turns out to lie further ahead than that is from a time when a clock was
//     wrong, and is corrected. It is kept in feed_state, so both hold after a restart as well.

// evicts reports whether a cycle that ends so ran to its end.
func (s CycleStatus) evicts() bool { return s == Succeeded || s == Partial }

// cycleEnd is the end of a cycle with exactly what it removes, in order.
type cycleEnd struct {
	id         string
	status     CycleStatus
	finishedAt time.Time
	cutoff     *time.Time // nil for a cycle that evicts nothing
	events     []string
	snapshots  []key
}

// evict lists what the end of a cycle at finishedAt removes.
func (w *Writer) evict(c Cycle, finishedAt time.Time) cycleEnd {
	end := cycleEnd{id: c.ID, status: c.Status, finishedAt: finishedAt}
	if !c.Status.evicts() || c.Skewed {
		return end
	}
	cutoff := finishedAt.Add(-w.store.cfg.Grace)
	switch {
	case future(w.cutoff, cutoff):
		w.store.log.Warn("the cutoff lay in the future, corrected", "cycle_id", c.ID, "was", w.cutoff, "is", cutoff)
	case cutoff.Before(w.cutoff):
		cutoff = w.cutoff
	}
	end.cutoff = &cutoff
	for srID, e := range w.state.events {
		if e.Kickoff.Before(cutoff) {
			end.events = append(end.events, srID)
		}
	}
	for k := range w.state.snapshots {
		e := w.state.events[w.state.owners[k]]
		if e == nil || e.Kickoff.Before(cutoff) {
			end.snapshots = append(end.snapshots, k)
		}
	}
	slices.Sort(end.events)
	slices.SortFunc(end.snapshots, key.compare)
	return end
}

// evicted removes what a committed cycle end lists from what is committed. Only publish calls it.
func (w *Writer) evicted(end *cycleEnd) {
	for _, srID := range end.events {
		w.state.dropEvent(srID)
	}
	for _, k := range end.snapshots {
		delete(w.state.snapshots, k)
		delete(w.collapses, k)
	}
	if end.cutoff != nil {
		w.cutoff = *end.cutoff
	}
}
