package feedmodel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/feedtest"
)

// Rules are what a control changes in the writer. The zero value is the design's.
type Rules struct {
	NewOwnerOnly   bool // a move rewrites the new owner only
	FailedEvicts   bool // a failed cycle evicts
	EarlyPublish   bool // a block is published before its commit
	CutoffStays    bool // a cutoff of a clock that was ahead is kept
	EarlyRevisions bool // a block's revisions are taken before its transaction begins, and two are in flight
}

// outcome is what becomes of a commit.
type outcome int

const (
	acknowledged outcome = iota
	diesBefore           // the process dies before the commit
	diesAfter            // the process dies after the commit, before the publishing
	unknownDone          // no answer; it was done
	unknownNot           // no answer; it was not done
)

// suspect is how long it takes to find out what became of a commit.
const suspect = 300 * time.Millisecond

// writer is one term: what holds the lease, and the log of what it committed.
type writer struct {
	rules Rules
	db    *database
	term  int64
	log   *feedlog.Log
	lost  chan struct{}
	once  sync.Once
	mint  func() string // a new epoch's name
	note  func()        // is called when the history has it

	mu       sync.Mutex
	epoch    string
	gate     chan struct{} // closed while the process runs; a stalled one answers nothing
	deadline time.Time     // of the lease; zero while it is renewed
}

var _ feedtest.Source = (*writer)(nil)

// acquire begins a term from what the database holds.
func acquire(rules Rules, db *database, mint func() string, note func()) (*writer, error) {
	w := &writer{rules: rules, db: db, term: db.take(), lost: make(chan struct{}), mint: mint, note: note, gate: make(chan struct{})}
	close(w.gate)
	t, _ := db.read()
	var err error
	if w.log, err = t.log(); err != nil {
		return nil, fmt.Errorf("restoring the log at %d: %w", t.revision, err)
	}
	w.epoch = t.epoch
	return w, nil
}

// await lets a caller through while the process runs.
func (w *writer) await() {
	w.mu.Lock()
	gate := w.gate
	w.mu.Unlock()
	<-gate
}

// Epoch names the history.
func (w *writer) Epoch() string {
	w.await()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.epoch
}

// Log is what is published.
func (w *writer) Log() *feedlog.Log {
	w.await()
	return w.log
}

// Lost is closed when the term is over.
func (w *writer) Lost() <-chan struct{} { return w.lost }

// Held reports whether the lease lasts, by the local clock.
func (w *writer) Held() bool {
	w.await()
	select {
	case <-w.lost:
		return false
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deadline.IsZero() || time.Now().Before(w.deadline)
}

// lose ends the term.
func (w *writer) lose() { w.once.Do(func() { close(w.lost) }) }

// Diverged handles a replica that is ahead, as the scraper does.
func (w *writer) Diverged(_ context.Context, revision int64) error {
	t, term := w.db.read()
	switch {
	case term != w.term:
		w.lose()
		return errFenced
	case t.revision >= revision:
		return errors.New("log is behind the database")
	}
	epoch := w.mint()
	if err := w.db.mint(w.term, epoch); err != nil {
		w.lose()
		return err
	}
	w.note()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.epoch = epoch
	return nil
}

// stall stops the process; its lease ends a lease later.
func (w *writer) stall() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = make(chan struct{})
	w.deadline = time.Now().Add(lease)
}

// wake lets it go on. It reports whether the lease has lasted, and is renewed then.
func (w *writer) wake() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.gate)
	if time.Now().Before(w.deadline) {
		w.deadline = time.Time{}
		return true
	}
	return false
}

// apply commits a transaction and publishes it. It reports whether it was committed, which an outcome may prevent;
// an error is a fault of the writer, or errFenced.
func (w *writer) apply(writes []Write, how outcome) (committed bool, err error) {
	t, _ := w.db.read()
	p, err := newPlan(w.rules, t, writes)
	if err != nil || len(p.entries) == 0 {
		return err == nil, err
	}
	if w.rules.EarlyPublish {
		if how == unknownNot {
			how = acknowledged // what is published cannot be planned again
		}
		if err := w.publish(p); err != nil {
			return false, err
		}
		<-time.After(time.Millisecond) // that the commit takes
	}
	switch how {
	case diesBefore:
		return false, nil
	case unknownNot:
		<-time.After(suspect) // the table says that it was not done; it is planned and committed anew
		return w.apply(writes, acknowledged)
	case acknowledged, diesAfter, unknownDone:
	}
	p.next.floor = max(p.next.floor, w.log.View().Floor)
	if err := w.db.commit(w.term, p.from, p.next, p.entries); err != nil {
		w.lose()
		return false, err
	}
	switch how {
	case diesAfter:
		return true, nil
	case unknownDone:
		<-time.After(suspect)
	case acknowledged, diesBefore, unknownNot:
	}
	if w.rules.EarlyPublish {
		return true, nil
	}
	return true, w.publish(p)
}

func (w *writer) publish(p *plan) error {
	if err := w.log.Append(p.from, p.next.revision, p.entries); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return nil
}

// applyTwo is what a writer does that takes revisions before its transactions begin: two are in flight, the later one
// commits first, and what is published is everything above the last published revision at that moment.
func (w *writer) applyTwo(writes []Write, _ outcome) (bool, error) {
	t, _ := w.db.read()
	early, err := newPlan(w.rules, t, writes[:len(writes)/2])
	if err != nil {
		return false, err
	}
	late, err := newPlan(w.rules, early.next, writes[len(writes)/2:])
	if err != nil {
		return false, err
	}
	if err := w.db.commit(w.term, t.revision, late.next, append(early.entries, late.entries...)); err != nil {
		w.lose()
		return false, err
	}
	late.from = t.revision
	return true, w.publish(late)
}
