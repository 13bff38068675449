package unread

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/peer"
)

// kind says which of a connection's two counts a message belongs to.
type kind int

// The kinds. They are held to the limits apart from each other.
const (
	responses kind = iota // of unary rpcs
	messages              // of streams
)

// Connection counts what is unread on one connection. A nil Connection counts nothing and allows everything.
type Connection struct {
	budget *Budget
	cut    func()

	mu       sync.Mutex // guards what follows
	closed   bool
	held     [2]int64 // bytes by kind, what is in the reserve included
	timed    list     // the messages that have a deadline
	rejected int64    // size of a response that was rejected since one was given back; 0 for none
}

// Addr is the address of a connection's other end. It carries the connection to where only the address is known: to
// handlers, by gRPC's peer.
type Addr struct {
	net.Addr
	Connection *Connection
}

// Of is the connection that an rpc came in by; nil when that is not counted.
func Of(ctx context.Context) *Connection {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	a, ok := p.Addr.(*Addr)
	if !ok {
		return nil
	}
	return a.Connection
}

// Check fails with a FullError when the connection may take no more responses now, not even small ones, so that none is
// built in vain.
func (c *Connection) Check() error { return c.check(1, false) }

// CheckLarge is Check for a response that is expected to be as large as the last one for which there was no room.
func (c *Connection) CheckLarge() error { return c.check(small+1, true) }

// check is Check for a response of a size, or of the size of the last one that was rejected if that is larger and like says
// so.
func (c *Connection) check(size int64, like bool) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	has := c.excess(responses, 0)
	if has == 0 {
		return nil
	}
	if like {
		size = max(size, c.rejected)
	}
	if limit := c.budget.allowed(c.budget.used.Load(), c.held[responses], size); has+size > limit {
		return c.fullError(limit)
	}
	return nil
}

// excess is what the connection takes of the shared part with n bytes more.
func (c *Connection) excess(k kind, n int64) int64 { return max(0, c.held[k]+n-c.budget.reserve) }

// fullError makes the error of a response for which there is no room. mu is held.
func (c *Connection) fullError(limit int64) error {
	return &FullError{Unread: c.held[responses], Limit: limit + c.budget.reserve}
}

// Respond counts the response of a unary rpc, whose encoding is data and which takes own bytes of memory, and returns what
// has to be handed to gRPC in its place, to be marshalled by a [Codec]. It fails with a FullError when there is no room.
// data belongs to the response from then on.
func (c *Connection) Respond(data mem.BufferSlice, own int) (*Message, error) {
	if c == nil {
		return &Message{data: data}, nil
	}
	m := newMessage(data, own)
	m.account.deadline = true
	limit, ok := c.hold(m, responses)
	if ok {
		return m, nil
	}
	size := m.account.size
	m.forget()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rejected = size
	return nil, c.fullError(limit)
}

// Send counts a message of a stream as Respond does a response, and waits for room until ctx ends. Without a deadline the
// client may leave it unread for as long as it likes.
func (c *Connection) Send(ctx context.Context, data mem.BufferSlice, own int, deadline bool) (*Message, error) {
	if c == nil {
		return &Message{data: data}, nil
	}
	m := newMessage(data, own)
	m.account.deadline = deadline
	if _, ok := c.hold(m, messages); ok {
		return m, nil
	}
	c.budget.waiting.Add(1)
	defer c.budget.waiting.Add(-1)
	for {
		more := c.budget.more()
		if _, ok := c.hold(m, messages); ok {
			return m, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			m.forget()
			return nil, fmt.Errorf("waiting for the client to read: %w", context.Cause(ctx))
		}
	}
}

// hold counts a message, unless there is no room: then it says how much there is.
func (c *Connection) hold(m *Message, k kind) (limit int64, ok bool) {
	a := m.account
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed { // nothing is going to be written
		return 0, true
	}
	has := c.excess(k, 0)
	if limit, ok = c.budget.take(c.excess(k, a.size)-has, has, c.held[k], a.size); !ok {
		return limit, false
	}
	c.held[k] += a.size
	a.of, a.kind = c, k
	if a.deadline {
		a.since = c.budget.clock.Load()
		c.timed.insert(a)
	}
	return 0, true
}

// release gives a message back. It is called once for each that hold has counted.
func (c *Connection) release(a *account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.of = nil
	if c.closed { // Close gave all of them back
		return
	}
	has := c.excess(a.kind, 0)
	c.held[a.kind] -= a.size
	c.rejected = 0
	if a.deadline {
		c.timed.remove(a)
	}
	c.budget.give(has - c.excess(a.kind, 0))
}

// Close gives everything back that is still held.
func (c *Connection) Close() {
	c.budget.mu.Lock()
	delete(c.budget.connections, c)
	c.budget.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	given := c.excess(responses, 0) + c.excess(messages, 0)
	c.held, c.timed = [2]int64{}, list{}
	c.budget.give(given)
}
