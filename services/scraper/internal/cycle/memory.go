package cycle

import (
	"sync"
	"time"
)

// memory is what a cycle did not believe, for the next one, which believes more of what is said again. It is the
// engine's; a restart or a cycle that failed forgets it, which only delays.
type memory struct {
	mu     sync.Mutex
	before doubted // the cycle before
	now    doubted // the running one
}

// doubted is what one cycle did not believe, by the bookmaker's own ids.
type doubted struct {
	kickoffs map[own]time.Time // what was said
	swapped  map[own]int       // how many cycles in a row a snapshot was refused for its sides
}

// turn begins a cycle.
func (m *memory) turn() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.now = m.now, doubted{kickoffs: make(map[own]time.Time), swapped: make(map[own]int)}
}

// kickoff notes a kickoff that is not what is known, and reports whether the cycle before was told the same.
func (m *memory) kickoff(id own, said time.Time) (again bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.kickoffs[id] = said
	before, ok := m.before.kickoffs[id]
	return ok && said.Sub(before).Abs() < kickoffsDiffer
}

// swap notes a snapshot that is refused for its sides, and returns for how many cycles in a row it has been.
func (m *memory) swap(id own) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.swapped[id] = m.before.swapped[id] + 1
	return m.now.swapped[id]
}
