package store

import "time"

// LiveFor is how long after a caught-up heartbeat of the feed the cache counts as live.
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
	// Age is the time since the last caught-up heartbeat; Heard tells whether there was one.
	Age   time.Duration
	Heard bool
}

// Heard notes that what is served was caught up with the feed at this moment. Only the goroutine that applies calls it.
func (s *Store) Heard() {
	if x := s.served.Load(); x != nil {
		x.whole, x.holes = x.published.Load().revision, false
	}
	s.heard.Store(max(1, int64(time.Since(s.start))))
	s.doubted.Store(false)
}

// Doubt notes that what is served is known not to be the feed's state, until the feed is heard again.
func (s *Store) Doubt() { s.doubted.Store(true) }

// Freshness is how current the store is now.
func (s *Store) Freshness() Freshness {
	at := s.heard.Load()
	f := Freshness{State: Stale, Age: max(0, time.Since(s.start)-time.Duration(at)), Heard: at != 0}
	switch {
	case s.served.Load() == nil:
		f.State = Warming
	case f.Heard && !s.doubted.Load() && f.Age <= LiveFor:
		f.State = Live
	}
	return f
}
