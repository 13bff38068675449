package review

import (
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Suspects remembers what a cycle did not believe, for the next one, which believes more of what is repeated. A restart
// or a cycle that failed forgets it, which only delays. The zero value is ready; a nil one remembers nothing.
type Suspects struct {
	mu   sync.Mutex
	last suspects // of the cycle before
	now  suspects // of the running cycle
}

// suspects is what one cycle did not believe.
type suspects struct {
	kickoffs map[odds.EventKey]time.Time
	swapped  map[odds.EventKey]int // cycles in a row that a snapshot was rejected for its sides
}

// BeginCycle makes what was added until now that of the cycle before.
func (s *Suspects) BeginCycle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.now = s.now, suspects{kickoffs: make(map[odds.EventKey]time.Time), swapped: make(map[odds.EventKey]int)}
}

// addKickoff adds a kickoff that is not the known one, and reports whether the cycle before was given the same.
func (s *Suspects) addKickoff(id odds.EventKey, kickoff time.Time) (repeated bool) {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.kickoffs[id] = kickoff
	last, ok := s.last.kickoffs[id]
	return ok && kickoff.Sub(last).Abs() < kickoffsDiffer
}

// addSwap adds a snapshot that is rejected for its sides, and returns for how many cycles in a row it has been.
func (s *Suspects) addSwap(id odds.EventKey) (cycles int) {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.swapped[id] = s.last.swapped[id] + 1
	return s.now.swapped[id]
}
