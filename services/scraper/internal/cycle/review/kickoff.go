package review

import (
	"fmt"
	"maps"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// A kickoff decides when everybody's prices go, so one bookmaker's word is not enough for a leap. What is not believed
// is replaced by what was known, counted and shown.
const (
	// kickoffsDiffer is from when on two bookmakers disagree: none rounds by so much, and a wrong zone is off by more.
	kickoffsDiffer = 15 * time.Minute
	// kickoffLeap is what a match is postponed by at most without anybody's list saying so.
	kickoffLeap = 24 * time.Hour
)

// reviewDetail judges the kickoff of a detail against the bookmaker's list, or against what is known of the event where
// the list is silent or was not read. A kickoff that is suspect is replaced in detail, and described in the result; the
// result is empty otherwise.
//
// A leap is believed when the next cycle repeats it. A leap into the past never is: whoever lists a match as upcoming
// contradicts it in the same cycle, and being wrong would evict the event.
func (t *Target) reviewDetail(detail *odds.Listing, now time.Time, suspects *Suspects) (suspect string) {
	kickoff, known := detail.Kickoff, firstTime(t.Listings[detail.Bookmaker].Kickoff, t.Kickoff)
	if kickoff.IsZero() || known.IsZero() || kickoff.Equal(known) {
		return ""
	}
	past := !kickoff.After(now) && t.Kickoff.After(now)
	if !past && (near(kickoff, known) || t.Committed != nil && near(kickoff, t.Committed.Kickoff)) {
		return ""
	}
	repeated := suspects.addKickoff(odds.EventKey{Bookmaker: detail.Bookmaker, EventID: t.eventID(detail)}, kickoff)
	if repeated && !past {
		return ""
	}
	detail.Kickoff = known
	return fmt.Sprintf("the detail says %s, known is %s", instant(kickoff), instant(known))
}

// eventID is the bookmaker's own id: the listing's, which the detail was requested by.
func (t *Target) eventID(detail *odds.Listing) string {
	if l, listed := t.Listings[detail.Bookmaker]; listed {
		return l.EventID
	}
	return detail.EventID
}

// reviewLists judges the kickoffs of the lists, which are believed more than details: the reference's leaps count at
// once. Suspect is a kickoff in the past where the committed one is ahead, or where another list's is by more than a
// leap; and a leap on the word of one competitor alone. Both are believed when the next cycle repeats them, unless
// another list has the match ahead of it. Suspect kickoffs are replaced in t.Listings and described in the result.
func (t *Target) reviewLists(now time.Time, suspects *Suspects) map[odds.Bookmaker]string {
	var all map[odds.Bookmaker]string
	replaced := make(map[odds.Bookmaker]odds.Listing)
	for b, l := range t.Listings {
		contradicted, suspect := t.suspectList(l, now)
		if suspect == "" {
			continue
		}
		repeated := suspects.addKickoff(odds.EventKey{Bookmaker: b, EventID: l.EventID}, l.Kickoff)
		if repeated && !contradicted {
			continue
		}
		if all == nil {
			all = make(map[odds.Bookmaker]string)
		}
		all[b] = suspect
		l.Kickoff = time.Time{}
		if t.Committed != nil {
			l.Kickoff = t.Committed.Kickoff
		}
		replaced[b] = l
	}
	maps.Copy(t.Listings, replaced)
	return all
}

// suspectList describes what is suspect about a listing's kickoff, and reports whether other lists contradict it. The
// description is empty when nothing is.
func (t *Target) suspectList(l odds.Listing, now time.Time) (contradicted bool, suspect string) {
	if l.Kickoff.IsZero() {
		return false, ""
	}
	past, alone := !l.Kickoff.After(now), true
	farAhead := false
	for b, other := range t.Listings {
		if b == l.Bookmaker || other.Kickoff.IsZero() {
			continue
		}
		alone = false
		contradicted = contradicted || past && other.Kickoff.After(now)
		farAhead = farAhead || other.Kickoff.After(now) && !near(l.Kickoff, other.Kickoff)
	}
	moved := t.Committed != nil && !near(l.Kickoff, t.Committed.Kickoff)
	switch {
	case past && t.Committed != nil && t.Committed.Kickoff.After(now):
		return contradicted, fmt.Sprintf("the list says %s, which is over; it was %s", instant(l.Kickoff), instant(t.Committed.Kickoff))
	case past && farAhead:
		return contradicted, fmt.Sprintf("the list says %s, which is over, and another's that it is to come", instant(l.Kickoff))
	case moved && alone && !l.Bookmaker.Reference():
		return false, fmt.Sprintf("this list alone says %s; it was %s", instant(l.Kickoff), instant(t.Committed.Kickoff))
	default:
		return false, ""
	}
}

// differing finds the bookmakers whose kickoff is not that of the first in the order of precedence.
func (t *Target) differing() []Finding {
	var (
		first    odds.Listing
		findings []Finding
	)
	for _, b := range registry.Names() {
		l := t.Listings[b]
		switch {
		case l.Kickoff.IsZero():
		case first.Kickoff.IsZero():
			first = l
		case l.Kickoff.Sub(first.Kickoff).Abs() >= kickoffsDiffer:
			findings = append(findings, Finding{
				b, odds.KickoffDiffers,
				fmt.Sprintf("kickoff is %s, %s has %s", instant(l.Kickoff), first.Bookmaker, instant(first.Kickoff)),
			})
		}
	}
	return findings
}

// near reports whether two kickoffs are less than a leap apart.
func near(a, b time.Time) bool { return a.Sub(b).Abs() <= kickoffLeap }

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
