package cycle

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// review holds what the bookmakers say of an event against each other, and makes of it what is stored.
func (r *run) review(t *target, details []*bookmaker.Detail) fetched {
	var f fetched
	now, answers := r.cfg.Clock.Now(), make(map[odds.Bookmaker]*odds.Snapshot)
	for _, d := range details {
		if d == nil {
			continue
		}
		if doubt := t.reviewDetail(&d.Listing, now, r.memory.kickoff); doubt != "" {
			r.doubt(t, d.Listing.Bookmaker, odds.KickoffDoubted, doubt)
		}
		t.refine(d.Listing)
		answers[d.Snapshot.Bookmaker] = &d.Snapshot
	}
	r.differing(t)
	swaps := t.swapped(answers, r.snapshots)
	for _, d := range details {
		if d == nil {
			continue
		}
		s, swapped := swaps[d.Snapshot.Bookmaker]
		if !swapped {
			f.snapshots = append(f.snapshots, store.Prepare(d.Snapshot))
			continue
		}
		r.refuse(t, &d.Snapshot, s)
		cycles := r.memory.swap(own{d.Snapshot.Bookmaker, d.Snapshot.EventID})
		if absence, ok := withdrawal(&d.Snapshot, cycles, r.snapshots); ok {
			f.withdrawn = append(f.withdrawn, absence)
		}
	}
	f.event = t.event(r.whole)
	return f
}

// settleKickoff judges what the lists say of an event's kickoff and merges it, before any detail.
func (r *run) settleKickoff(t *target, now time.Time) {
	for b, doubt := range t.reviewLists(now, r.memory.kickoff) {
		r.doubt(t, b, odds.KickoffDoubted, doubt)
	}
	r.differing(t)
	t.kickoff = t.event(r.whole).Kickoff
}

// refuse counts a snapshot whose sides are swapped.
func (r *run) refuse(t *target, s *odds.Snapshot, why swap) {
	t.silence(s.Bookmaker)
	r.tally.refusedSnapshot(s.Bookmaker, odds.SidesSwapped)
	r.doubt(t, s.Bookmaker, odds.SidesSwapped, why.err().Detail)
}

// differing counts kickoffs that differ.
func (r *run) differing(t *target) {
	for b, doubt := range t.differing() {
		r.doubt(t, b, odds.KickoffDiffers, doubt)
	}
}

// doubt counts and shows what is doubted about an event at a bookmaker.
func (r *run) doubt(t *target, b odds.Bookmaker, reason odds.Reason, seen string) {
	e := store.DoubtedEvent{SrID: t.srID, EventID: t.listings[b].EventID, Detail: seen}
	if r.tally.doubted(b, reason, e) {
		r.log.Debug("event doubted", "bookmaker", b, "reason", reason, "sr_id", e.SrID, "event_id", e.EventID, "seen", e.Detail)
	}
}
