package feedmodel

import (
	"fmt"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
)

// runHistory runs a history in the bubble that it is called in, and returns what it covered, or what was wrong.
func runHistory(ops []Op, rules Rules, drops bool) (*coverage, error) {
	w := newWorld(rules, drops)
	err := w.open()
	for i := 0; err == nil && i < len(ops); i++ {
		if err = w.run(ops[i]); err == nil {
			err = w.look(i)
		}
		if err != nil {
			err = fmt.Errorf("operation %d, %v: %w", i, ops[i], err)
		}
	}
	if closed := w.close(); err == nil {
		err = closed
	}
	if err == nil {
		err = w.validate()
	}
	w.cover.operations = len(ops)
	return w.cover, err
}

// look lets everything happen that needs no time, asks one replica what it answers, and looks for what went wrong.
func (w *world) look(i int) error {
	synctest.Wait()
	if err := w.timers(); err != nil {
		return err
	}
	w.replicas[i%replicas].sample()
	return w.wrong()
}

// wrong reports what replicas have seen that must not happen.
func (w *world) wrong() error {
	w.headsMu.Lock()
	minted := w.minted
	w.headsMu.Unlock()
	if minted > 0 {
		return fmt.Errorf("%w: a replica was ahead of a history of which nothing was lost", errFaulty)
	}
	if w.untrue != nil {
		return w.untrue
	}
	if err := w.watcher.saw(); err != nil {
		return err
	}
	for _, r := range w.replicas {
		r.seen.mu.Lock()
		wrong, gaps := r.seen.wrong, r.seen.gaps
		r.seen.mu.Unlock()
		if len(wrong) > 0 {
			return fmt.Errorf("%s: %v", r.id, wrong)
		}
		t := w.taps[r.id]
		t.mu.Lock()
		dropped := t.dropped
		t.mu.Unlock()
		if gaps > dropped {
			return fmt.Errorf("%s: %d gaps, %d batches were lost on purpose", r.id, gaps, dropped)
		}
	}
	return nil
}

func (w *world) run(o Op) error {
	switch {
	case o.Kind.writes():
		return w.write(o, acknowledged)
	case o.Kind == Hours:
		w.shift += o.D
		return nil
	case o.Kind == Clocks:
		w.ahead, w.noticed = o.D, o.Yes
		return nil
	case o.Kind == Wait:
		return w.pass(o.D)
	case o.Kind == Settle:
		return w.quiet()
	}
	switch o.Kind {
	case Tap, Deliver, Cut, Drop, Sever, Freeze, Thaw, Restart:
		return w.disturb(o, w.replicas[o.Replica])
	case Watch:
		w.watcher.move(o.Replica)
	case Kill:
		return w.die(o.N == 0)
	case Stall:
		w.stall(o.D)
	case CrashBefore, CrashAfter, UnknownDone, UnknownNot:
		return w.write(o, map[Kind]outcome{CrashBefore: diesBefore, CrashAfter: diesAfter, UnknownDone: unknownDone, UnknownNot: unknownNot}[o.Kind])
	case Backup:
		w.backup.tables, _ = w.db.read()
		w.backup.truth = w.truth.clone()
	case Restore:
		return w.restore(o.Yes)
	default:
		return fmt.Errorf("operation of kind %d", o.Kind)
	}
	return nil
}

// disturb does something to a replica or to its stream.
func (w *world) disturb(o Op, r *replica) error {
	t := w.taps[r.id]
	switch o.Kind {
	case Tap:
		t.set(func() { t.open, t.budget = o.Yes, 0 })
	case Deliver:
		t.set(func() { t.budget += o.N })
	case Cut:
		t.set(func() { t.cut = o.N })
	case Drop:
		t.set(func() { t.drop = o.N + 1 })
	case Sever:
		r.wires(func(w *wire) { _ = w.Close() })
	case Freeze:
		t.set(func() { t.frozenAt = time.Now() })
		r.wires((*wire).freeze)
	case Thaw:
		t.set(func() {
			if !t.frozenAt.IsZero() {
				t.transit, t.frozenAt = max(t.transit, time.Since(t.frozenAt)), time.Time{}
			}
		})
		r.wires((*wire).thaw)
	case Restart:
		t.set(func() { t.open, t.budget = t.open && !o.Yes, 0 })
		if err := r.kill(); err != nil {
			return err
		}
		return r.start()
	default:
	}
	return nil
}

// write runs a transaction: first at the source, then, if it was committed, in the truth.
func (w *world) write(o Op, how outcome) error {
	writer, err := w.lead()
	if err != nil {
		return err
	}
	w.shift += time.Second // no two transactions at one instant of the domain's clock
	writes := make([]Write, len(o.Tx))
	for i, op := range o.Tx {
		w.seq++
		writes[i] = Write{Op: op, At: w.now(), Seq: w.seq, Ahead: w.ahead, Noticed: w.noticed}
	}
	before, _ := w.db.read()
	apply := writer.apply
	if w.rules.EarlyRevisions && len(writes) > 1 && how == acknowledged {
		apply = writer.applyTwo
	}
	committed, err := apply(writes, how)
	if err != nil {
		return err
	}
	if committed {
		after, _ := w.db.read()
		w.cover.wrote(w, before.revision, after.revision, w.notify(writes))
		if after.revision > before.revision {
			w.freeze()
		}
	}
	if how == diesBefore || how == diesAfter {
		return w.die(o.Tx[0].N%2 == 0)
	}
	return nil
}

// notify applies committed writes to the truth.
func (w *world) notify(writes []Write) (all effect) {
	for _, wr := range writes {
		did := w.truth.apply(wr)
		all.moved = all.moved || did.moved
		all.postponed = all.postponed || did.postponed
		all.confirmed = all.confirmed || did.confirmed
		all.evicted = all.evicted || did.evicted
		all.corrected = all.corrected || did.corrected
	}
	return all
}

// keep is what cycle ends are kept for: a resume from before the oldest one kept is a full sync.
const keep = feedlog.Keep
