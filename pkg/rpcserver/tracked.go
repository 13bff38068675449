package rpcserver

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// progress is how many bytes have to be written within the send timeout while responses wait: less is no link but a
// caller that does not read.
const progress = 64 << 10

// trackedConn is a connection that is counted until it is closed, with what is in flight on it.
type trackedConn struct {
	net.Conn
	addr  *trackedAddr
	ended func(*trackedConn)

	written atomic.Int64 // bytes, whatever they were

	mu     sync.Mutex // guards what follows
	closed bool
	bytes  int64     // of responses in flight
	since  time.Time // when written was looked at, while responses were in flight
	mark   int64     // written then
}

// trackedAddr leads from an rpc's peer to its connection.
type trackedAddr struct {
	net.Addr
	conn *trackedConn
}

// RemoteAddr is the connection's own address.
func (c *trackedConn) RemoteAddr() net.Addr { return c.addr }

// Write counts what is written.
func (c *trackedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.written.Add(int64(n))
	return n, err //nolint:wrapcheck // servers compare it
}

// Close closes the connection. What was in flight on it is gone.
func (c *trackedConn) Close() error {
	defer c.ended(c)
	return c.Conn.Close() //nolint:wrapcheck // servers compare it
}

// tracker hands out the connections of a listener as tracked ones, and closes those whose callers do not read.
type tracker struct {
	net.Listener
	unread *unread

	mu   sync.Mutex // guards open
	open map[*trackedConn]struct{}
}

func newTracker(inner net.Listener, unread *unread) *tracker {
	return &tracker{Listener: inner, unread: unread, open: make(map[*trackedConn]struct{})}
}

// Accept waits for a connection.
func (t *tracker) Accept() (net.Conn, error) {
	conn, err := t.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // servers compare it
	}
	c := &trackedConn{Conn: conn, ended: t.ended}
	c.addr = &trackedAddr{Addr: conn.RemoteAddr(), conn: c}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[c] = struct{}{}
	return c, nil
}

// ended is called when a connection closes; again, it does nothing.
func (t *tracker) ended(c *trackedConn) {
	t.mu.Lock()
	delete(t.open, c)
	t.mu.Unlock()
	t.unread.total.Add(-c.end())
}

// closeStalled closes the connections on which responses have waited for so long, until ctx ends.
func (t *tracker) closeStalled(ctx context.Context, within time.Duration, log *slog.Logger) {
	ticker := time.NewTicker(within / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			for _, c := range t.stalled(now, within) {
				t.unread.counts.stalled.Inc()
				log.Warn("closed a connection whose caller does not read its responses", "peer", c.addr.String(), "within", within)
				_ = c.Close() // whoever is there finds out
			}
		}
	}
}

func (t *tracker) stalled(now time.Time, within time.Duration) []*trackedConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []*trackedConn
	for c := range t.open {
		if c.stalled(now, within) {
			all = append(all, c)
		}
	}
	return all
}

// entry is what became of a response that was to be counted.
type entry uint8

const (
	counted entry = iota
	tooMuch
	gone // the connection is closed
)

// enter counts a response, with what is in flight already, unless that would be more than limit; one alone is counted
// however large it is.
func (c *trackedConn) enter(bytes, limit int64) (before int64, _ entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, gone
	case c.bytes > 0 && c.bytes+bytes > limit:
		return c.bytes, tooMuch
	case c.bytes == 0:
		c.since, c.mark = time.Now(), c.written.Load()
	}
	before = c.bytes
	c.bytes += bytes
	return before, counted
}

// leave takes a response off. It reports false when the connection is closed: then all of them are off.
func (c *trackedConn) leave(bytes int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.bytes -= bytes
	return true
}

// end takes all responses off and returns what they had.
func (c *trackedConn) end() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	bytes := c.bytes
	c.closed, c.bytes = true, 0
	return bytes
}

// stalled reports whether responses have been in flight for so long with next to nothing written.
func (c *trackedConn) stalled(now time.Time, within time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes == 0 || now.Sub(c.since) < within {
		return false
	}
	written := c.written.Load()
	stalled := written-c.mark < progress
	c.since, c.mark = now, written
	return stalled
}
