package cycle

import (
	"fmt"
	"maps"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// A kickoff decides when everybody's prices go, so one bookmaker's word is not enough for a leap. What is not believed
// is replaced by what was known, counted and shown. How lists and details are judged stands in docs/mapping.md.
const (
	// kickoffsDiffer is from when on two bookmakers disagree: none rounds by so much, and a wrong zone is off by more.
	kickoffsDiffer = 15 * time.Minute
	// kickoffLeap is what a match is postponed by at most without anybody's list saying so.
	kickoffLeap = 24 * time.Hour
)

// reviewDetail judges the kickoff of a detail against the bookmaker's list, or what is known of the event where
// the list is silent or was not asked. One that is not believed is replaced; it returns what was seen then. again
// is asked whether the cycle before was told the same; nil when there is none.
//
// A leap is believed when it is said again. A leap into the past never is: whoever lists a match as upcoming
// contradicts it in the same cycle, and being wrong would evict the event.
func (t *target) reviewDetail(detail *odds.Listing, now time.Time, again func(own, time.Time) bool) (doubt string) {
	said, known := detail.Kickoff, firstTime(t.listings[detail.Bookmaker].Kickoff, t.kickoff)
	if said.IsZero() || known.IsZero() || said.Equal(known) {
		return ""
	}
	past := !said.After(now) && t.kickoff.After(now)
	if !past && (near(said, known) || t.committed != nil && near(said, t.committed.Kickoff)) {
		return ""
	}
	repeated := again != nil && again(own{detail.Bookmaker, t.eventID(detail)}, said)
	if repeated && !past {
		return ""
	}
	detail.Kickoff = known
	return fmt.Sprintf("the detail says %s, known is %s", instant(said), instant(known))
}

// eventID is the bookmaker's own id: the listing's, which the detail was asked by.
func (t *target) eventID(detail *odds.Listing) string {
	if l, listed := t.listings[detail.Bookmaker]; listed {
		return l.EventID
	}
	return detail.EventID
}

// reviewLists judges the kickoffs of the lists, in which a bookmaker is believed more: the reference's leaps
// count at once. Not believed is a kickoff in the past where the committed one is ahead, or where another list's is by
// more than a leap; and a leap on the word of one competitor alone. Both are believed when they are said again, unless
// another list has the match ahead of it. What was seen is returned by bookmaker.
func (t *target) reviewLists(now time.Time, again func(own, time.Time) bool) map[odds.Bookmaker]string {
	var doubts map[odds.Bookmaker]string
	kept := make(map[odds.Bookmaker]odds.Listing)
	for b, l := range t.listings {
		contradicted, doubt := t.doubtsList(l, now)
		if doubt == "" || again(own{b, l.EventID}, l.Kickoff) && !contradicted {
			continue
		}
		if doubts == nil {
			doubts = make(map[odds.Bookmaker]string)
		}
		doubts[b] = doubt
		l.Kickoff = time.Time{}
		if t.committed != nil {
			l.Kickoff = t.committed.Kickoff
		}
		kept[b] = l
	}
	maps.Copy(t.listings, kept)
	return doubts
}

// doubtsList says what is doubtful about a listing's kickoff, and whether other lists contradict it; empty when
// nothing is.
func (t *target) doubtsList(l odds.Listing, now time.Time) (contradicted bool, doubt string) {
	if l.Kickoff.IsZero() {
		return false, ""
	}
	past, alone := !l.Kickoff.After(now), true
	farAhead := false
	for b, other := range t.listings {
		if b == l.Bookmaker || other.Kickoff.IsZero() {
			continue
		}
		alone = false
		contradicted = contradicted || past && other.Kickoff.After(now)
		farAhead = farAhead || other.Kickoff.After(now) && !near(l.Kickoff, other.Kickoff)
	}
	moved := t.committed != nil && !near(l.Kickoff, t.committed.Kickoff)
	switch {
	case past && t.committed != nil && t.committed.Kickoff.After(now):
		return contradicted, fmt.Sprintf("the list says %s, which is over; it was %s", instant(l.Kickoff), instant(t.committed.Kickoff))
	case past && farAhead:
		return contradicted, fmt.Sprintf("the list says %s, which is over, and another's that it is to come", instant(l.Kickoff))
	case moved && alone && !l.Bookmaker.Reference():
		return false, fmt.Sprintf("this list alone says %s; it was %s", instant(l.Kickoff), instant(t.committed.Kickoff))
	default:
		return false, ""
	}
}

// differing says, by bookmaker, whose kickoff is not that of the first in the order of precedence.
func (t *target) differing() map[odds.Bookmaker]string {
	var (
		first odds.Listing
		all   map[odds.Bookmaker]string
	)
	for _, b := range odds.Bookmakers() {
		l := t.listings[b]
		switch {
		case l.Kickoff.IsZero():
		case first.Kickoff.IsZero():
			first = l
		case l.Kickoff.Sub(first.Kickoff).Abs() >= kickoffsDiffer:
			if all == nil {
				all = make(map[odds.Bookmaker]string)
			}
			all[b] = fmt.Sprintf("kickoff is %s, %s has %s", instant(l.Kickoff), first.Bookmaker, instant(first.Kickoff))
		}
	}
	return all
}

// near reports whether two kickoffs are less than a leap apart.
func near(a, b time.Time) bool { return a.Sub(b).Abs() <= kickoffLeap }

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
