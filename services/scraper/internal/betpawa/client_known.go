package betpawa

import (
	"sync"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// knownIDs remembers the SportRadar ids of events whose listings do not carry one, so that a detail is not needed to
// learn it a second time. The zero value is ready.
type knownIDs struct {
	mu  sync.Mutex // guards ids
	ids map[string]string
}

func (k *knownIDs) learn(eventID, srID string) {
	if srID == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil {
		k.ids = make(map[string]string)
	}
	k.ids[eventID] = srID
}

// srID is empty for an event that is not known.
func (k *knownIDs) srID(eventID string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ids[eventID]
}

// keep forgets every event that is not listed any more.
func (k *knownIDs) keep(listed []odds.Listing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := make(map[string]string, len(k.ids))
	for _, l := range listed {
		if id, ok := k.ids[l.EventID]; ok {
			kept[l.EventID] = id
		}
	}
	k.ids = kept
}
