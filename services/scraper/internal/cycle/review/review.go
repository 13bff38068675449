// Package review compares what the bookmakers say of one event, in their lists and in their details, and decides what
// of it is stored.
//
// A Target is an event with the word of each bookmaker. It is reviewed twice: Lists decides when the event kicks off
// before anything is fetched of it, Details what becomes of the fetched snapshots. docs/mapping.md describes the rules.
//
// What always holds:
//
//  1. Bookmakers are read in the order of precedence: where they disagree, the first that lists the event is believed.
//  2. One bookmaker alone moves no kickoff into the past, since that evicts the event for everybody.
//  3. A snapshot with home and away swapped is rejected as a whole. What is committed of it stays unconfirmed, and is
//     withdrawn when it is wrong too or when nobody has confirmed it for some cycles.
//  4. Nothing else is dropped: what is suspect is replaced by what was known before, and reported as a Finding.
package review

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Reviewer reviews the targets of one cycle, or of one refresh. Its methods may be called concurrently for different
// targets.
type Reviewer struct {
	// Committed finds what the store holds.
	Committed Snapshots
	// Complete names the bookmakers whose discovery answered as a whole: what they do not list, they do not offer. A
	// refresh has none, since it reads no lists.
	Complete map[odds.Bookmaker]bool
	// Suspects remembers what the cycle before did not believe. A refresh has nil and never believes it.
	Suspects *Suspects
}

// Finding is something about an event that somebody should look at.
type Finding struct {
	Bookmaker odds.Bookmaker
	Reason    odds.Reason // one of odds.Doubts
	Detail    string      // what was seen, with the numbers
}

// Result is what a review makes of a target's details.
type Result struct {
	Event     odds.Event
	Prepared  []store.Prepared // the snapshots to store
	Withdrawn []store.Absence  // what must not stay of the rejected ones
	Rejected  map[odds.Bookmaker]*odds.Rejected
	Findings  []Finding
}

// Lists judges what the lists say of t's kickoff, and sets t.Kickoff.
func (r *Reviewer) Lists(t *Target, now time.Time) []Finding {
	var findings []Finding
	for b, detail := range t.reviewLists(now, r.Suspects) {
		findings = append(findings, Finding{b, odds.KickoffDoubted, detail})
	}
	findings = append(findings, t.differing()...)
	t.Kickoff = t.event(r.Complete).Kickoff
	return findings
}

// Details judges what was fetched of t, which includes what was not: nil details are left out. Suspect kickoffs are
// replaced in the details, and t takes their word for the rest.
func (r *Reviewer) Details(t *Target, now time.Time, details []*bookmaker.Detail) Result {
	var result Result
	fetched := make(map[odds.Bookmaker]*odds.Snapshot)
	for _, d := range details {
		if d == nil {
			continue
		}
		if detail := t.reviewDetail(&d.Listing, now, r.Suspects); detail != "" {
			result.Findings = append(result.Findings, Finding{d.Listing.Bookmaker, odds.KickoffDoubted, detail})
		}
		t.refine(d.Listing)
		fetched[d.Snapshot.Bookmaker] = &d.Snapshot
	}
	result.Findings = append(result.Findings, t.differing()...)
	swapped := t.swapped(fetched, r.Committed)
	for _, d := range details {
		if d == nil {
			continue
		}
		if s, is := swapped[d.Snapshot.Bookmaker]; is {
			r.reject(t, &d.Snapshot, s, &result)
		} else {
			result.Prepared = append(result.Prepared, store.Prepare(d.Snapshot))
		}
	}
	result.Event = t.event(r.Complete)
	return result
}

// reject leaves a snapshot with swapped sides out of the result, and the names that its bookmaker gives the teams out
// of the event.
func (r *Reviewer) reject(t *Target, s *odds.Snapshot, why swap, result *Result) {
	t.clearNames(s.Bookmaker)
	if result.Rejected == nil {
		result.Rejected = make(map[odds.Bookmaker]*odds.Rejected)
	}
	result.Rejected[s.Bookmaker] = why.err()
	result.Findings = append(result.Findings, Finding{s.Bookmaker, odds.SidesSwapped, why.err().Detail})
	cycles := r.Suspects.addSwap(odds.EventKey{Bookmaker: s.Bookmaker, EventID: s.EventID})
	if absence, ok := withdrawal(s, cycles, r.Committed); ok {
		result.Withdrawn = append(result.Withdrawn, absence)
	}
}
