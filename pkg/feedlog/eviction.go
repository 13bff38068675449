package feedlog

// The eviction rule has three parts, each in a file of this name:
//
//   - services/scraper/internal/store decides what goes: it lists the keys in the cycle end.
//   - Here those keys are removed from the log, on both sides alike.
//   - services/cache/internal/store removes them from what lookups see.
//
// Nothing else evicts: no timer, no comparison of kickoffs.

// endCycleLocked evicts what a cycle end names and drops cycle ends that are kept no longer.
//
// A key that was written again after the cycle end stays, for a replica that catches up late as well: entries ascend, so
// that writing is put after the eviction. The comparison of revisions states that; it does not depend on clocks.
func (l *Log) endCycleLocked(end *Entry) {
	for _, k := range end.CycleEnd.Removed {
		r := l.keys[k]
		if r == nil || r.entry.Revision >= end.Revision {
			continue
		}
		l.removeRecordLocked(k, r)
		if l.listener != nil {
			l.listener.Removed(k, r.note, end)
		}
	}
	l.ends = append(l.ends, end)
	oldest := end.CycleEnd.FinishedAt.Add(-Keep)
	for len(l.ends) > 1 && l.ends[0].CycleEnd.FinishedAt.Before(oldest) {
		l.floor = l.ends[0].Revision
		l.removeLocked(l.ends[0].Key)
		l.ends[0] = nil
		l.ends = l.ends[1:]
	}
}
