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

	epoch  string // of the cursor; empty until a watch that starts anew has seen one
	cursor int64
	anew   bool // the consumer has nothing that could be taken back: all events are being told

	pending []turn // the events of a round
	// shown is, where that is above the cursor, the revision up to which the consumer has an event.
	shown map[string]int64

	told   bool      // something since the last Synced
	synced time.Time // when Synced was last called, or the watch began
}

// turn is an event that is told in a round.
type turn struct {
	srID  string
	shown int64 // the revision up to which it was told
}

// keep is how many events a watch keeps room for between rounds.
const keep = 256

// run tells what happens; it always returns an error.
func (w *watcher) run(ctx context.Context) error {
	err := w.begin(ctx)
	for err == nil {
		if err = w.round(ctx); err == nil {
			err = w.next(ctx)
		}
	}
	return err
}

// begin settles the epoch when the watch starts anew, else waits until the cursor's revision is visible.
func (w *watcher) begin(ctx context.Context) error {
	w.told = true // it is told that it is up to date, whether or not anything happened
	v, err := w.view()
	if w.epoch == "" {
		w.epoch, w.anew = v.Epoch(), true
		return err
	}
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	for err == nil && v.Revision() < w.cursor {
		select {
		case <-v.Superseded():
			v, err = w.view()
		case <-patience.C:
			err = &store.NotReachedError{Wanted: w.cursor, Visible: v.Revision()}
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	return err
}

// view is the newest, of the watch's epoch.
func (w *watcher) view() (store.View, error) {
	v, err := w.watches.store.View()
	if err == nil && w.epoch != "" && v.Epoch() != w.epoch {
		err = &EpochError{Asked: w.epoch, Served: v.Epoch()}
	}
	return v, err
}

// next waits for something to tell, or for the next heartbeat.
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

// round tells everything up to the newest revision and moves the cursor there.
func (w *watcher) round(ctx context.Context) error {
	to, err := w.collect()
	if err != nil {
		return err
	}
	for i := range w.pending { // no view is held while the consumer takes its time
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		shown, err := w.tell(w.pending[i].srID)
		if err != nil {
			return err
		}
		w.pending[i].shown = shown
	}
	w.cursor, w.anew = to, false
	w.turnOver()
	return w.sync()
}

// turnOver ends a round: what was told in a newer state than the cursor's is not told again for that.
func (w *watcher) turnOver() {
	for _, p := range w.pending {
		if p.shown > w.cursor {
			w.show(p.srID, p.shown)
		}
	}
	clear(w.pending)
	if w.pending = w.pending[:0]; cap(w.pending) > keep {
		w.pending = nil
	}
}

func (w *watcher) show(srID string, revision int64) {
	if w.shown == nil {
		w.shown = make(map[string]int64)
	}
	w.shown[srID] = revision
}

// collect finds what has to be told up to a revision.
func (w *watcher) collect() (revision int64, err error) {
	v, err := w.view()
	if err != nil {
		return 0, err
	}
	if floor := v.Floor(); 0 < w.cursor && w.cursor < floor {
		return 0, &CompactedError{Revision: w.cursor, Oldest: floor}
	}
	if w.anew {
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
			w.pending = append(w.pending, turn{srID: e.SrID})
		}
		return w.filter.To.IsZero() || e.Kickoff.Before(w.filter.To)
	})
}

// collectChanges makes pending what happened between the cursor and the view, each event once, in the order in which
// they first stand in the log.
func (w *watcher) collectChanges(v store.View) {
	v.Changes(w.cursor, func(c store.Change) {
		if c.Revision <= w.shown[c.SrID] || !w.filter.concerns(v, c, w.cursor) {
			return
		}
		w.show(c.SrID, math.MaxInt64) // in this round
		w.pending = append(w.pending, turn{srID: c.SrID})
	})
	if len(w.shown) > keep {
		w.shown = nil
	}
	clear(w.shown)
}
