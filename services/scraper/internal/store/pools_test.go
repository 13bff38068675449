package store_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// listen accepts connections over TCP and hands them to serve until the test ends.
func listen(t *testing.T, serve func(net.Conn)) (host, port string) {
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
	host, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// silent takes what is sent and says nothing, as a host does that hangs.
func silent(c net.Conn) {
	defer func() { _ = c.Close() }()
	_, _ = io.Copy(io.Discard, c)
}

// forward passes a connection on to a socket.
func forward(t *testing.T, network, address string) func(net.Conn) {
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

// TestHostsThatHangAreLeft names two hosts that accept connections and say nothing, and then the one that works.
func TestHostsThatHangAreLeft(t *testing.T) {
	t.Parallel()
	base, err := url.Parse(pgtest.URL(t, migrated))
	if err != nil {
		t.Fatal(err)
	}
	socket := base.Query().Get("host")
	if socket == "" {
		t.Skip("SKIPPED: the test's Postgres listens on no socket of this host")
	}
	hangs, hangsPort := listen(t, silent)
	works, worksPort := listen(t, forward(t, "unix", socket+"/.s.PGSQL.5432"))
	many := fmt.Sprintf("postgres://%s@%s:%s,%s:%s,%s:%s%s?sslmode=disable", base.Query().Get("user"), hangs, hangsPort, hangs, hangsPort, works, worksPort, base.Path)
	for _, tt := range []struct {
		url    string
		lease  time.Duration
		within time.Duration
	}{
		{many, 3 * time.Second, 5 * time.Second},                         // a second a host
		{many, 15 * time.Second, 14 * time.Second},                       // five seconds a host
		{many + "&connect_timeout=1", 15 * time.Second, 5 * time.Second}, // as the URL says
	} {
		t.Run(fmt.Sprint(tt.lease, len(tt.url) > len(many)), func(t *testing.T) {
			t.Parallel()
			s := opened(t, tt.url, store.Config{LeaseFor: tt.lease})
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 2*tt.within)
			defer cancel()
			w, err := s.Acquire(ctx)
			if err != nil {
				t.Fatalf("Acquire over hosts that hang: %v after %v", err, time.Since(began))
			}
			defer w.Release(context.WithoutCancel(t.Context()))
			if took := time.Since(began); took > tt.within {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestOpenKeepsSecrets(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "postgres://user:hunter2@127.0.0.1:notaport/db", store.Config{}, logger(t))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Open with a URL that is none: %v", err)
	}
}
