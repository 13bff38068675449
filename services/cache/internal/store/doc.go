// Package store holds every event and answers which one a key means, beside the feed's log.
//
// An Index is one state of the world: a feedlog.Log and the maps that lookups need. A Store serves one Index at a time
// and changes to another by swapping one pointer, so a full sync is built aside.
//
// Invariants, which the model test checks:
//
//  1. What is visible is the state at exactly one revision per event: an Event is immutable, holds all its bookmakers,
//     and is replaced as a whole when a batch has been applied. Never half a batch.
//  2. A publication becomes visible in one step, under every id and in lists: no lookup that begins after another has
//     ended answers anything older, whatever ids the two ask by. A revision that a reader takes first is never more than
//     what it reads afterwards. Lists read one immutable tree, and so exactly one revision.
//  3. A competitor's or BetPawa's id belongs to the event that listed it last, by revision; an event that stops listing
//     an id that belongs to it leaves it to nobody. A lookup by such an id answers an event to which it belongs, during
//     a move too.
//  4. A snapshot whose id belongs to no event waits: invisible, counted.
//  5. Events and snapshots leave only when the log says that a cycle end removed them.
//
// One goroutine writes; readers take no lock and, for a lookup by key, allocate nothing.
//
// It is not for following the feed (replica) and not for putting answers together (frame, api).
package store
