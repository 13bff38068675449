package betpawa

import (
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// askAgain is after how long a detail without a SportRadar id is asked once more, though the list says the same.
const askAgain = 24 * time.Hour

// knownIDs remembers the SportRadar ids of events whose listings do not carry one, so that a detail is not needed to
// learn it a second time, and the events whose details do not carry one either. The zero value is ready.
type knownIDs struct {
	mu     sync.Mutex // guards what follows
	ids    map[string]string
	listed map[string]listedAs // of events without an id, as the last list said
	none   map[string]noID
}

// listedAs is what a list says of an event without an id.
type listedAs struct {
	kickoff time.Time
	name    string
	widgets string
}

// noID says that a detail has no id.
type noID struct {
	listedAs
	asked time.Time
}

// learn notes the id that an event's detail told; empty when it has none.
func (k *knownIDs) learn(eventID, srID string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if srID == "" {
		if as, listed := k.listed[eventID]; listed {
			put(&k.none, eventID, noID{as, time.Now()})
		}
		return
	}
	put(&k.ids, eventID, srID)
	delete(k.none, eventID)
}

// srID is empty for an event that is not known; none says that its detail has no id. widgets are those of the listing.
func (k *knownIDs) srID(l odds.Listing, widgets string) (id string, none bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	as := listedAs{l.Kickoff, l.Name, widgets}
	put(&k.listed, l.EventID, as)
	seen, asked := k.none[l.EventID]
	return k.ids[l.EventID], asked && seen.listedAs == as && time.Since(seen.asked) < askAgain
}

func put[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[key] = value
}

// keep forgets every event that is not listed any more, or was not when the list was refused as a whole.
func (k *knownIDs) keep(listed []odds.Listing, refused []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	present := make(map[string]bool, len(listed)+len(refused))
	for _, l := range listed {
		present[l.EventID] = true
	}
	for _, id := range refused {
		present[id] = true
	}
	forget(k.ids, present)
	forget(k.listed, present)
	forget(k.none, present)
}

func forget[V any](m map[string]V, present map[string]bool) {
	for id := range m {
		if !present[id] {
			delete(m, id)
		}
	}
}
