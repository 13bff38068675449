package store

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Counts is what is committed, by bookmaker.
type Counts struct {
	Events    int
	Snapshots map[odds.Bookmaker]int
	Markets   map[odds.Bookmaker]int // unavailable ones included
	Available map[odds.Bookmaker]int
}

// Counts counts what is committed. It takes a moment for each snapshot, so it is for a look now and then.
func (w *Writer) Counts() Counts {
	c := Counts{
		Snapshots: make(map[odds.Bookmaker]int), Markets: make(map[odds.Bookmaker]int), Available: make(map[odds.Bookmaker]int),
	}
	w.state.mu.RLock()
	defer w.state.mu.RUnlock()
	c.Events = len(w.state.events)
	for k, s := range w.state.snapshots {
		c.Snapshots[k.bookmaker]++
		c.Markets[k.bookmaker] += s.Markets
		c.Available[k.bookmaker] += s.Available
	}
	return c
}

// Term numbers the terms of all writers; each takeover is one more.
func (w *Writer) Term() int64 { return w.term.Number }

// LeaseLeft is how long the lease lasts if it is not renewed; negative when it has run out.
func (w *Writer) LeaseLeft() time.Duration { return time.Until(w.term.Until()) }
