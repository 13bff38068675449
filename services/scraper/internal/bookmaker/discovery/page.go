package discovery

import (
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// ErrPaging is the error of a list whose pages do not come to an end.
var ErrPaging = errors.New("the list of events does not end")

// maxPages is more than any tournament has, of 25 events a page even.
const maxPages = 200

// Page is what a tournament lists, read from one answer or from several. The zero value is ready.
type Page struct {
	Listings []odds.Listing
	// Events is how many different events the answers held, with those that were refused or have begun.
	Events int
	// Count is how many events the answers themselves say that there are; 0 when they do not say.
	Count       int
	Rejections  odds.Rejections
	RejectedIDs []string
	// Unlinked is how many of the refused are known to have no SportRadar id, not in their details either.
	Unlinked int
	// Hints are, by id, what listings without a SportRadar id show in its place. Another hint is a reason to read the
	// detail once more.
	Hints map[string]string
	// Silent says that an answer held no list at all, where an empty one was due. Some end points leave empty lists
	// out, so it is doubtful only when nobody lists anything.
	Silent bool

	seen    map[string]bool // by event id
	entries int             // events of the answers, repeated ones included
}

// Enter notes an event that an answer lists: it is refused if there is a reason, and else listed if it begins after now.
// An event that was entered before is not noted again; of one without an id nobody knows.
func (p *Page) Enter(l odds.Listing, reason odds.Reason, now time.Time) {
	p.entries++
	if l.EventID != "" {
		if p.seen[l.EventID] {
			return
		}
		if p.seen == nil {
			p.seen = make(map[string]bool)
		}
		p.seen[l.EventID] = true
	}
	p.Events++
	switch {
	case reason != "":
		p.Reject(l.EventID, reason)
	case l.Kickoff.After(now):
		p.Listings = append(p.Listings, l)
	}
}

// Hint notes what the listing of an event without a SportRadar id shows in its place.
func (p *Page) Hint(eventID, hint string) {
	if p.Hints == nil {
		p.Hints = make(map[string]string)
	}
	p.Hints[eventID] = hint
}

// Reject counts a refused event; id is empty when it could not be read.
func (p *Page) Reject(id string, reason odds.Reason) {
	if p.Rejections == nil {
		p.Rejections = make(odds.Rejections)
	}
	p.Rejections[reason]++
	p.RejectedIDs = append(p.RejectedIDs, id)
}

// Pages reads a tournament page by page: on from what arrived, since a site may answer with less than was requested,
// until it has answered what it says that there is or a page brings nothing new. next enters the page behind the first
// skip events into p; size is how many events it holds at most.
func (p *Page) Pages(t bookmaker.Tournament, size int, next func(skip int) error) error {
	full := false // the site answered with as much as was requested
	for n := range maxPages {
		entries, events := p.entries, p.Events
		if err := next(entries); err != nil {
			return fmt.Errorf("page %d: %w", n+1, err)
		}
		arrived, fresh := p.entries-entries, p.Events-events
		repeated := arrived > 0 && fresh == 0
		full = full || arrived >= size
		switch {
		case repeated && full:
			return fmt.Errorf("page %d repeats the ones before it: %w", n+1, ErrPaging)
		case arrived == 0, repeated, t.Count > 0 && p.Events >= t.Count && arrived < size:
			return nil
		}
	}
	return fmt.Errorf("more than %d pages: %w", maxPages, ErrPaging)
}
