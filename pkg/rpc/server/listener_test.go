package server_test

import (
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/oddscache/oddscache/pkg/rpc/server"
)

// TestConnectionsBeyondTheLimitsAreClosed connects from two addresses of loopback.
func TestConnectionsBeyondTheLimitsAreClosed(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rejected := prometheus.NewCounter(prometheus.CounterOpts{Name: "refused_total", Help: "Closed at once."})
	listener := server.Limited(inner, 3, 2, rejected)
	accepted := make(chan net.Conn)
	go func() { // ends with the listener
		defer close(accepted)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		conn, err := d.DialContext(t.Context(), "tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	closed := func(conn net.Conn) {
		t.Helper()
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("it was not closed")
		}
	}
	dial("127.0.0.1")
	first := <-accepted
	dial("127.0.0.1")
	second := <-accepted
	closed(dial("127.0.0.1")) // the third of one address
	dial("127.0.0.2")
	third := <-accepted
	closed(dial("127.0.0.3")) // the fourth of all
	_, _ = first.Close(), first.Close()
	dial("127.0.0.1")
	again := <-accepted
	closed(dial("127.0.0.3"))
	if n := testutil.ToFloat64(rejected); n != 3 {
		t.Errorf("%g are counted as rejected, want 3", n)
	}
	for _, conn := range []net.Conn{second, third, again} {
		_ = conn.Close()
	}
	_ = listener.Close()
	for range accepted { // until Accept has returned
	}
}
