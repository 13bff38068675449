package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// ErrWarming says that there is nothing to answer from yet.
var ErrWarming = errors.New("the cache has not finished its first full sync")

// NotReachedError says that a revision was not visible in time.
type NotReachedError struct {
	Wanted, Visible int64
}

// Error carries both revisions.
func (e *NotReachedError) Error() string {
	return fmt.Sprintf("revision %d is not visible yet, the cache is at %d", e.Wanted, e.Visible)
}

// Store serves one index at a time. Use New. Serve, MarkCaughtUp, MarkSuspect and CountEvicted are for the one goroutine
// that follows the feed; the other methods may be called by any.
type Store struct {
	served atomic.Pointer[Index]
	ready  chan struct{} // closed when the first index is served

	start      time.Time    // zero of caughtUpAt
	caughtUpAt atomic.Int64 // nanoseconds from start to the last caught-up heartbeat; 0 for none
	suspect    atomic.Bool  // what is served is known not to be the feed's state

	evicted atomic.Int64
}

// New makes a store without an index.
func New() *Store {
	return &Store{ready: make(chan struct{}), start: time.Now()}
}

// Served is the index that lookups read; nil before the first.
func (s *Store) Served() *Index { return s.served.Load() }

// Ready is closed when there is something to answer from.
func (s *Store) Ready() <-chan struct{} { return s.ready }

// Serve makes lookups read x, from the next View on. Only the goroutine that applies calls it; views that were taken before
// go on reading the old index, which nobody writes to any more.
func (s *Store) Serve(x *Index) {
	if s.served.Load() != x {
		x.noteOldestCycleEnd()
	}
	switch old := s.served.Swap(x); old {
	case x:
	case nil:
		close(s.ready)
	default:
		close(old.published.Load().next) // those who wait for a revision look at x
	}
}

// View takes what is served. It returns ErrWarming when there is nothing yet.
func (s *Store) View() (View, error) {
	f := s.Freshness() // before the index is read, so that it never claims more than what is read
	x := s.served.Load()
	if x == nil {
		return View{Freshness: f}, ErrWarming
	}
	v := x.View()
	v.Freshness = f
	return v, nil
}

// Wait takes a view of at least the given revision, waiting for it until ctx ends. It returns ErrWarming at once when
// nothing is served, and NotReachedError when ctx ends first. Revisions are of the epoch that is served: when that changes
// meanwhile, the wait goes on for the same number in the new one.
func (s *Store) Wait(ctx context.Context, revision int64) (View, error) {
	for {
		v, err := s.View()
		if err != nil || v.Revision() >= revision {
			return v, err
		}
		select {
		case <-v.seen.next:
		case <-ctx.Done():
			return v, &NotReachedError{Wanted: revision, Visible: v.Revision()}
		}
	}
}

// CountEvicted counts events that left what is served.
func (s *Store) CountEvicted(n int) { s.evicted.Add(int64(n)) }

// Evicted is the number of events that left what is served since the start of the process.
func (s *Store) Evicted() int64 { return s.evicted.Load() }
