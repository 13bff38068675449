package watch

import (
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Filter says which events a watch is about, and which bookmakers' changes matter to it. The zero value is all of them.
type Filter struct {
	From, To            time.Time           // From <= kickoff < To; zero for no bound
	Country, Tournament string              // empty for all
	SrIDs               map[string]struct{} // nil for all
	Bookmakers          []string            // empty for all
	// Confirmations counts content that was seen again as changed.
	Confirmations bool
}

// names reports whether the filter lets an event with this id through, should the rest of it pass.
func (f *Filter) names(srID string) bool {
	if f.SrIDs == nil {
		return true
	}
	_, named := f.SrIDs[srID]
	return named
}

// bookmaker reports whether the bookmaker's snapshots are wanted.
func (f *Filter) bookmaker(name string) bool {
	return len(f.Bookmakers) == 0 || slices.Contains(f.Bookmakers, name)
}

// passes reports whether the event is let through. It depends on nothing but the event's own entry.
func (f *Filter) passes(e *store.Event) bool {
	return f.names(e.SrID) && f.describes(e.Country, e.Tournament, e.Kickoff)
}

// describes reports whether an event with these particulars is let through, whatever its id.
func (f *Filter) describes(country, tournament string, kickoff time.Time) bool {
	return (f.Country == "" || f.Country == country) &&
		(f.Tournament == "" || f.Tournament == tournament) &&
		(f.From.IsZero() || !kickoff.Before(f.From)) &&
		(f.To.IsZero() || kickoff.Before(f.To))
}

// concerns reports whether a consumer that has everything up to a revision must be sent something for a change after it.
func (f *Filter) concerns(v store.View, c store.Change, after int64) bool {
	switch {
	case !f.names(c.SrID),
		c.Kind == store.Confirmed && !f.Confirmations,
		c.Bookmaker != "" && !f.bookmaker(c.Bookmaker):
		return false
	}
	if e := v.BySrID(c.SrID); e != nil {
		return f.describes(e.Country, e.Tournament, e.Kickoff) || e.Revision > after && f.mayHavePassed(e.Before, after)
	}
	return f.mayHavePassed(c.Was, after)
}

// mayHavePassed reports whether an event with this past may have passed at a revision or later.
func (f *Filter) mayHavePassed(was *store.Past, revision int64) bool {
	return was == nil || was.Since > revision || !was.Absent && f.describes(was.Country, was.Tournament, was.Kickoff)
}
