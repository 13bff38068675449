package feedmodel

import (
	"errors"
	"fmt"
	"time"
)

// restartAfter is how long a killed process stays away.
const restartAfter = time.Second

// errFaulty says that something did what it must never do.
var errFaulty = errors.New("must not happen")

// lead returns a writer that can write, waiting for the lease of one that died or was stalled.
func (w *world) lead() (*writer, error) {
	for w.writer == nil || w.stalled {
		if time.Now().Before(w.freeAt) {
			if err := w.pass(tick); err != nil {
				return nil, err
			}
			continue
		}
		if err := w.elect(); err != nil {
			return nil, err
		}
	}
	return w.writer, nil
}

// elect begins a new term at a node that runs, rather another than the one before.
func (w *world) elect() error {
	var next *node
	for _, n := range w.nodes {
		if n.server != nil && (next == nil || next == w.last) && n != w.leading && n != w.exNode {
			next = n
		}
	}
	if next == nil {
		return w.pass(tick)
	}
	if w.stalled { // its lease is over
		w.ex, w.exNode, w.stalled = w.writer, w.leading, false
	}
	writer, err := acquire(w.rules, w.db, func() string {
		w.epochs++
		return fmt.Sprint("history-", w.epochs)
	}, w.rename)
	if err != nil {
		return fmt.Errorf("%w: %w", errFaulty, err)
	}
	if w.last != nil && w.last != next {
		w.cover.takeover = true
	}
	w.writer, w.leading, w.last = writer, next, next
	next.server.Lead(writer)
	return nil
}

// stall stops the writer's process for a while. Its lease ends meanwhile, or it does not.
func (w *world) stall(d time.Duration) {
	if w.writer == nil || w.stalled || w.ex != nil {
		return
	}
	w.writer.stall()
	w.stalled = true
	w.freeAt = time.Now().Add(lease)
	w.wakeAt = time.Now().Add(d)
}

// wake lets the stalled writer go on. When another term began it must not be able to commit anything.
func (w *world) wake() error {
	if w.ex == nil {
		w.stalled = false
		if w.writer.wake() {
			return nil
		}
		// Nobody took the lease: it ran out all the same, and the process has to acquire it anew.
		w.writer.lose()
		w.leading.server.StandBy()
		w.writer, w.leading = nil, nil
		return nil
	}
	ex, at := w.ex, w.exNode
	w.ex, w.exNode = nil, nil
	if ex.wake() {
		return fmt.Errorf("%w: two leases at once", errFaulty)
	}
	before, _ := w.db.read()
	head := ex.log.View().Head
	t := before.clone()
	t.revision = head + 1
	if err := w.db.commit(ex.term, head, t, nil); err == nil {
		return fmt.Errorf("%w: a stalled writer committed after its term", errFaulty)
	}
	// For a moment it does not know yet; its streams must be silent although nobody has ended them.
	if err := w.pass(2 * tick); err != nil {
		return err
	}
	ex.lose()
	at.server.StandBy()
	return nil
}

// die kills the process that writes. again says whether it may write next as well.
func (w *world) die(again bool) error {
	if w.writer == nil || w.stalled {
		return nil
	}
	n := w.leading
	w.writer.lose()
	w.writer, w.leading = nil, nil
	w.freeAt, n.backAt = time.Now().Add(lease), time.Now().Add(restartAfter)
	if again {
		w.last = nil
	}
	return n.kill()
}

// restore puts the backup back while no scraper writes: history is lost. With a new timeline the database says so
// itself; without one the writer finds out from a replica that is ahead, which is why one has to be.
func (w *world) restore(timeline bool) error {
	if w.backup.tables == nil || w.ex != nil || w.stalled {
		return nil
	}
	now, _ := w.db.read()
	back := w.backup.tables
	if now.epoch != back.epoch {
		return nil // a copy of a history that is gone already
	}
	if !timeline {
		if err := w.settle(); err != nil { // everybody is ahead then
			return err
		}
	}
	if err := w.die(false); err != nil {
		return err
	}
	epoch := ""
	if timeline || now.revision == back.revision {
		w.epochs++
		epoch = fmt.Sprint("history-", w.epochs)
	}
	w.db.restore(back, epoch)
	w.truth = w.backup.truth.clone()
	w.backup.tables, w.backup.truth = nil, nil
	w.cover.restored = true
	w.freeze()
	if epoch != "" {
		return nil
	}
	w.headsMu.Lock()
	w.losing = true
	w.headsMu.Unlock()
	defer func() {
		w.headsMu.Lock()
		defer w.headsMu.Unlock()
		w.losing = false
	}()
	// No write before the loss is noticed: the numbers of what is lost would be given to something else.
	if _, err := w.lead(); err != nil {
		return err
	}
	for range 600 {
		if t, _ := w.db.read(); t.epoch != back.epoch {
			return nil
		}
		if err := w.pass(tick); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: nobody noticed that history was lost", errFaulty)
}
