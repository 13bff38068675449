package faults

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// proxy passes connections on, and cuts, freezes or slows them.
type proxy struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	wg       sync.WaitGroup // accepting and copying goroutines; Close waits for them

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	flows chan struct{} // closed while bytes flow
	asks  chan struct{} // closed while bytes flow from client to server
	pace  time.Duration // pause after every 16 KiB
	gone  chan struct{} // closed by close
}

// newProxy listens on an address and passes on to another.
func newProxy(network, addr, toNetwork, to string) (*proxy, error) {
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, fmt.Errorf("opening a proxy's listener: %w", err)
	}
	p := &proxy{
		listener: l, dial: func() (net.Conn, error) { return net.Dial(toNetwork, to) },
		conns: make(map[net.Conn]struct{}), flows: make(chan struct{}), asks: make(chan struct{}), gone: make(chan struct{}),
	}
	close(p.flows)
	close(p.asks)
	p.wg.Go(p.accept)
	return p, nil
}

func (p *proxy) accept() {
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
func (p *proxy) pass(from, to net.Conn, asks bool) {
	defer p.forget(from, to)
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		flows, pace := p.flows, p.pace
		if asks {
			flows = p.asks
		}
		p.mu.Unlock()
		select {
		case <-flows:
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

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

// cut breaks every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// freeze lets nothing through while connections stay open, until heal.
func (p *proxy) freeze() {
	p.hush()
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.asks:
		p.asks = make(chan struct{})
	default:
	}
}

// hush lets no answers through, until heal: what is asked is done, and nobody hears of it.
func (p *proxy) hush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flows:
		p.flows = make(chan struct{})
	default:
	}
}

// slow makes every 16 KiB wait, until heal.
func (p *proxy) slow(pace time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace = pace
}

// heal lets everything through again, what waited as well.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace = 0
	for _, c := range []chan struct{}{p.flows, p.asks} {
		select {
		case <-c:
		default:
			close(c)
		}
	}
}

func (p *proxy) close() error {
	close(p.gone)
	err := p.listener.Close()
	p.cut()
	p.wg.Wait()
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
