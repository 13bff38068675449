// Package watch sends a consumer the state of events and every change of them, at the consumer's own speed.
//
// A watch is a cursor, like a replica of the feed: a revision up to which its consumer has been sent everything. It
// works in rounds. A round takes the newest visible view, reads from the log which events changed between the cursor
// and the view, and sends each of them once, in the state that it has when its turn comes; then the cursor moves to
// the view's revision. The first round of a watch that starts from scratch sends all events instead, nearest kickoff first.
//
//	           cursor            view
//	log ─────────┼───B───A───C────┼───B'──> head
//
// If B' is written before B's turn comes, the round sends B', A and C, and the next round does not send B' again.
//
// Invariants, which the tests check:
//
//  1. At a cursor the consumer has of each event the state of that revision or a newer one, whatever it was sent in
//     between. A cursor is therefore good at any replica that serves the epoch, and Mark carries no other revision: in
//     the middle of a round nothing better can be promised, since the log keeps the newest entry of a key only, and a
//     replica that is behind may know an older one that the consumer was never sent.
//  2. A round ends: what changes meanwhile is left to the next one. An event that changes all the time is sent once in
//     every round, not put off for ever, as it would be by walking the log itself, from whose middle it has always just
//     moved away to the head.
//  3. Nothing is queued for a consumer. A watch holds the ids of a round, which are the index's own strings, and while it
//     waits for its consumer no view and no event: what it waits with is the one message that is being sent. The goroutine
//     that applies the feed never waits for a watch.
//  4. What a consumer may have is taken back when it goes: the event was evicted, or was written again and does not pass the
//     filter any more. Who had what is not remembered. An event whose own entry is not above the cursor passes or not as
//     it did before, and the index knows what an event was before its last entry, unless entries were left out on the
//     way; where it does not know, a removal is sent of an event that the consumer may never have had.
//
// What changed is found by store; the protocol's messages are made by api.
package watch
