// Package listing judges the bookmakers' lists: which events they do not list any more, and for how long the others wait
// for a bookmaker that lists slowly.
//
// What always holds:
//
//  1. An event is gone when its own tournament answered without it for some cycles in a row. A tournament that failed,
//     a list that is shorter than the site says, and a listing that could not be read say nothing about it.
//  2. Not even then when most of a bookmaker's events go at once: that is a failure that looks like an answer.
//  3. A bookmaker is cut off only after another one is done, so a slow machine or network cuts nobody off; and it gets
//     more time with each cut, so one that has become slower for good is listed as a whole again.
//
// All of it is memory of the process. A restart forgets it, which only delays.
package listing

import (
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

const (
	// absentCycles is how many cycles in a row an event must be missing from a tournament that answered before its
	// markets count as unavailable: one list may be incomplete.
	absentCycles = 2
	// vanishedCycles is how many it takes when the event's tournament is not listed any more either: nobody answered for
	// it, and a list of tournaments may be incomplete for longer.
	vanishedCycles = 2 * absentCycles
	// maxAbsentShare is the share of a bookmaker's events that may be gone at once, where more than fewAbsent are.
	maxAbsentShare = 0.5
	fewAbsent      = 3
)

// absence is what is remembered of one bookmaker's event from cycle to cycle.
type absence struct {
	tournament string // that listed it last; empty when unknown
	cycles     int    // in a row that it was missing although its tournament answered
}

// Absences remembers which events the lists were without. Make one with make; it belongs to the goroutine that runs
// cycles.
type Absences map[odds.EventKey]absence

// Report is what one bookmaker's lists were without in a cycle.
type Report struct {
	// Gone are its own ids of upcoming events that are not offered any more.
	Gone []string
	// Vanished counts the tournaments that are not listed any more although they had upcoming events, as long as those
	// are not gone.
	Vanished int
	// Implausible is set when more events are gone than can be true at once. None of them should be marked.
	Implausible bool
}

// Update adds one bookmaker's discovery. upcoming are its own ids of the committed events that are still to kick off.
func (a Absences) Update(b odds.Bookmaker, found bookmaker.Discovery, upcoming []string) Report {
	listed, silent, present := a.read(b, found)
	var r Report
	for _, id := range upcoming {
		k := odds.EventKey{Bookmaker: b, EventID: id}
		seen := a[k]
		switch {
		case listed[id], found.Short:
			continue
		case seen.tournament == "" && len(silent) > 0, silent[seen.tournament]:
			continue // whoever would list it may not have answered
		}
		seen.cycles++
		a[k] = seen
		needed := absentCycles
		if seen.tournament != "" && !present[seen.tournament] {
			needed = vanishedCycles
		}
		if seen.cycles >= needed {
			r.Gone = append(r.Gone, id)
		}
	}
	r.Vanished = a.vanished(b, present, upcoming)
	r.Implausible = len(r.Gone) > fewAbsent && float64(len(r.Gone)) > maxAbsentShare*float64(len(upcoming))
	return r
}

// read remembers who lists what. It returns the ids of the events that are listed, readably or not, the ids of the
// tournaments that did not answer, or not readably, and the ids of all tournaments that are listed.
func (a Absences) read(b odds.Bookmaker, found bookmaker.Discovery) (listed, silent, present map[string]bool) {
	listed = make(map[string]bool, len(found.Listings))
	for _, l := range found.Listings {
		listed[l.EventID] = true
		a[odds.EventKey{Bookmaker: b, EventID: l.EventID}] = absence{tournament: l.TournamentID}
	}
	silent, present = make(map[string]bool), make(map[string]bool, len(found.Tournaments))
	for _, t := range found.Tournaments {
		present[t.ID] = true
		if t.Err != nil || slices.Contains(t.RejectedIDs, "") {
			silent[t.ID] = true
		}
		for _, id := range t.RejectedIDs {
			listed[id] = true
		}
	}
	return listed, silent, present
}

// vanished counts the tournaments that had upcoming events and are not among those present.
func (a Absences) vanished(b odds.Bookmaker, present map[string]bool, upcoming []string) int {
	counted := make(map[string]bool)
	for _, id := range upcoming {
		seen := a[odds.EventKey{Bookmaker: b, EventID: id}]
		if seen.tournament != "" && !present[seen.tournament] && seen.cycles > 0 && seen.cycles < vanishedCycles {
			counted[seen.tournament] = true
		}
	}
	return len(counted)
}

// Retain forgets everything but the events given.
func (a Absences) Retain(live map[odds.EventKey]bool) {
	for k := range a {
		if !live[k] {
			delete(a, k)
		}
	}
}
