package balancer_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/balancer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend answers each line with its own name and the line, on one port of a loopback address of its own.
func backend(t *testing.T, addr string) (got net.Addr, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	serving.Go(func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			serving.Go(func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					fmt.Fprintf(conn, "%s %s\n", addr, lines.Text())
				}
			})
		}
	})
	stop = sync.OnceFunc(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	t.Cleanup(stop)
	return listener.Addr(), stop
}

// start runs a balancer over hosts that may change meanwhile.
func start(t *testing.T, port string, hosts func() []string) (addr string, stop func()) {
	t.Helper()
	b, err := balancer.New(t.Context(), balancer.Config{
		Listen: "127.0.0.1:0", To: "caches:" + port, MaxConnections: 10, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Resolve: func(context.Context, string) ([]string, error) { return hosts(), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }() // ends by stop
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return b.Addr().String(), stop
}

// client is a connection through the balancer.
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

// ask sends a line and returns the answer.
func (c *client) ask(line string) (string, error) {
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	return c.lines.ReadString('\n')
}

func TestConnectionsSpreadOverBackends(t *testing.T) {
	t.Parallel()
	first, stopFirst := backend(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(first.String())
	backend(t, "127.0.0.2:"+port)
	addr, _ := start(t, port, func() []string { return []string{"127.0.0.1", "127.0.0.2"} })

	clients, answers := make([]*client, 4), map[string]int{}
	for i := range clients {
		clients[i] = dial(t, addr)
		answer, err := clients[i].ask("odds")
		if err != nil {
			t.Fatal(err)
		}
		answers[answer]++
	}
	if len(answers) != 2 || answers["127.0.0.1:0 odds\n"] != 2 {
		t.Errorf("4 connections went to %v, want 2 to each backend", answers)
	}

	stopFirst() // its clients are told, and find the other one when they come back
	told := 0
	for _, c := range clients {
		if _, err := c.ask("again"); err != nil {
			told++
			if _, err := dial(t, addr).ask("again"); err != nil {
				t.Errorf("a client that reconnects: %v", err)
			}
		}
	}
	if told != 2 {
		t.Errorf("%d clients of the stopped backend were told, want 2", told)
	}
}

func TestHalfClosedConnectionGetsItsAnswer(t *testing.T) {
	t.Parallel()
	up, _ := backend(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(up.String())
	addr, _ := start(t, port, func() []string { return []string{"127.0.0.1"} })
	c := dial(t, addr)
	fmt.Fprintln(c, "last words")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil { //nolint:forcetypeassert,errcheck // it was dialled as TCP
		t.Fatal(err)
	}
	if all, err := io.ReadAll(c.lines); err != nil || string(all) != "127.0.0.1:0 last words\n" {
		t.Errorf("got %q, %v", all, err)
	}
}

func TestStopClosesConnections(t *testing.T) {
	t.Parallel()
	up, _ := backend(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(up.String())
	addr, stop := start(t, port, func() []string { return []string{"127.0.0.1"} })
	c := dial(t, addr)
	if _, err := c.ask("odds"); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := c.ask("odds"); err == nil {
		t.Error("the connection outlives the balancer")
	}
}

func TestWithoutABackendClientsAreSentAway(t *testing.T) {
	t.Parallel()
	for name, hosts := range map[string][]string{"none known": nil, "none answers": {"127.0.0.1"}} {
		addr, _ := start(t, "1", func() []string { return hosts })
		if _, err := dial(t, addr).ask("odds"); err == nil || errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, cfg := range []balancer.Config{
		{Listen: "127.0.0.1:0", To: "caches", MaxConnections: 1},
		{Listen: "127.0.0.1:0", To: "caches:1"},
		{Listen: "nowhere", To: "caches:1", MaxConnections: 1},
	} {
		if _, err := balancer.New(t.Context(), cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
