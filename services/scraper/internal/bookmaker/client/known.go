package client

import (
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// recheck is after how long a detail without a SportRadar id is read once more, though the list is unchanged.
const recheck = 24 * time.Hour

// knownIDs remembers the SportRadar ids of events whose listings do not carry one, so that a detail is not needed to
// learn it a second time, and the events whose details do not carry one either. The zero value is ready.
type knownIDs struct {
	mu     sync.Mutex // guards what follows
	ids    map[string]string
	listed map[string]listedAs // of events without an id, as they were listed last
	none   map[string]noID
}

// listedAs is how an event without an id is listed.
type listedAs struct {
	kickoff time.Time
	name    string
	hint    string
}

// noID is an event whose detail has no id.
type noID struct {
	listedAs
	read time.Time
}

// learn notes the id that an event's detail has; empty when it has none.
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

// fill gives listings without a SportRadar id the one that an earlier detail had. One whose detail has none either is
// refused, and not read again as long as its list is unchanged.
func (k *knownIDs) fill(page *discovery.Page) {
	kept := page.Listings[:0]
	for _, l := range page.Listings {
		if l.SrID == "" {
			var none bool
			if l.SrID, none = k.srID(l, page.Hints[l.EventID]); none {
				page.Reject(l.EventID, odds.NoSrID)
				page.Unlinked++
				continue
			}
		}
		kept = append(kept, l)
	}
	page.Listings = kept
}

// srID is empty for an event that is not known; none says that its detail has no id. hint is that of the page.
func (k *knownIDs) srID(l odds.Listing, hint string) (id string, none bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	as := listedAs{l.Kickoff, l.Name, hint}
	put(&k.listed, l.EventID, as)
	seen, read := k.none[l.EventID]
	return k.ids[l.EventID], read && seen.listedAs == as && time.Since(seen.read) < recheck
}

func put[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[key] = value
}

// keep forgets every event that a whole discovery neither listed nor refused.
func (k *knownIDs) keep(found bookmaker.Discovery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	present := make(map[string]bool, len(found.Listings))
	for _, l := range found.Listings {
		present[l.EventID] = true
	}
	for _, t := range found.Tournaments {
		for _, id := range t.RejectedIDs {
			present[id] = true
		}
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
