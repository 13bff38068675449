// Package replica follows the scraper's feed and keeps a store at its state.
//
// Invariants, which the tests check:
//
//  1. A batch is applied only if it begins at exactly the revision that the index has; anything else ends the stream
//     and is counted as a gap. Nothing is skipped, repeated or guessed.
//  2. A stream begins with Start. RESUME goes on in the index that is served, in its epoch. FULL builds another one, the
//     staging index; it is served from the first caught-up progress on, and until then the old one is, marked stale.
//  3. Within an epoch no lower revision is served after a higher one: a source that is behind what is served is not
//     followed, whether or not it takes itself for the writer.
//  4. Lookups see only states that the source was in: what it committed as one becomes visible as one, and what was
//     missed becomes visible when all of it is there. A batch with the mark that more follow is held back until one
//     without it. That takes as long as sending what changed takes, and meanwhile what is served counts as stale.
//  5. At every caught-up progress the number of entries and the digest are the source's. When they are not, what is
//     served counts as stale, and a full sync is asked for, at most once in FullInterval. Outside of deliberate
//     corruption that does not happen.
//  6. A stream that is silent for Silence ends. Connecting is tried for ever, with growing and jittered pauses; they
//     become short again only after something was applied to what is served, or it was caught up.
//  7. An acknowledged revision is one that lookups see.
//
// A stream is a session: open subscribes, begin takes Start, and step takes one message after another until something is
// wrong or the context ends; then Run waits and opens the next one.
//
//	stream ─ receive, decode ─> inbox ─ step ─> index ─ Publish ─> lookups
//	  (goroutine of the session)    (goroutine of Run)      └─ ack ─> source
//
// One goroutine does all writing to the store, and another one decodes what arrives ahead of it; they end, with the stream,
// when Run's context does. Addresses are not known here, but to the connection that the replica is given.
package replica
