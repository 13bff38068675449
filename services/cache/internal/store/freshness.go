package store

import "time"

// LiveFor is how long after a caught-up heartbeat of the feed the cache counts as live: three heartbeats, so that one that
// is late changes nothing.
const LiveFor = 3 * time.Second

// State says how far what is served can be trusted to be current.
type State int

// The states.
const (
	Warming State = iota // nothing is served
	Live                 // caught up within LiveFor
	Stale                // served as it last was
)

// Freshness is how current the store is at one instant.
type Freshness struct {
	State State
	// Age is the time since the last caught-up heartbeat; EverCaughtUp says whether there was one.
	Age          time.Duration
	EverCaughtUp bool
}

// MarkCaughtUp notes that what is served is the feed's state at this moment, with nothing left out. From here on the index
// knows what an event was before its next change (Index.past). Only the goroutine that applies calls it.
func (s *Store) MarkCaughtUp() {
	if x := s.served.Load(); x != nil {
		x.completeAt, x.incomplete = x.published.Load().revision, false
	}
	s.caughtUpAt.Store(max(1, int64(time.Since(s.start))))
	s.suspect.Store(false)
}

// MarkSuspect notes that what is served is known not to be the feed's state, as during a full sync, until MarkCaughtUp.
func (s *Store) MarkSuspect() { s.suspect.Store(true) }

// Freshness is how current the store is now.
func (s *Store) Freshness() Freshness {
	at := s.caughtUpAt.Load()
	f := Freshness{State: Stale, Age: max(0, time.Since(s.start)-time.Duration(at)), EverCaughtUp: at != 0}
	switch {
	case s.served.Load() == nil:
		f.State = Warming
	case f.EverCaughtUp && !s.suspect.Load() && f.Age <= LiveFor:
		f.State = Live
	}
	return f
}
