// Package lease decides who writes: one scraper holds the lease in the table feed_state, and every other stands by.
//
// A Candidate takes the lease, term after term; a Term is what the store writes under. What holds, and when:
//
//  1. A term belongs to one holder and one epoch. Every commit proves holder, term, epoch and the exact revision in its
//     own transaction. Every renewal proves holder, term, epoch and the running cycles, and a revision between what was
//     published before it was sent and what a write in flight may have committed when its response came.
//  2. A term that the database denies is over at once: Term.Denied, or the renewal, loses the lease, and nothing is tried
//     again within the term. The next one reads everything from scratch.
//  3. Where the database lacks something that was published, the history goes on under another epoch. It gets it from the
//     writer that noticed, as the last thing of its term; if that did not work, from the next term of its process, or
//     when a cache turns out to be ahead. A promoted standby and a restored dump have another epoch by themselves
//     (feed_identity).
//  4. No call outlasts its purpose: writes end with the lease, calls for the lease itself after a third of it, so that
//     another connection can be tried while it lasts. A connection that did not respond is not used again.
//  5. A candidate judges another's lease by its own monotonic clock from when it saw it renewed, the holder its own from
//     before the renewal was sent, so neither depends on the database's clock being right. Only a lease that was never
//     seen before is judged by that clock.
//
// Names in feed_state.holder are of one process, so a term whose number repeats after a failover is not mistaken.
package lease

import "errors"

// ErrNotWriter reports that this scraper does not hold the lease, or holds it no longer, so it neither writes nor serves
// the feed. Nothing was published by what returned it. It is the only error of that meaning: the store, the cycle engine
// and the feed return it alike, and callers see it as NOT_WRITER.
var ErrNotWriter = errors.New("not the writer")

// Why a term ends although nobody stopped the writer.
var (
	// ErrSuperseded reports that the row in feed_state is another writer's, or that the database lost that it was given to
	// this one.
	ErrSuperseded = errors.New("the lease is another's")
	// ErrRewound reports that the database lacks something that was committed and published, or has something else in its
	// place: a standby that was promoted, a backup that was put back, rows that somebody deleted. The history goes on
	// under a new epoch.
	ErrRewound = errors.New("the database lacks what was committed")
	// ErrForeign reports that somebody else has written. The log is rebuilt from what is there.
	ErrForeign = errors.New("the database has what this writer did not write")
	// ErrCycleLost reports that a cycle has begun and the database does not have it running. The log lacks nothing.
	ErrCycleLost = errors.New("the cycle is not running in the table")
	// errReleased is why a term is over that nothing has ended.
	errReleased = errors.New("it was released")
	// errHeld reports that another holds the lease.
	errHeld = errors.New("another holds it")
	// errEpochUnknown reports that a new epoch was requested and no response came.
	errEpochUnknown = errors.New("its epoch is unknown")
)
