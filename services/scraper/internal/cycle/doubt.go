package cycle

import (
	"cmp"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// maxExamples is how many doubted events a cycle names for each bookmaker and reason.
const maxExamples = 5

// doubtKey is what doubts are counted by.
type doubtKey struct {
	bookmaker odds.Bookmaker
	reason    odds.Reason
}

// doubted counts an event that is doubted for a reason, once a cycle however often it is seen, and reports whether it
// is new.
func (t *tally) doubted(b odds.Bookmaker, reason odds.Reason, e store.DoubtedEvent) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := doubtKey{b, reason}
	if t.doubts[k] == nil {
		t.doubts[k] = make(map[string]store.DoubtedEvent)
	}
	if _, twice := t.doubts[k][e.SrID]; twice {
		return false
	}
	t.doubts[k][e.SrID] = e
	return true
}

// doubtsOf sums up one bookmaker's doubts, with those events as examples that sort first. The caller holds the lock.
func (t *tally) doubtsOf(b odds.Bookmaker) []store.Doubt {
	var all []store.Doubt
	for k, events := range t.doubts {
		if k.bookmaker != b {
			continue
		}
		d := store.Doubt{Reason: k.reason, Count: int64(len(events))}
		for _, e := range events {
			d.Examples = append(d.Examples, e)
		}
		slices.SortFunc(d.Examples, func(a, b store.DoubtedEvent) int { return cmp.Compare(a.SrID, b.SrID) })
		d.Examples = d.Examples[:min(len(d.Examples), maxExamples)]
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b store.Doubt) int { return cmp.Compare(a.Reason, b.Reason) })
	return all
}
