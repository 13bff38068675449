package server

import (
	"net"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Limited wraps a listener so that it has at most total connections open, and perHost from one address. One that would
// be more is closed at once: to let it wait would let whoever holds the others keep everybody out. rejected counts
// those. 0 means no limit.
func Limited(inner net.Listener, total, perHost int, rejected prometheus.Counter) net.Listener {
	return &limitedListener{Listener: inner, total: total, perHost: perHost, rejected: rejected, hosts: make(map[string]int)}
}

// limitedListener counts connections.
type limitedListener struct {
	net.Listener
	total, perHost int
	rejected       prometheus.Counter

	mu    sync.Mutex // guards what follows
	open  int
	hosts map[string]int // open connections by the address they come from
}

// Accept waits for a connection that is within the limits.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err //nolint:wrapcheck // servers compare it
		}
		host := hostOf(conn)
		if l.enter(host) {
			return &countedConn{Conn: conn, leave: sync.OnceFunc(func() { l.leave(host) })}, nil
		}
		l.rejected.Inc()
		_ = conn.Close() // nothing was sent on it
	}
}

// enter counts a connection from a host, unless that would be one too many.
func (l *limitedListener) enter(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total > 0 && l.open >= l.total || l.perHost > 0 && l.hosts[host] >= l.perHost {
		return false
	}
	l.open++
	l.hosts[host]++
	return true
}

// leave counts a connection less.
func (l *limitedListener) leave(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.hosts[host]--; l.hosts[host] == 0 {
		delete(l.hosts, host)
	}
}

// countedConn is a connection that is counted until it is closed.
type countedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *countedConn) Close() error {
	defer c.leave()
	return c.Conn.Close() //nolint:wrapcheck // servers compare it
}

// hostOf is the address that a connection comes from, without the port.
func hostOf(conn net.Conn) string {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		return conn.RemoteAddr().String()
	}
	return host
}
