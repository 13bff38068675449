package feedlog

import (
	"fmt"
	"slices"
)

// checkLocked finds everything that could be wrong with a block before any of it is applied, so that Append needs no
// way back. It fills confirmed by the way.
func (l *Log) checkLocked(from, to int64, entries []*Entry) error {
	last := from
	contents := blockContents{size: len(entries), until: lastConfirmation(entries)}
	l.confirmed = slices.Grow(l.confirmed[:0], len(entries))[:len(entries)]
	for i, e := range entries {
		if e.Revision <= last || e.Revision > to {
			return fmt.Errorf("entry %v at revision %d after %d in block (%d, %d]: %w", e.Key, e.Revision, last, from, to, ErrOrder)
		}
		last, l.confirmed[i] = e.Revision, nil // a block that was rejected may have left something
		switch e.Key.Kind {
		case KindSnapshot:
			contents.set(i, e.Key, true)
		case KindCycleEnd:
			for _, k := range e.CycleEnd.Removed {
				contents.set(i, k, false) // whatever the key had before this entry is older than it
			}
		case KindConfirmation:
			content := e.Key.content()
			held, changed := contents.held[content]
			if !changed { // by this block: the log decides
				l.confirmed[i] = l.keys[content]
				held = l.confirmed[i] != nil
			}
			if !held {
				return fmt.Errorf("confirmation of %v at revision %d: %w", content, e.Revision, ErrNoContent)
			}
		case KindEvent:
		}
	}
	return nil
}

// blockContents says which contents a block brings (true) or takes away (false) up to some entry of it. Only
// confirmations ask, so what comes after the last of them, such as a cycle end with all that it removes, is not noted.
type blockContents struct {
	held        map[Key]bool
	size, until int // entries of the block, and up to its last confirmation
}

// set notes that the block's i-th entry brings a key or takes it away.
func (b *blockContents) set(i int, k Key, held bool) {
	if i >= b.until || k.Kind != KindSnapshot {
		return
	}
	if b.held == nil {
		b.held = make(map[Key]bool, b.size)
	}
	b.held[k] = held
}

// lastConfirmation is the place of the block's last confirmation; 0 when there is none, or when it is the first entry.
func lastConfirmation(entries []*Entry) int {
	for i, e := range slices.Backward(entries) {
		if e.Key.Kind == KindConfirmation {
			return i
		}
	}
	return 0
}
