// Package feedlog is the compacted log that the scraper writes and every cache replicates: the newest entry of each
// key, ordered by revision.
//
//	revision   1    2    3    4    5    6    7      head = 7
//	written    A    B    A'   C    B'   conf(C)  end
//	kept                 A'   C    B'   conf(C)  end
//
// The scraper appends a block for each transaction, after it was committed. A cache appends the blocks that it receives,
// so that the same rules, in the same code, hold on both sides. Readers take a [View]; what a reader at revision r has
// missed is all entries above r, in order.
//
// Invariants, which the model test checks:
//
//  1. Every entry has its own revision, and entries are put in ascending order of it.
//  2. A key has at most one entry; putting a key moves it to the head. Live tail and resume are therefore one call:
//     all entries above a revision, in order. Any entry's revision is a valid resume point, and what a reader missed
//     in between has been compacted to the newest state.
//  3. Content and its confirmation are two keys with positions of their own; neither is left out because of what a
//     replica may have already. Putting content drops the confirmation. A confirmation never stands without content
//     of a lower revision.
//  4. Cycle ends are not compacted. They are kept for Keep after they finished, measured by the finish of the newest
//     one and so equally on every side. Floor is the highest revision of a cycle end that was dropped; below it
//     nothing can be resumed, since evictions that a reader does not know of may lie there.
//  5. Only a cycle end evicts: exactly the keys it names, each where its revision is lower than the cycle end's. A
//     replica never compares kickoffs itself, since it may hold one that was changed by an entry still to come.
//  6. A block is applied whole or not at all, and only if it begins at the head (ErrGap).
//  7. Two logs at the same revision hold the same entries; their digests, order-free sums over every entry's bytes,
//     are equal. For that an entry's bytes are made once, by the scraper, and never encoded again.
//
// One writer appends; any number of readers read views, which are immutable and never block the writer. The log is in
// memory alone: the scraper rebuilds it from Postgres, a cache from the feed.
package feedlog

import (
	"errors"
	"time"
)

// Keep is how long cycle ends stay in the log. A replica that was away for longer needs a full sync.
const Keep = 7 * 24 * time.Hour

// Errors that Append returns; nothing is applied when it does.
var (
	// ErrGap says that a block does not begin at the head.
	ErrGap = errors.New("block does not begin at the head of the log")
	// ErrOrder says that entries of a block are not ascending within it.
	ErrOrder = errors.New("entries are not in ascending order within their block")
	// ErrNoContent says that a confirmation has no content before it.
	ErrNoContent = errors.New("confirmation of content that the log does not hold")
)

// Listener is notified of what a block did, in the order of its entries, while Append holds the log. It must not call
// the log. It is called for blocks that are applied and for no others: checks come before the first call.
type Listener interface {
	// Put follows the entry that is now the newest of its key. note is a place for whatever the listener wants to find
	// again without a search: that of the key, or for a confirmation of the key that it confirms. It lasts until the key
	// is removed.
	Put(e *Entry, note *any)
	// Removed follows an eviction by a cycle end, with the key's note. Confirmations go with their content, without a
	// call of their own. The cycle end's own Put comes before.
	Removed(k Key, note any, by *Entry)
}
