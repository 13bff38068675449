package cycle

import (
	"context"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// storeAbsent marks the markets of events that their bookmaker does not list any more as unavailable; the package listing
// says which those are. Events that have kicked off are left as they are.
func (r *run) storeAbsent(ctx context.Context) error {
	now := r.cfg.Clock.Now()
	live, upcoming := r.committed(now)
	batch := store.Batch{CycleID: r.handle.CycleID}
	for b, found := range r.found {
		if r.failed[b] {
			continue // what its tree left out is not known
		}
		report := r.absences.Update(b, found, upcoming[b])
		r.stats.vanished(b, report.Vanished)
		if report.Implausible {
			r.log.Warn("too many events absent at once, none marked", "bookmaker", b, "absent", len(report.Gone), "of", len(upcoming[b]))
			continue
		}
		for _, id := range report.Gone {
			if c, ok := r.writer.Committed(b, id); ok && c.Available > 0 {
				batch.Missing = append(batch.Missing, store.Absence{
					Bookmaker: b, EventID: id, Request: r.request, RequestedAt: r.started, SeenAt: now,
				})
			}
		}
	}
	r.absences.Retain(live)
	r.absent = len(batch.Missing)
	if r.absent == 0 {
		return nil
	}
	return r.store(ctx, batch)
}

// committed returns every bookmaker's own ids of committed events, and those of events that are still to kick off.
func (r *run) committed(now time.Time) (live map[odds.EventKey]bool, upcoming map[odds.Bookmaker][]string) {
	live, upcoming = make(map[odds.EventKey]bool), make(map[odds.Bookmaker][]string)
	for _, e := range r.writer.Events() {
		for b, eventID := range e.IDs() {
			live[odds.EventKey{Bookmaker: b, EventID: eventID}] = true
			if e.Kickoff.After(now) {
				upcoming[b] = append(upcoming[b], eventID)
			}
		}
	}
	return live, upcoming
}
