package lease

import (
	"fmt"
	"maps"
	"slices"
)

// belief is what a term takes the database to have. Every renewal, every fence and every look at feed_state compares it.
type belief struct {
	epoch     string              // empty while it is being changed
	committed int64               // the revision that was published
	attempted int64               // the highest revision that a transaction in flight may commit
	running   map[string]struct{} // cycles that have begun and whose end is not being written
}

// state is what the database has at one instant.
type state struct {
	holder   string
	term     int64
	revision int64
	epoch    string
	running  []string // cycles
	cycles   bool     // whether running was read
}

// contradiction returns how the state denies what the term believed before the statement was sent and still believed when
// the response came; nil when it does not. Writes may go on meanwhile.
func (s *state) contradiction(t *Term, before, after belief) error {
	switch {
	case s.holder != t.Holder || s.term != t.Number:
		return fmt.Errorf("%w: holder %q, term %d", ErrSuperseded, s.holder, s.term)
	case before.epoch != "" && before.epoch == after.epoch && s.epoch != before.epoch:
		return fmt.Errorf("%w: epoch %s became %s", ErrRewound, before.epoch, s.epoch)
	case s.revision < before.committed:
		return fmt.Errorf("%w: it is at revision %d, %d was published", ErrRewound, s.revision, before.committed)
	case s.revision > after.attempted:
		return fmt.Errorf("%w: it is at revision %d, above %d", ErrForeign, s.revision, after.attempted)
	case !s.cycles:
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(before.running)) {
		if _, still := after.running[id]; still && !slices.Contains(s.running, id) {
			return fmt.Errorf("cycle %s: %w", id, ErrCycleLost)
		}
	}
	return nil
}

// Restored tells the term what was read when it began. From here on every revision above head is its own.
func (t *Term) Restored(epoch string, head int64, running []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.epoch = epoch
	t.belief.committed, t.belief.attempted, t.belief.running = head, head, make(map[string]struct{}, len(running))
	for _, id := range running {
		t.belief.running[id] = struct{}{}
	}
}

// Attempt notes that a transaction is about to commit a revision: from now on the database may have it.
func (t *Term) Attempt(to int64) { t.believe(func(b *belief) { b.attempted = to }) }

// Abandon notes that the transaction is known not to have committed.
func (t *Term) Abandon() { t.believe(func(b *belief) { b.attempted = b.committed }) }

// Published notes that a revision was published: from now on the database must have it.
func (t *Term) Published(to int64) { t.believe(func(b *belief) { b.committed = to }) }

// CycleRuns notes that the database has a cycle running.
func (t *Term) CycleRuns(id string) { t.believe(func(b *belief) { b.running[id] = struct{}{} }) }

// CycleEnds notes that a cycle's end is being written: the database may have it running or not.
func (t *Term) CycleEnds(id string) { t.believe(func(b *belief) { delete(b.running, id) }) }
