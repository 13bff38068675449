package main

import (
	"sync"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Times around what the run itself does to an event.
const (
	// soon is how near to its kickoff an event is not asked for any more: it is evicted when its grace is over.
	soon = time.Minute
	// absence is how long an event that was changed is not asked for: until every cache has its new ids.
	absence = 90 * time.Second
)

// pool is the events that every cache must answer: those that each one listed, far from their kickoffs, and of which no
// id is about to change. "Not found" is an error for them.
type pool struct {
	mu     sync.RWMutex
	listed [3]map[string]*oddscachev1.Event // by each cache at its last listing
	away   map[string]time.Time             // until when an event is left out
	events []*oddscachev1.Event
}

func newPool() *pool { return &pool{away: make(map[string]time.Time)} }

// list takes what a cache holds.
func (p *pool) list(cache int, events map[string]*oddscachev1.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed[cache] = events
	p.make()
}

// leave leaves an event out, for good or for some time.
func (p *pool) leave(srID string, during time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away[srID] = time.Now().Add(during)
	p.make()
}

// make chooses the events. p.mu is held.
func (p *pool) make() {
	now := time.Now()
	var events []*oddscachev1.Event
	for id, e := range p.listed[0] {
		everywhere := p.listed[1][id] != nil && p.listed[2][id] != nil
		if everywhere && e.GetKickoff().AsTime().After(now.Add(soon)) && now.After(p.away[id]) {
			events = append(events, e)
		}
	}
	p.events = events
}

// pick is an event; nil while there is none. The same i may be another event later.
func (p *pool) pick(i int) *oddscachev1.Event {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if len(p.events) == 0 {
		return nil
	}
	return p.events[i%len(p.events)]
}

// size is how many events there are.
func (p *pool) size() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.events)
}
