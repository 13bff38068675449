package haproxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// fleet is the caches of a test. All have the same ports, each a loopback address of its own, as containers of one
// service do.
type fleet struct {
	port, healthPort string
	names            *names
	certificate      *tls.Certificate // of caches that are added; nil is without TLS

	running []*backend
}

// newFleet starts caches that are ready.
func newFleet(t *testing.T, caches int) *fleet {
	t.Helper()
	f := &fleet{port: "0", healthPort: "0", names: newNames(t)}
	for range caches {
		f.add(t)
	}
	return f
}

// backend answers each line with its own address and the line.
type backend struct {
	host  netip.Addr
	ready atomic.Bool
	kill  func() // closes its listeners and connections at once, and waits
}

// nextHost numbers loopback addresses: one for each backend of all tests, so that ports are free at all of a fleet.
//
//nolint:gochecknoglobals // all tests share the addresses
var nextHost atomic.Uint32

// add starts another cache that is ready, which the names know at once.
func (f *fleet) add(t *testing.T) *backend {
	t.Helper()
	return f.addAs(t, true)
}

// addAs starts another cache, which the names know at once.
func (f *fleet) addAs(t *testing.T, ready bool) *backend {
	t.Helper()
	n := nextHost.Add(1)
	b := &backend{host: netip.AddrFrom4([4]byte{127, 0, byte(1 + n>>8), byte(n)})}
	b.ready.Store(ready)
	lines := listen(t, b.host, &f.port)
	health := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || !b.ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	health.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of handshakes that fail on purpose
	_ = health.Listener.Close()
	health.Listener = listen(t, b.host, &f.healthPort)
	if f.certificate == nil {
		health.Start()
	} else {
		config := &tls.Config{Certificates: []tls.Certificate{*f.certificate}, MinVersion: tls.VersionTLS13}
		health.TLS, lines = config, tls.NewListener(lines, config)
		health.StartTLS()
	}
	stop := b.serve(lines)
	b.kill = sync.OnceFunc(func() {
		stop()
		health.Close()
	})
	t.Cleanup(b.kill)
	f.running = append(f.running, b)
	f.announce()
	return b
}

// remove kills a cache and takes it out of the names.
func (f *fleet) remove(b *backend) {
	b.kill()
	f.running = slices.DeleteFunc(f.running, func(other *backend) bool { return other == b })
	f.announce()
}

// announce tells the names who runs.
func (f *fleet) announce() {
	hosts := make([]netip.Addr, len(f.running))
	for i, b := range f.running {
		hosts[i] = b.host
	}
	f.names.set(hosts...)
}

// listen opens a listener at the port, which is chosen and kept when it is 0.
func listen(t *testing.T, host netip.Addr, port *string) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(host.String(), *port))
	if err != nil {
		t.Fatal(err)
	}
	if _, *port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return l
}

// serve answers lines until stop, which closes all connections.
func (b *backend) serve(l net.Listener) (stop func()) {
	var serving sync.WaitGroup
	var mu sync.Mutex // guards open
	var open []net.Conn
	serving.Go(func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			serving.Go(func() { // ends with the connection
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					fmt.Fprintf(conn, "%s %s\n", b.host, lines.Text())
				}
			})
		}
	})
	return func() {
		_ = l.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	}
}

// client is a connection through HAProxy.
type client struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, bufio.NewReader(conn)}
}

// send sends a line and returns the response.
func (c *client) send(line string) (string, error) {
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	return c.lines.ReadString('\n')
}
