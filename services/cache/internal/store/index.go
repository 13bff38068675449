package store

import (
	"fmt"
	"sync/atomic"

	"github.com/tidwall/btree"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// Index is one state of the world. One goroutine writes it; any number read it through a View. Use NewIndex.
type Index struct {
	epoch string
	log   *feedlog.Log

	// What readers see, without a lock. Every pointer here is atomic, and what it leads to is immutable, but for the tables:
	// there a slot's id is written once and its event swapped.
	srIDs     *table                   // events by SportRadar id
	owners    atomic.Pointer[[]owners] // the events that other ids belong to
	published atomic.Pointer[published]
	// oldestCycleEnd is the revision of the oldest cycle end that a full sync brought; 0 for none.
	oldestCycleEnd atomic.Int64

	// What the writer alone sees, for as long as the index lives.
	snapshots map[Key]*snapshotSlot
	tree      *btree.BTreeG[*Event] // events in the order of lists; publications take copies of it
	ends      []cycleEnd            // that the log keeps, ascending
	last      cycleEnd
	stats     Stats // Bytes without the maps
	mapSizes  mapSizes
	removed   int // keys that cycle ends removed
	yield     *yielder

	// completeAt is the revision at which the index was last known to be the source's state; incomplete says that entries
	// may have been left out since, as compaction does for a replica that was away.
	completeAt int64
	incomplete bool

	// What the batch being applied, and those before it that are not published yet, have changed. It is empty after
	// Publish.
	decoded []decoded        // entries that the log has not put yet
	nodes   map[string]*node // events that are new
	moved   map[Key]*node    // new owners of ids; nil for nobody
	dirty   []*node          // events that are other than before
}

// node is what the writer knows of an event; it stays the same for as long as the event is held.
type node struct {
	srID     string
	identity *Identity // nil when evicted
	state    *Event    // that readers see; nil before the event is visible
	next     *Event    // that is being published
	dirty    bool      // it is in Index.dirty
	slots    []*snapshotSlot
	// restructured says that ids or snapshots came, went or moved since state was made, so that slots is outdated.
	restructured bool
	bytes        int64 // accounted
}

// snapshotSlot holds the snapshot of one id, whether or not an event lists it. The log keeps a reference to it as the
// note of the snapshot's key, so that content and confirmations find it without a search.
type snapshotSlot struct {
	snapshot  frame.Snapshot
	owner     *node // nil while it waits
	content   int64 // accounted bytes of the content
	confirmed int64 // and of its confirmation
}

var _ feedlog.Listener = (*Index)(nil)

// NewIndex makes an empty index at revision 0 of an epoch.
func NewIndex(epoch string) *Index {
	y := &yielder{}
	x := &Index{
		epoch:     epoch,
		yield:     y,
		srIDs:     newTable(y),
		snapshots: make(map[Key]*snapshotSlot),
		tree:      btree.NewBTreeGOptions((*Event).before, btree.Options{NoLocks: true}),
		nodes:     make(map[string]*node),
		moved:     make(map[Key]*node),
	}
	x.owners.Store(new([]owners))
	x.log = feedlog.New(x)
	x.Publish()
	return x
}

// Epoch names the history that the index's revisions belong to.
func (x *Index) Epoch() string { return x.epoch }

// Log is the log's newest view: head, number of entries and digest. It may be ahead of what is published.
func (x *Index) Log() *feedlog.View { return x.log.View() }

// Applied counts what a batch did.
type Applied struct {
	Events, Snapshots, Confirmations, CycleEnds int
	EvictedEvents                               int
}

// Apply applies a batch whole, and makes it visible, or not at all. It returns feedlog's errors and ErrEntry.
func (x *Index) Apply(b feedlog.Batch) (Applied, error) {
	done, err := x.Append(b)
	if err == nil {
		x.Publish()
	}
	return done, err
}

// Append applies a batch as Apply does, but leaves it to Publish to make it visible, together with what is appended
// until then. It is for batches that end within a transaction.
func (x *Index) Append(b feedlog.Batch) (Applied, error) {
	var done Applied
	entries, err := x.decode(x.decoded[:0], b.Entries)
	if err != nil {
		return done, fmt.Errorf("applying batch (%d, %d]: %w", b.From, b.To, err)
	}
	evicted := x.stats.evicted
	x.decoded = entries
	x.incomplete = x.incomplete || int64(len(b.Entries)) != b.To-b.From
	//failpoint:index.before_log
	if err := x.log.Append(b.From, b.To, b.Entries); err != nil {
		clear(entries)
		return done, fmt.Errorf("applying batch (%d, %d]: %w", b.From, b.To, err)
	}
	clear(entries) // or the reused memory would hold what the log let go
	x.decoded = entries[:0]
	for _, e := range b.Entries {
		switch e.Key.Kind {
		case feedlog.KindEvent:
			done.Events++
		case feedlog.KindSnapshot:
			done.Snapshots++
		case feedlog.KindConfirmation:
			done.Confirmations++
		case feedlog.KindCycleEnd:
			done.CycleEnds++
		}
	}
	done.EvictedEvents = int(x.stats.evicted - evicted)
	return done, nil
}

// Put is the log's call for an entry of the batch. The note of a snapshot is its slot.
func (x *Index) Put(e *feedlog.Entry, note *any) {
	x.yield.every(keysPerYield, len(x.decoded))
	d := x.decoded[0]
	x.decoded = x.decoded[1:]
	switch e.Key.Kind {
	case feedlog.KindEvent:
		x.putEvent(d.identity, entryBytes(e))
	case feedlog.KindSnapshot:
		*note = x.putSnapshot(*note, d.content, entryBytes(e))
	case feedlog.KindConfirmation:
		x.putConfirmation(*note, d.suffix, entryBytes(e))
	case feedlog.KindCycleEnd:
		x.putCycleEnd(e)
	}
}
