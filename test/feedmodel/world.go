package feedmodel

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// tick is the step in which the bubble's time is let pass; what a moment of time brings about is seen within it.
const tick = 100 * time.Millisecond

// world runs one history.
type world struct {
	rules    Rules
	drops    bool // batches may be lost on purpose, and each may make a gap
	net      *network
	db       *database
	truth    *Truth
	taps     map[string]*tap
	nodes    [2]*node
	replicas [replicas]*replica
	watcher  watcher
	feed     string // the nodes' addresses

	leading *node // nil between terms
	writer  *writer
	stalled bool      // the writer is, and its lease has not gone to another yet
	wakeAt  time.Time // of a stalled writer, also when it is none any more; zero for nobody
	ex      *writer   // a stalled writer whose lease went to another
	exNode  *node
	freeAt  time.Time // when the lease of a writer that died can be had
	last    *node     // who led before

	backup struct {
		tables *tables
		truth  *Truth
	}
	shift   time.Duration // of the domain's clock before the bubble's
	ahead   time.Duration // of the clocks of database and scraper before the domain's
	noticed bool          // that they are
	seq     int           // of writes
	epochs  int
	headsMu sync.Mutex // the feed's goroutines mint epochs; it guards what follows
	minted  int        // epochs that were minted although no history was lost
	losing  bool       // history is lost at this moment, on purpose
	heads   []history.Head
	moment  moment // the newest
	states  map[moment]state

	samples []history.Sample
	untrue  error // the first answer that was not a state of the source
	cover   *coverage
}

func newWorld(rules Rules, drops bool) *world {
	w := &world{
		rules: rules, drops: drops, net: newNetwork(), db: newDatabase(), truth: newTruth(), taps: make(map[string]*tap),
		feed: "scraper-a:1,scraper-b:1", epochs: 1, cover: newCoverage(), states: make(map[moment]state),
	}
	w.freeze()
	for i, addr := range []string{"scraper-a:1", "scraper-b:1"} {
		w.nodes[i] = &node{w: w, addr: addr}
	}
	for i := range w.replicas {
		r := &replica{w: w, id: fmt.Sprint("cache-", i)}
		w.replicas[i], w.taps[r.id] = r, newTap()
	}
	return w
}

// open starts every process.
func (w *world) open() error {
	for _, n := range w.nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	for _, r := range w.replicas {
		if err := r.start(); err != nil {
			return err
		}
	}
	w.watcher.start(w)
	synctest.Wait()
	return nil
}

// close ends every process, stalled ones too: nobody may be left in the bubble.
func (w *world) close() error {
	for _, writer := range []*writer{w.ex, w.writer} {
		if writer != nil {
			writer.mu.Lock()
			select {
			case <-writer.gate:
			default:
				close(writer.gate)
			}
			writer.mu.Unlock()
		}
	}
	w.watcher.close()
	var errs []error
	for _, r := range w.replicas {
		errs = append(errs, r.kill())
	}
	for _, n := range w.nodes {
		errs = append(errs, n.kill())
	}
	return errors.Join(errs...)
}

// now is the domain's clock.
func (w *world) now() time.Time { return begin.Add(w.shift) }

// pass lets the bubble's time go on, and what it brings happen.
func (w *world) pass(d time.Duration) error {
	for ; d > 0; d -= tick {
		<-time.After(min(d, tick)) // the bubble's time, which passes when nothing else can happen
		synctest.Wait()
		if err := w.timers(); err != nil {
			return err
		}
	}
	return nil
}

// timers does what is due: stalled writers wake, dead processes are started again.
func (w *world) timers() error {
	now := time.Now()
	if !w.wakeAt.IsZero() && !now.Before(w.wakeAt) {
		w.wakeAt = time.Time{}
		if err := w.wake(); err != nil {
			return err
		}
	}
	for _, n := range w.nodes {
		if n.server == nil && !now.Before(n.backAt) {
			if err := n.start(); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget drops what was recorded so far.
func (w *world) forget() {
	w.headsMu.Lock()
	w.heads, w.states = nil, map[moment]state{w.moment: w.states[w.moment]}
	w.headsMu.Unlock()
	w.samples, w.db.journal = nil, nil
	for _, t := range w.taps {
		t.set(func() {
			for _, s := range t.streams {
				s.Messages = nil
			}
			t.streams = slices.Clone(t.streams[max(0, len(t.streams)-1):]) // which may be under way
		})
	}
}
