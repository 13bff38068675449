package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy is a listener that passes connections on, and cuts, freezes or slows them. It knows bytes only. Use NewProxy.
type Proxy struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	wg       sync.WaitGroup // accepting and copying goroutines; Close waits for them

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	down  chan struct{} // closed while bytes flow from server to client
	up    chan struct{} // closed while bytes flow from client to server
	pace  time.Duration // pause after every 16 KiB
	gone  chan struct{} // closed by Close
}

// NewProxy listens on an address and passes on to another.
func NewProxy(network, addr, toNetwork, to string) (*Proxy, error) {
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, fmt.Errorf("opening a proxy's listener: %w", err)
	}
	p := &Proxy{
		listener: l, dial: func() (net.Conn, error) { return net.Dial(toNetwork, to) },
		conns: make(map[net.Conn]struct{}), down: make(chan struct{}), up: make(chan struct{}), gone: make(chan struct{}),
	}
	close(p.down)
	close(p.up)
	p.wg.Go(p.accept)
	return p, nil
}

func (p *Proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := p.dial()
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns[in], p.conns[out] = struct{}{}, struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() { p.pass(in, out, true) })
		p.wg.Go(func() { p.pass(out, in, false) })
	}
}

// pass copies one direction until either end is closed.
func (p *Proxy) pass(from, to net.Conn, up bool) {
	defer p.forget(from, to)
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		open, pace := p.down, p.pace
		if up {
			open = p.up
		}
		p.mu.Unlock()
		select {
		case <-open:
		case <-p.gone:
			return
		}
		if pace > 0 {
			<-time.After(pace)
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

// Cut breaks every connection.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// Freeze lets nothing through while connections stay open, until Heal.
func (p *Proxy) Freeze() {
	p.Hush()
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.up:
		p.up = make(chan struct{})
	default:
	}
}

// Hush lets nothing of the server through, until Heal: requests are served, and no response arrives.
func (p *Proxy) Hush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.down:
		p.down = make(chan struct{})
	default:
	}
}

// Slow makes every 16 KiB wait, until Heal.
func (p *Proxy) Slow(pace time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace = pace
}

// Heal lets everything through again, what waited as well.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace = 0
	for _, c := range []chan struct{}{p.down, p.up} {
		select {
		case <-c:
		default:
			close(c)
		}
	}
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() net.Addr { return p.listener.Addr() }

// Close closes the listener and every connection, and waits for the goroutines.
func (p *Proxy) Close() error {
	close(p.gone)
	err := p.listener.Close()
	p.Cut()
	p.wg.Wait()
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
