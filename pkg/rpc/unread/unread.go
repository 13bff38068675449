// Package unread bounds what a gRPC server holds of messages that its clients do not read.
//
// Once a handler has returned, gRPC keeps its response until HTTP/2's flow control lets it out, which a client that never
// opens its windows can put off for as long as it likes; on a stream, gRPC keeps 64 KiB and a message. A [Budget] counts
// these bytes, of each connection and of all, rejects further responses while there are too many, and closes connections
// whose clients do not read.
//
//	handler ─ Respond, Send ─> Message ─> gRPC ─ Free, buffer by buffer ─> given back
//	                           counted                  (also by Close, and by the collector)
//
// What holds at every moment:
//
//   - All messages together take [Limits].Total bytes at the most. Half of it is a reserve, which belongs to the
//     connections in equal parts, so that nobody can keep others from small responses; the other half is shared.
//   - What a connection takes beyond its part of the reserve is at most [Limits].PerConnection, thrice that for its first
//     message, and less by powers of what is free once a quarter of the shared half is used: the square for small messages,
//     the third for the first, the fourth for others. So a connection that is alone may have much, and however many take
//     all they get, there is something for the next: lookups, and as a rule a batch.
//   - Responses and messages of streams are held to these limits apart from each other: responses are rejected, messages of
//     streams wait for room, as they do for the client's window.
//   - A message is given back once: when gRPC has written its last byte or dropped it, when its connection is closed, or
//     when the collector finds that gRPC has forgotten it, as it does with what is sent on a stream that is just ending.
//
// Requests, streams and connections are bounded by pkg/rpc/server.
package unread

import (
	"errors"
	"sync"
	"sync/atomic"
)

// CountRejection counts a call that ended with err, if that is a FullError.
func (b *Budget) CountRejection(err error) {
	if _, is := errors.AsType[*FullError](err); is {
		b.rejected.Add(1)
	}
}

// Budget counts what is unread on all connections of a server. Its methods may be called by several goroutines.
type Budget struct {
	limits Limits
	// reserve is what each connection has to itself, for its responses and once more for the messages of its streams;
	// shared is what all have together beyond that.
	reserve, shared int64
	used            atomic.Int64 // of shared

	clock            atomic.Int64 // counts ticks of Run
	rejected, closed atomic.Int64 // responses, connections

	mu          sync.Mutex // guards what follows
	connections map[*Connection]struct{}
	room        chan struct{} // closed when a message was given back; nil while nobody waits for that
	waiting     atomic.Int32  // messages of streams that wait for room
}

// New makes a budget. Run has to run for its deadline to count.
func New(l Limits) *Budget {
	l = l.withDefaults()
	half := l.Total / 2
	reserve := half / 2 / int64(l.Connections)
	return &Budget{limits: l, reserve: reserve, shared: half, connections: make(map[*Connection]struct{})}
}

// Open adds a connection, which cut closes. The caller calls Close when it is closed, by cut or otherwise.
func (b *Budget) Open(cut func()) *Connection {
	c := &Connection{budget: b, cut: cut}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.connections[c] = struct{}{}
	return c
}

// open lists the connections.
func (b *Budget) open() []*Connection {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*Connection, 0, len(b.connections))
	for c := range b.connections {
		all = append(all, c)
	}
	return all
}

// Unread is how many bytes are counted now.
func (b *Budget) Unread() (bytes int64) {
	for _, c := range b.open() {
		c.mu.Lock()
		bytes += c.held[responses] + c.held[messages]
		c.mu.Unlock()
	}
	return bytes
}

// small is the size up to which a message is small: that of a response about a few markets, and of a whole event.
const small = 8 << 10

// allowed is how much of the shared half a connection may take that has held bytes in all, for a message of size more, when
// used of it is taken already. It is all that a connection may have until a quarter is used, and then falls by powers of what is
// free, the steeper the more a message can take: were it a part of what is free, a hundred connections that take all they
// get would leave nothing, and were it one power for all, nothing for lookups.
func (b *Budget) allowed(used, held, size int64) int64 {
	free := min(1, (1-float64(used)/float64(b.shared))*4/3)
	most := float64(b.limits.PerConnection) * free * free
	switch {
	case size <= small:
	case held == 0:
		most *= 3 * free
	default:
		most *= free * free
	}
	return int64(most)
}

// take takes n bytes of the shared half for a message of size, for a connection that has taken has of it, and held in all.
// When that would be too much it takes nothing and reports what is allowed.
func (b *Budget) take(n, has, held, size int64) (limit int64, ok bool) {
	for n > 0 {
		used := b.used.Load()
		if limit = b.allowed(used, held, size); has+n > limit {
			return limit, false
		}
		if b.used.CompareAndSwap(used, used+n) {
			break
		}
	}
	return 0, true
}

// give gives n bytes back to the shared half, and wakes those who wait for room of any kind.
func (b *Budget) give(n int64) {
	b.used.Add(-n)
	if b.waiting.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// more returns what is closed when there may be more room. Whoever calls it looks for room once more before waiting.
func (b *Budget) more() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.room == nil {
		b.room = make(chan struct{})
	}
	return b.room
}
