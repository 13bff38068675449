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

	// What readers see.
	srIDs     *table                   // events by SportRadar id
	owners    atomic.Pointer[[]owners] // the events that other ids belong to
	published atomic.Pointer[published]
	oldest    atomic.Int64 // cycle end that a full sync brought; 0 for none

	// What the writer alone sees.
	books   map[Key]*book
	tree    *btree.BTreeG[*Event]
	staged  []staged         // entries of the batch being applied that the log has not put yet
	nodes   map[string]*node // events that the batch brought
	moved   map[Key]*node    // owners that the batch changed; nil for nobody
	dirty   []*node          // events that the batch changed
	ends    []cycleEnd       // that the log keeps, ascending
	last    cycleEnd
	removed int   // keys that cycle ends removed
	whole   int64 // revision at which the index was last known to be the source's state
	holes   bool  // entries may have been left out since
	stats   Stats // Bytes without the slots
	slots   slots
	rests   *rests
}

// owners are the events that one bookmaker's ids belong to. There are few of them, and a list is searched faster than a map.
type owners struct {
	bookmaker string
	events    *table
}

// node is what the writer knows of an event; it stays the same for as long as the event is held.
type node struct {
	srID     string
	identity *Identity // nil when evicted
	state    *Event    // that readers see; nil before the event is visible
	next     *Event    // that is being published
	dirty    bool
	books    []*book // of state's snapshots
	stale    bool    // ids or snapshots came, went or moved since state: books is not what it was
	bytes    int64   // accounted
}

// book is the snapshot of one id, whether or not an event lists it.
type book struct {
	snapshot  frame.Snapshot
	owner     *node // nil while it waits
	content   int64 // accounted bytes of the content
	confirmed int64 // and of its confirmation
}

var _ feedlog.Listener = (*Index)(nil)

// NewIndex makes an empty index at revision 0 of an epoch.
func NewIndex(epoch string) *Index {
	r := &rests{}
	x := &Index{
		epoch: epoch,
		rests: r,
		srIDs: newTable(r),
		books: make(map[Key]*book),
		tree:  btree.NewBTreeGOptions((*Event).before, btree.Options{NoLocks: true}),
		nodes: make(map[string]*node),
		moved: make(map[Key]*node),
	}
	x.owners.Store(new([]owners))
	x.log = feedlog.New(x)
	x.Publish()
	return x
}

// Epoch names the history that the index's revisions belong to.
func (x *Index) Epoch() string { return x.epoch }

// Log is the log's newest view: head, number of entries and digest.
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
	staged, err := x.stage(x.staged[:0], b.Entries)
	if err != nil {
		return done, fmt.Errorf("applying batch (%d, %d]: %w", b.From, b.To, err)
	}
	evicted := x.stats.evicted
	x.staged = staged
	x.holes = x.holes || int64(len(b.Entries)) != b.To-b.From
	//failpoint:index.before_log
	if err := x.log.Append(b.From, b.To, b.Entries); err != nil {
		clear(staged)
		return done, fmt.Errorf("applying batch (%d, %d]: %w", b.From, b.To, err)
	}
	clear(staged) // or the reused memory would hold what the log let go
	x.staged = staged[:0]
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

// Put is the log's call for an entry of the batch. The note of a snapshot is its book.
func (x *Index) Put(e *feedlog.Entry, note *any) {
	x.rests.after(restKeys, len(x.staged))
	s := x.staged[0]
	x.staged = x.staged[1:]
	switch e.Key.Kind {
	case feedlog.KindEvent:
		x.putEvent(s.identity, entryBytes(e))
	case feedlog.KindSnapshot:
		*note = x.putSnapshot(*note, s.content, entryBytes(e))
	case feedlog.KindConfirmation:
		x.putConfirmation(*note, s.suffix, entryBytes(e))
	case feedlog.KindCycleEnd:
		x.putCycleEnd(e)
	}
}

// Removed is the log's call for a key that a cycle end evicted.
func (x *Index) Removed(k feedlog.Key, note any, _ *feedlog.Entry) {
	x.removed++
	x.rests.after(restKeys, x.removed)
	//failpoint:index.evicting
	switch k.Kind {
	case feedlog.KindEvent:
		x.removeEvent(k.ID)
	case feedlog.KindSnapshot:
		x.removeSnapshot(Key{k.Bookmaker, k.ID}, note)
	case feedlog.KindConfirmation, feedlog.KindCycleEnd: // never told apart
	}
}
