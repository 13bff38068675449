package cycle

import (
	"context"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// absentCycles is how many cycles in a row an event must be missing from tournaments that answered before its
// markets count as unavailable: one list answer may be incomplete.
const absentCycles = 2

// vanishedCycles is how many cycles in a row that takes when the event's tournament is not listed any more either: nobody
// answered for it, and a list of tournaments may be incomplete for longer.
const vanishedCycles = 2 * absentCycles

// maxAbsentShare is the share of a bookmaker's events that may go at once, once there are more than fewAbsent. More
// is a failure that looks like an answer, and is not believed.
const (
	maxAbsentShare = 0.5
	fewAbsent      = 3
)

// own names an event in one bookmaker's own ids.
type own struct {
	bookmaker odds.Bookmaker
	eventID   string
}

// absence is what the engine remembers of one bookmaker's event from cycle to cycle.
type absence struct {
	tournament string // that listed it last; empty when unknown
	cycles     int    // in a row that it was missing although its tournament answered
}

// absences belongs to the goroutine that runs cycles. A restart forgets it, which only delays a mark.
type absences map[own]absence

// note records one bookmaker's discovery and returns which of its upcoming events have been missing for long enough.
func (a absences) note(b odds.Bookmaker, found bookmaker.Discovery, upcoming []string) []string {
	listed := make(map[string]bool, len(found.Listings))
	for _, l := range found.Listings {
		listed[l.EventID] = true
		a[own{b, l.EventID}] = absence{tournament: l.TournamentID}
	}
	silent := make(map[string]bool) // tournaments that did not answer, or not readably
	present := make(map[string]bool, len(found.Tournaments))
	for _, t := range found.Tournaments {
		present[t.ID] = true
		if t.Err != nil || slices.Contains(t.RefusedIDs, "") {
			silent[t.ID] = true
		}
		for _, id := range t.RefusedIDs {
			listed[id] = true // listed, if not readably
		}
	}
	var gone []string
	for _, id := range upcoming {
		seen := a[own{b, id}]
		switch {
		case listed[id], found.Short:
			continue
		case seen.tournament == "" && len(silent) > 0, silent[seen.tournament]:
			continue // whoever would list it may not have answered
		}
		seen.cycles++
		a[own{b, id}] = seen
		needed := absentCycles
		if seen.tournament != "" && !present[seen.tournament] {
			needed = vanishedCycles
		}
		if seen.cycles >= needed {
			gone = append(gone, id)
		}
	}
	return gone
}

// vanished counts the tournaments that are not listed any more although they had upcoming events, for as long as that is
// doubted. It is called after note.
func (a absences) vanished(b odds.Bookmaker, found bookmaker.Discovery, upcoming []string) int {
	known := make(map[string]bool, len(found.Tournaments))
	for _, t := range found.Tournaments {
		known[t.ID] = true
	}
	n := 0
	for _, id := range upcoming {
		seen := a[own{b, id}]
		if seen.tournament == "" || known[seen.tournament] || seen.cycles == 0 || seen.cycles >= vanishedCycles {
			continue
		}
		known[seen.tournament] = true // counted once
		n++
	}
	return n
}

// keep forgets everything but the events given.
func (a absences) keep(live map[own]bool) {
	for id := range a {
		if !live[id] {
			delete(a, id)
		}
	}
}

// storeAbsent marks the markets of events that their bookmaker does not list any more as unavailable. Only a
// tournament that answered can say so, never for an event that has kicked off, and never for most events at once.
func (r *run) storeAbsent(ctx context.Context) error {
	seen := r.cfg.Clock.Now()
	live, upcoming := r.committed(seen)
	batch := store.Batch{CycleID: r.ticket.CycleID}
	for b, found := range r.found {
		if r.failed[b] {
			continue // what its tree left out is not known
		}
		gone := r.absences.note(b, found, upcoming[b])
		r.tally.vanished(b, r.absences.vanished(b, found, upcoming[b]))
		if len(gone) > fewAbsent && float64(len(gone)) > maxAbsentShare*float64(len(upcoming[b])) {
			r.log.Warn("too many events absent at once, none marked", "bookmaker", b, "absent", len(gone), "of", len(upcoming[b]))
			continue
		}
		for _, id := range gone {
			if c, ok := r.writer.Committed(b, id); ok && c.Available > 0 {
				batch.Missing = append(batch.Missing, store.Absence{
					Bookmaker: b, EventID: id, Request: r.request, RequestedAt: r.started, SeenAt: seen,
				})
			}
		}
	}
	r.absences.keep(live)
	r.marked = len(batch.Missing)
	if r.marked == 0 {
		return nil
	}
	return r.store(ctx, batch)
}

// committed returns every bookmaker's own ids of committed events, and those of events that are still to kick off.
func (r *run) committed(now time.Time) (live map[own]bool, upcoming map[odds.Bookmaker][]string) {
	live, upcoming = make(map[own]bool), make(map[odds.Bookmaker][]string)
	for _, e := range r.writer.Events() {
		for b, eventID := range ownIDs(e) {
			id := own{b, eventID}
			live[id] = true
			if e.Kickoff.After(now) {
				upcoming[b] = append(upcoming[b], eventID)
			}
		}
	}
	return live, upcoming
}
