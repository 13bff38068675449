// Package store holds every event and finds the one that a key means, beside the feed's log.
//
// An [Index] is one state of the world: a feedlog.Log and the maps that lookups need. A [Store] serves one Index at a
// time and changes to another by swapping one pointer, so a full sync is built in a staging index while lookups go on in
// the old one.
//
//	batch ─ decode ─> log ─ Put, Removed ─> nodes, slots, tree ─ Publish ─> published ─> tables
//	                                        (the writer's own)              (what readers see)
//
// Invariants, which the model test checks:
//
//  1. What is visible is the state at exactly one revision per event: an Event is immutable, holds all its bookmakers,
//     and is replaced as a whole when a batch has been applied. Never half a batch.
//  2. A publication becomes visible in one step, under every id and in lists: no lookup that begins after another has
//     ended finds anything older, whatever ids the two ask by. A revision that a reader takes first is never more than
//     what it reads afterwards. Lists read one immutable tree, and so exactly one revision.
//  3. A competitor's or BetPawa's id belongs to the event that listed it last, by revision; an event that stops listing
//     an id that belongs to it leaves it to nobody. A lookup by such an id finds an event to which it belongs, during
//     a move too.
//  4. A snapshot whose id belongs to no event waits: invisible, counted.
//  5. Events and snapshots leave only when the log says that a cycle end removed them (eviction.go).
//  6. A batch that cannot be applied whole leaves everything that is held as it was: entries are decoded before the log
//     changes, and the log checks its block before the first Put.
//
// One goroutine writes; readers take no lock and, for a lookup by key, allocate nothing. Following the feed is the
// business of replica, putting responses together that of frame and api.
package store
