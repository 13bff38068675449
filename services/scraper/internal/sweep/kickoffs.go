package sweep

import (
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Kickoffs remembers when the events that were listed last begin, by tournament. The zero value is ready, and a nil one
// remembers nothing. It may be used concurrently.
type Kickoffs struct {
	mu           sync.Mutex // guards what follows
	byTournament map[string][]time.Time
}

// keep forgets what was listed before.
func (k *Kickoffs) keep(listings []odds.Listing) {
	if k == nil {
		return
	}
	next := make(map[string][]time.Time)
	for _, l := range listings {
		next[l.TournamentID] = append(next[l.TournamentID], l.Kickoff)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byTournament = next
}

// between counts a tournament's events that begin in a span.
func (k *Kickoffs) between(tournamentID string, from, to time.Time) int {
	if k == nil {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, at := range k.byTournament[tournamentID] {
		if at.After(from) && at.Before(to) {
			n++
		}
	}
	return n
}
