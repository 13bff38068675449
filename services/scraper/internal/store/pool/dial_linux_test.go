package pool

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestDialedConnectionsEndByThemselves reads from the kernel how long a host that has vanished is waited for.
func TestDialedConnectionsEndByThemselves(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	for _, tt := range []struct {
		url                      string
		lease                    time.Duration
		connect, lost, idle, gap time.Duration
	}{
		{"postgres://db/x", 15 * time.Second, 5 * time.Second, 10 * time.Second, 5 * time.Second, time.Second},
		{"postgres://db/x", time.Minute, 5 * time.Second, 40 * time.Second, 20 * time.Second, 4 * time.Second},
		{"postgres://db/x", 100 * time.Millisecond, time.Second, time.Second, time.Second, time.Second},
		{"postgres://a,b/x?connect_timeout=3", 15 * time.Second, 3 * time.Second, 10 * time.Second, 5 * time.Second, time.Second},
	} {
		cfg, err := pgx.ParseConfig(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		bound(cfg, tt.lease)
		if cfg.ConnectTimeout != tt.connect {
			t.Errorf("%s, lease %v: connecting takes up to %v, want %v", tt.url, tt.lease, cfg.ConnectTimeout, tt.connect)
		}
		conn, err := cfg.DialFunc(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		option := func(name int, unit time.Duration) (value time.Duration) {
			failed := raw.Control(func(fd uintptr) {
				n, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, name)
				if err != nil {
					t.Error(err)
				}
				value = time.Duration(n) * unit
			})
			if failed != nil {
				t.Error(failed)
			}
			return value
		}
		if got := option(tcpUserTimeout, time.Millisecond); got != tt.lost {
			t.Errorf("lease %v: TCP_USER_TIMEOUT is %v, want %v", tt.lease, got, tt.lost)
		}
		if got := option(syscall.TCP_KEEPIDLE, time.Second); got != tt.idle {
			t.Errorf("lease %v: the first probe goes after %v, want %v", tt.lease, got, tt.idle)
		}
		if got := option(syscall.TCP_KEEPINTVL, time.Second); got != tt.gap {
			t.Errorf("lease %v: probes go every %v, want %v", tt.lease, got, tt.gap)
		}
		_ = conn.Close()
	}
}
