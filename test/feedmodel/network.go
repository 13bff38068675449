package feedmodel

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/test/bufconn"
)

// pipe is the size of a connection's buffer in each direction, in bytes.
const pipe = 1 << 15

// network is the machines and the wires between them, in memory.
type network struct {
	mu    sync.Mutex
	hosts map[string]*bufconn.Listener
	wires map[*wire]struct{}
}

func newNetwork() *network {
	return &network{hosts: make(map[string]*bufconn.Listener), wires: make(map[*wire]struct{})}
}

// listen puts a host at an address.
func (n *network) listen(addr string) *bufconn.Listener {
	l := bufconn.Listen(pipe)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[addr] = l
	return l
}

// unplug takes a host away; its wires break.
func (n *network) unplug(addr string) {
	n.mu.Lock()
	delete(n.hosts, addr)
	n.mu.Unlock()
	n.sever(func(w *wire) bool { return w.to == addr })
}

// dialer dials on behalf of a host.
func (n *network) dialer(from string) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, addr string) (net.Conn, error) {
		n.mu.Lock()
		l := n.hosts[addr]
		n.mu.Unlock()
		if l == nil {
			return nil, fmt.Errorf("dialling %s: nobody is there", addr)
		}
		conn, err := l.DialContext(ctx)
		if err != nil {
			return nil, fmt.Errorf("dialling %s: %w", addr, err)
		}
		w := &wire{Conn: conn, net: n, from: from, to: addr, flows: make(chan struct{}), broken: make(chan struct{})}
		close(w.flows)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.wires[w] = struct{}{}
		return w, nil
	}
}

// each calls do for the wires that match.
func (n *network) each(match func(*wire) bool, do func(*wire)) {
	n.mu.Lock()
	var matching []*wire
	for w := range n.wires {
		if match(w) {
			matching = append(matching, w)
		}
	}
	n.mu.Unlock()
	for _, w := range matching {
		do(w)
	}
}

func (n *network) sever(match func(*wire) bool) { n.each(match, func(w *wire) { _ = w.Close() }) }

// wire is a connection as its client has it. What is frozen neither arrives nor fails.
type wire struct {
	net.Conn

	net      *network
	from, to string
	once     sync.Once
	broken   chan struct{} // closed by Close

	mu    sync.Mutex
	flows chan struct{} // closed while bytes flow
}

func (w *wire) await() error {
	w.mu.Lock()
	flows := w.flows
	w.mu.Unlock()
	select {
	case <-flows:
		return nil
	case <-w.broken:
		return net.ErrClosed
	}
}

// freeze stops the bytes until thaw.
func (w *wire) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.flows:
		w.flows = make(chan struct{})
	default: // frozen already
	}
}

func (w *wire) thaw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.flows:
	default:
		close(w.flows)
	}
}

// Read reads what has arrived by the time that bytes flow.
func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if gone := w.await(); gone != nil {
		return 0, gone
	}
	return n, err
}

// Write writes once bytes flow.
func (w *wire) Write(b []byte) (int, error) {
	if err := w.await(); err != nil {
		return 0, err
	}
	return w.Conn.Write(b)
}

// Close breaks the wire for both ends.
func (w *wire) Close() error {
	w.once.Do(func() {
		close(w.broken)
		w.net.mu.Lock()
		delete(w.net.wires, w)
		w.net.mu.Unlock()
	})
	return w.Conn.Close()
}
