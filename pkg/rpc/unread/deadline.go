package unread

import (
	"context"
	"time"
)

// list is a list of messages in no particular order.
type list struct{ first *record }

func (l *list) insert(r *record) {
	r.prev, r.next = nil, l.first
	if l.first != nil {
		l.first.prev = r
	}
	l.first = r
}

func (l *list) remove(r *record) {
	if r.prev != nil {
		r.prev.next = r.next
	} else {
		l.first = r.next
	}
	if r.next != nil {
		r.next.prev = r.prev
	}
	r.prev, r.next = nil, nil
}

// ticks is how many ticks of the clock a deadline has. Messages are counted in ticks because to ask for the time would be
// a good part of what counting costs.
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
	for r := c.timed.first; r != nil; r = r.next {
		// Nothing of it was read for a deadline, or all of it too slowly. A tick more, since it began within one.
		most := ticks + 1 + int64(ticks*float64(r.wire)/slow)
		if now-max(r.since, r.progress.Load()) > ticks || now-r.since > most {
			return true
		}
	}
	return false
}
