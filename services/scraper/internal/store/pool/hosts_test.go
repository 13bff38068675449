package pool_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// listen accepts connections over TCP and hands them to serve until the test ends.
func listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { // until the listener is closed
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return listener.Addr().String()
}

// silent takes what is sent and says nothing, as a host does that hangs.
func silent(c net.Conn) {
	defer func() { _ = c.Close() }()
	_, _ = io.Copy(io.Discard, c)
}

// forward passes a connection on to a socket.
func forward(t *testing.T, network, address string) func(net.Conn) {
	t.Helper()
	return func(c net.Conn) {
		defer func() { _ = c.Close() }()
		to, err := net.Dial(network, address)
		if err != nil {
			t.Errorf("forwarding: %v", err)
			return
		}
		var back sync.WaitGroup
		back.Go(func() { _, _ = io.Copy(c, to); _ = c.Close() })
		_, _ = io.Copy(to, c)
		_ = to.Close()
		back.Wait()
	}
}

// unreachable is an address that answers no attempt to connect, like one of a host that has vanished: its queue is full.
func unreachable(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 10 {
		conn, err := net.DialTimeout("tcp", address, 300*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Skip("SKIPPED: this system's queues of connections do not fill")
	return ""
}

// TestHostsThatDoNotAnswerAreLeft names two hosts that do not answer, and then the one that works.
func TestHostsThatDoNotAnswerAreLeft(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		host   func(*testing.T) string
		lease  time.Duration
		option string
		within time.Duration
	}{
		// Each of the two pools that a takeover needs finds out by itself.
		"they hang, short lease": {host: hanging, lease: 3 * time.Second, within: 6 * time.Second},
		"they hang, as the URL says": {
			host: hanging, lease: 15 * time.Second, option: "&connect_timeout=1", within: 6 * time.Second,
		},
		// The first has found out for all.
		"they have vanished": {host: unreachable, lease: 15 * time.Second, within: 13 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, err := url.Parse(pgtest.URL(t, storetest.Migrated))
			if err != nil {
				t.Fatal(err)
			}
			socket := base.Query().Get("host")
			if socket == "" {
				t.Skip("SKIPPED: the test's Postgres listens on no socket of this host")
			}
			works := listen(t, forward(t, "unix", socket+"/.s.PGSQL.5432"))
			s := storetest.Open(t, "postgres://"+base.Query().Get("user")+"@"+tt.host(t)+","+tt.host(t)+","+works+base.Path+"?sslmode=disable"+tt.option,
				store.Config{LeaseFor: tt.lease})
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 3*tt.within)
			defer cancel()
			w, err := s.Acquire(ctx)
			if err != nil {
				t.Fatalf("Acquire over hosts that do not answer: %v after %v", err, time.Since(began))
			}
			defer w.Release(context.WithoutCancel(t.Context()))
			if took := time.Since(began); took > tt.within {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// hanging is an address that accepts connections and says nothing.
func hanging(t *testing.T) string {
	t.Helper()
	return listen(t, silent)
}

func TestOpenKeepsSecrets(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "postgres://user:hunter2@127.0.0.1:notaport/db", store.Config{}, storetest.Logger(t))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Open with a URL that is none: %v", err)
	}
}
