package watch

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Times of a watch.
const (
	// Heartbeat is how often Synced is called when nothing else happens.
	Heartbeat = time.Second
	// WaitTimeout is how long a watch waits for a revision that its replica does not have yet.
	WaitTimeout = 10 * time.Second
)

// Mark goes with everything that a consumer is sent.
type Mark struct {
	// View is the newest, for how current it is.
	View store.View
	// Revision is the cursor: all changes up to it have been sent. 0 until all events have been.
	Revision int64
}

// Reason says why something is taken back.
type Reason int

// The reasons.
const (
	Evicted  Reason = iota + 1 // a cycle end removed the event
	Filtered                   // the event does not pass the filter any more
	Unlisted                   // the event stays, but has no snapshot of the bookmaker any more
)

// Removal is an event that is gone, or one bookmaker's snapshot of it.
type Removal struct {
	SrID      string
	Bookmaker string // of Unlisted alone
	Reason    Reason
}

// Consumer is sent what happens, one call at a time. A call may take as long as it likes, and nothing is queued meanwhile.
// Its error ends the watch.
type Consumer interface {
	// Updated sends an event's newest state, which takes the place of what was sent of it before.
	Updated(m Mark, e *store.Event) error
	// Removed takes back an event or a bookmaker's snapshot. The consumer may never have had it.
	Removed(m Mark, r Removal) error
	// Synced says that everything up to the mark's revision has been sent.
	Synced(m Mark) error
}

// Request says what a consumer wants, and what it has.
type Request struct {
	Filter Filter
	// Epoch and Revision are where to resume; an empty epoch starts from scratch.
	Epoch    string
	Revision int64
}

// Counts are totals since the start of the process, and what is open now.
type Counts struct {
	Open, Started            int64
	Updated, Removed, Synced int64
}

// Watches runs watches of a store, a limited number at a time. Use New.
type Watches struct {
	store *store.Store
	limit int

	open, started            atomic.Int64
	updated, removed, synced atomic.Int64
}

// New makes watches of a store; at most limit are open at the same time.
func New(s *store.Store, limit int) *Watches { return &Watches{store: s, limit: limit} }

// Counts counts.
func (w *Watches) Counts() Counts {
	return Counts{
		Open: w.open.Load(), Started: w.started.Load(),
		Updated: w.updated.Load(), Removed: w.removed.Load(), Synced: w.synced.Load(),
	}
}

// Limit is how many watches may be open.
func (w *Watches) Limit() int { return w.limit }

// Follow sends a consumer what happens until ctx ends, the consumer returns an error, or the watch cannot go on. It
// returns store.ErrWarming, store.NotReachedError, EpochError, CompactedError, TooManyError, ctx's cause or the
// consumer's error.
func (w *Watches) Follow(ctx context.Context, r Request, to Consumer) error {
	defer w.open.Add(-1)
	if w.open.Add(1) > int64(w.limit) {
		return &TooManyError{Limit: w.limit}
	}
	w.started.Add(1)
	one := &watcher{watches: w, filter: r.Filter, to: to, epoch: r.Epoch, cursor: r.Revision, synced: time.Now()}
	return fmt.Errorf("watching from revision %d: %w", r.Revision, one.run(ctx))
}
