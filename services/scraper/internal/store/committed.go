package store

import (
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// key names a snapshot, and an event as a bookmaker lists it: the reference included, whose ids move like all others.
type key struct {
	bookmaker odds.Bookmaker
	id        string
}

// committed is what Postgres holds, as far as writing needs it. Writers change it only after a commit; its values are
// never changed, only replaced.
type committed struct {
	mu        sync.RWMutex // guards the maps
	events    map[string]*odds.Event
	owners    map[key]string // sr_id of the event that lists the key
	snapshots map[key]*CommittedSnapshot
}

func newCommitted() *committed {
	return &committed{
		events:    make(map[string]*odds.Event),
		owners:    make(map[key]string),
		snapshots: make(map[key]*CommittedSnapshot),
	}
}

// CommittedSnapshot is what is committed of a snapshot.
type CommittedSnapshot struct {
	Revision        int64     // of its content
	CapturedAt      time.Time // when its content last changed
	LastConfirmedAt time.Time // when it was last seen to be so
	RequestedAt     time.Time // when the capture that says so was asked for
	Request         uint64    // the number of that request; 0 for one of an earlier term, which is older than all of this
	Markets         int       // markets, unavailable ones included
	Available       int       // markets that the bookmaker offers

	framed []byte // markets as in CachedSnapshot.markets; the bytes are the log's
}

// Offered decodes those markets that the bookmaker offers and whose id is wanted, in order. Only identity, handicap type
// and outcomes are filled in.
func (s *CommittedSnapshot) Offered(wanted func(marketID string) bool) ([]odds.Market, error) {
	return encode.Offered(s.framed, wanted)
}

// Event returns what is committed of an event. Competitors must not be changed.
func (w *Writer) Event(srID string) (odds.Event, bool) {
	w.state.mu.RLock()
	defer w.state.mu.RUnlock()
	e := w.state.events[srID]
	if e == nil {
		return odds.Event{}, false
	}
	return *e, true
}

// Events returns all committed events, in no order. Competitors must not be changed.
func (w *Writer) Events() []odds.Event {
	w.state.mu.RLock()
	defer w.state.mu.RUnlock()
	events := make([]odds.Event, 0, len(w.state.events))
	for _, e := range w.state.events {
		events = append(events, *e)
	}
	return events
}

// EventOf returns the event that lists a bookmaker's own id.
func (w *Writer) EventOf(b odds.Bookmaker, eventID string) (odds.Event, bool) {
	w.state.mu.RLock()
	defer w.state.mu.RUnlock()
	e := w.state.events[w.state.owners[key{b, eventID}]]
	if e == nil {
		return odds.Event{}, false
	}
	return *e, true
}

// Committed returns what is committed of a snapshot.
func (w *Writer) Committed(b odds.Bookmaker, eventID string) (CommittedSnapshot, bool) {
	w.state.mu.RLock()
	defer w.state.mu.RUnlock()
	s := w.state.snapshots[key{b, eventID}]
	if s == nil {
		return CommittedSnapshot{}, false
	}
	return *s, true
}

// keysOf are the ids that an event lists, the reference's first.
func keysOf(e *odds.Event) []key {
	keys := make([]key, 0, 1+len(e.Competitors))
	if e.BetPawaEventID != "" {
		keys = append(keys, key{odds.BetPawa, e.BetPawaEventID})
	}
	for _, c := range e.Competitors {
		keys = append(keys, key{c.Bookmaker, c.EventID})
	}
	return keys
}

// putEvent makes e what is committed. Its ids are its own from now on, whoever listed them before.
func (s *committed) putEvent(e *odds.Event) {
	if old := s.events[e.SrID]; old != nil {
		s.disown(old)
	}
	s.events[e.SrID] = e
	for _, k := range keysOf(e) {
		s.owners[k] = e.SrID
	}
}

func (s *committed) dropEvent(srID string) {
	if old := s.events[srID]; old != nil {
		s.disown(old)
		delete(s.events, srID)
	}
}

// disown frees the ids that are still e's.
func (s *committed) disown(e *odds.Event) {
	for _, k := range keysOf(e) {
		if s.owners[k] == e.SrID {
			delete(s.owners, k)
		}
	}
}
