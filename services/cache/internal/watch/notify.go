package watch

import (
	"time"

	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// send sends an event's newest state, or that there is none, and returns a revision that it includes.
func (w *watcher) send(srID string) (revision int64, err error) {
	v, e, gone, err := w.look(srID)
	revision = v.Revision()
	switch {
	case err != nil:
		return revision, err
	case e != nil:
		return revision, w.update(v, e)
	case gone != 0:
		return revision, w.remove(Removal{SrID: srID, Reason: gone})
	default:
		return revision, nil
	}
}

// look finds the state of an event that is to be sent. When there is none that passes the filter, it says why the consumer
// cannot keep what it has, if it may have any.
func (w *watcher) look(srID string) (v store.View, e *store.Event, gone Reason, err error) {
	if v, err = w.view(); err != nil {
		return v, nil, 0, err
	}
	switch e := v.BySrID(srID); {
	case e == nil:
		return v, nil, Evicted, nil
	case w.filter.passes(e):
		return v, e, 0, nil
	case e.Revision <= w.cursor || !w.filter.mayHavePassed(e.Before, w.cursor):
		return v, nil, 0, nil // it did not pass before either
	default:
		return v, nil, Filtered, nil
	}
}

// update sends an event, and then which bookmakers it has lost: a consumer that is cut off in between has a whole state.
func (w *watcher) update(v store.View, e *store.Event) error {
	srID, lost := e.SrID, w.lost(e)
	w.unsynced = true
	w.watches.updated.Add(1)
	if err := w.to.Updated(Mark{View: v, Revision: w.cursor}, e); err != nil {
		return err
	}
	for _, bookmaker := range lost {
		if err := w.remove(Removal{SrID: srID, Bookmaker: bookmaker, Reason: Unlisted}); err != nil {
			return err
		}
	}
	return nil
}

// lost are the bookmakers whose snapshots of an event the consumer may have, and the event has no more.
func (w *watcher) lost(e *store.Event) (bookmakers []string) {
	if w.fromScratch {
		return nil
	}
	for _, l := range e.Lost {
		if l.Revision > w.cursor && w.filter.bookmaker(l.Bookmaker) {
			bookmakers = append(bookmakers, l.Bookmaker)
		}
	}
	return bookmakers
}

// remove takes something back from a consumer that may have it.
func (w *watcher) remove(r Removal) error {
	if w.fromScratch {
		return nil
	}
	v, err := w.view()
	if err != nil {
		return err
	}
	w.unsynced = true
	w.watches.removed.Add(1)
	return w.to.Removed(Mark{View: v, Revision: w.cursor}, r)
}

// sync calls Synced at the end of a round: when something was sent and nothing newer is visible yet, or else when it is
// time. A consumer that does not keep up gets it after every round in that way.
func (w *watcher) sync() error {
	v, err := w.view()
	if err != nil {
		return err
	}
	upToDate := w.unsynced && v.Revision() <= w.cursor
	if !upToDate && time.Since(w.synced) < Heartbeat {
		return nil
	}
	w.unsynced, w.synced = false, time.Now()
	w.watches.synced.Add(1)
	return w.to.Synced(Mark{View: v, Revision: w.cursor})
}
