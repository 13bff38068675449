package cycle

import (
	"cmp"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// maxExamples is how many events a cycle names for each bookmaker and reason.
const maxExamples = 5

// report counts what a review found about a target, and logs what is new.
func (r *run) report(t *review.Target, findings []review.Finding) {
	for _, f := range findings {
		e := store.FindingEvent{SrID: t.SrID, EventID: t.Listings[f.Bookmaker].EventID, Detail: f.Detail}
		if r.stats.found(f.Bookmaker, f.Reason, e) {
			r.log.Debug("event doubted", "bookmaker", f.Bookmaker, "reason", f.Reason, "sr_id", e.SrID, "event_id", e.EventID, "seen", e.Detail)
		}
	}
}

// findingKey is what findings are counted by.
type findingKey struct {
	bookmaker odds.Bookmaker
	reason    odds.Reason
}

// found counts an event for a reason, once a cycle however often it is seen, and reports whether it is new.
func (s *stats) found(b odds.Bookmaker, reason odds.Reason, e store.FindingEvent) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := findingKey{b, reason}
	if s.findings[k] == nil {
		s.findings[k] = make(map[string]store.FindingEvent)
	}
	if _, twice := s.findings[k][e.SrID]; twice {
		return false
	}
	s.findings[k][e.SrID] = e
	return true
}

// findingsOf sums up one bookmaker's findings, with those events as examples that sort first. The caller holds the lock.
func (s *stats) findingsOf(b odds.Bookmaker) []store.Finding {
	var all []store.Finding
	for k, events := range s.findings {
		if k.bookmaker != b {
			continue
		}
		d := store.Finding{Reason: k.reason, Count: int64(len(events))}
		for _, e := range events {
			d.Examples = append(d.Examples, e)
		}
		slices.SortFunc(d.Examples, func(a, b store.FindingEvent) int { return cmp.Compare(a.SrID, b.SrID) })
		d.Examples = d.Examples[:min(len(d.Examples), maxExamples)]
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b store.Finding) int { return cmp.Compare(a.Reason, b.Reason) })
	return all
}
