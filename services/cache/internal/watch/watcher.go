package watch

import (
	"context"
	"math"
	"time"

	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// watcher is one watch. One goroutine runs it.
type watcher struct {
	watches *Watches
	filter  Filter
	to      Consumer

	epoch  string // of the cursor; empty until a watch that starts from scratch has seen one
	cursor int64  // everything up to this revision has been sent
	// fromScratch says that the consumer has nothing yet that could be taken back: all events are being sent.
	fromScratch bool

	pending []pendingEvent // the events of the round
	// sentUpTo is, where that is above the cursor, the revision up to which the consumer has an event.
	sentUpTo map[string]int64

	unsynced bool      // something was sent since the last Synced
	synced   time.Time // when Synced was last called, or the watch began
}

// pendingEvent is an event that is to be sent in a round. Its state is read when its turn comes, so that the newest is sent.
type pendingEvent struct {
	srID     string
	sentUpTo int64 // the revision of the state that was sent; 0 before
}

// maxKept is how many events a watch keeps room for between rounds.
const maxKept = 256

// run sends what happens; it always returns an error.
func (w *watcher) run(ctx context.Context) error {
	err := w.begin(ctx)
	for err == nil {
		if err = w.round(ctx); err == nil {
			err = w.next(ctx)
		}
	}
	return err
}

// begin takes the epoch that is served when the watch starts from scratch, else waits until the cursor's revision is
// visible, which it may not be yet at another replica than the consumer had before.
func (w *watcher) begin(ctx context.Context) error {
	w.unsynced = true // Synced is called once the consumer is up to date, whether or not anything happened
	v, err := w.view()
	if w.epoch == "" {
		w.epoch, w.fromScratch = v.Epoch(), true
		return err
	}
	timeout := time.NewTimer(WaitTimeout)
	defer timeout.Stop()
	for err == nil && v.Revision() < w.cursor {
		select {
		case <-v.Superseded():
			v, err = w.view()
		case <-timeout.C:
			err = &store.NotReachedError{Wanted: w.cursor, Visible: v.Revision()}
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	return err
}

// view is the newest, of the watch's epoch. It is taken for each message and kept for none, so that a slow consumer holds on
// to no state of the index.
func (w *watcher) view() (store.View, error) {
	v, err := w.watches.store.View()
	if err == nil && w.epoch != "" && v.Epoch() != w.epoch {
		err = &EpochError{Requested: w.epoch, Served: v.Epoch()}
	}
	return v, err
}

// next waits for something to send, or for the next heartbeat.
func (w *watcher) next(ctx context.Context) error {
	v, err := w.view()
	if err != nil {
		return err
	}
	if v.Revision() <= w.cursor {
		heartbeat := time.NewTimer(Heartbeat - time.Since(w.synced))
		defer heartbeat.Stop()
		select {
		case <-v.Superseded():
		case <-heartbeat.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// round sends everything up to the newest revision and moves the cursor there.
func (w *watcher) round(ctx context.Context) error {
	to, err := w.collect()
	if err != nil {
		return err
	}
	for i := range w.pending { // no view is held while the consumer takes its time
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		revision, err := w.send(w.pending[i].srID)
		if err != nil {
			return err
		}
		w.pending[i].sentUpTo = revision
	}
	w.cursor, w.fromScratch = to, false
	w.endRound()
	return w.sync()
}

// endRound notes which events were sent in a newer state than the cursor's: the next round does not send them again for the
// changes that are in it already.
func (w *watcher) endRound() {
	for _, p := range w.pending {
		if p.sentUpTo > w.cursor {
			w.noteSent(p.srID, p.sentUpTo)
		}
	}
	clear(w.pending)
	if w.pending = w.pending[:0]; cap(w.pending) > maxKept {
		w.pending = nil
	}
}

// noteSent notes that the consumer has an event up to a revision.
func (w *watcher) noteSent(srID string, revision int64) {
	if w.sentUpTo == nil {
		w.sentUpTo = make(map[string]int64)
	}
	w.sentUpTo[srID] = revision
}

// collect finds what has to be sent in a round, and returns the revision that the cursor has after it.
func (w *watcher) collect() (revision int64, err error) {
	v, err := w.view()
	if err != nil {
		return 0, err
	}
	if floor := v.Floor(); 0 < w.cursor && w.cursor < floor {
		return 0, &CompactedError{Revision: w.cursor, Oldest: floor}
	}
	if w.fromScratch {
		w.collectAll(v)
	} else {
		w.collectChanges(v)
	}
	return max(w.cursor, v.Revision()), nil
}

// collectAll makes all events that pass pending.
func (w *watcher) collectAll(v store.View) {
	v.Ascend(store.Position{Kickoff: w.filter.From}, func(e *store.Event) bool {
		if w.filter.passes(e) {
			w.pending = append(w.pending, pendingEvent{srID: e.SrID})
		}
		return w.filter.To.IsZero() || e.Kickoff.Before(w.filter.To)
	})
}

// collectChanges makes pending what happened between the cursor and the view, each event once, in the order of the first
// entry of each in the log.
func (w *watcher) collectChanges(v store.View) {
	v.Changes(w.cursor, func(c store.Change) {
		if c.Revision <= w.sentUpTo[c.SrID] || !w.filter.concerns(v, c, w.cursor) {
			return
		}
		w.noteSent(c.SrID, math.MaxInt64) // in this round
		w.pending = append(w.pending, pendingEvent{srID: c.SrID})
	})
	if len(w.sentUpTo) > maxKept {
		w.sentUpTo = nil
	}
	clear(w.sentUpTo)
}
