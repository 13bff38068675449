package discovery

import (
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// unmet is in how many discoveries a count may be missed by every tournament before it is taken to count something else
// than the lists hold, such as outrights. One that was ever met is believed for good: a site that caps its lists does not
// cap the small ones.
const unmet = 10

// Past is what one bookmaker's discoveries before this one showed: when the events that were listed last begin, by
// tournament, and whether the site's counts are those of its lists. The zero value is ready, and a nil one remembers
// nothing. It may be used concurrently.
type Past struct {
	mu           sync.Mutex // guards what follows
	byTournament map[string][]time.Time
	counts       belief // in the tournaments' counts
	total        belief // in the count of all events
}

// belief is what is known of a count.
type belief struct {
	met    bool
	missed int // discoveries in which nothing met it
}

// note enters a discovery in which the count was met or missed, or both by different tournaments, and reports whether the
// count is believed.
func (b *belief) note(met, missed bool) bool {
	switch {
	case met:
		b.met = true
	case missed:
		b.missed++
	}
	return b.met || b.missed <= unmet
}

// believed enters a discovery and reports whether the tournaments' counts are believed.
func (p *Past) believed(met, missed bool) bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts.note(met, missed)
}

// totalBelieved enters a discovery and reports whether the count of all events is believed.
func (p *Past) totalBelieved(missed bool) bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total.note(!missed, missed)
}

// keep forgets what was listed before.
func (p *Past) keep(listings []odds.Listing) {
	if p == nil {
		return
	}
	next := make(map[string][]time.Time)
	for _, l := range listings {
		next[l.TournamentID] = append(next[l.TournamentID], l.Kickoff)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byTournament = next
}

// between counts a tournament's events that begin in a span.
func (p *Past) between(tournamentID string, from, to time.Time) int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, at := range p.byTournament[tournamentID] {
		if at.After(from) && at.Before(to) {
			n++
		}
	}
	return n
}
