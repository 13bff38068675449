package unread

import (
	"context"
	"time"
)

// list is a list of messages in no particular order.
type list struct{ first *account }

// insert adds a message.
func (l *list) insert(a *account) {
	a.prev, a.next = nil, l.first
	if l.first != nil {
		l.first.prev = a
	}
	l.first = a
}

// remove takes out a message that is in the list.
func (l *list) remove(a *account) {
	if a.prev != nil {
		a.prev.next = a.next
	} else {
		l.first = a.next
	}
	if a.next != nil {
		a.next.prev = a.prev
	}
	a.prev, a.next = nil, nil
}

// ticks is how many ticks of the clock a deadline has. Messages are timed in ticks because reading the time would be a good
// part of what counting costs.
const ticks = 40

// Run closes connections whose clients do not read, until ctx ends.
func (b *Budget) Run(ctx context.Context) {
	tick := time.NewTicker(b.limits.Deadline / ticks)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.closeLate(b.clock.Add(1))
		case <-ctx.Done():
			return
		}
	}
}

// closeLate closes the connections of which a message is past its deadline.
func (b *Budget) closeLate(now int64) {
	for _, c := range b.open() {
		if c.late(now) {
			b.closed.Add(1)
			c.cut()
		}
	}
}

// late reports whether a message of the connection is past its deadline.
func (c *Connection) late(now int64) bool {
	slow := MinRate * c.budget.limits.Deadline.Seconds() // bytes that take a deadline
	c.mu.Lock()
	defer c.mu.Unlock()
	for a := c.timed.first; a != nil; a = a.next {
		// Nothing of it was read for a deadline, or all of it too slowly. A tick more, since it began within one.
		most := ticks + 1 + int64(ticks*float64(a.wire)/slow)
		if now-max(a.since, a.progress.Load()) > ticks || now-a.since > most {
			return true
		}
	}
	return false
}
