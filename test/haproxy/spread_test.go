package haproxy

import (
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// spread opens connections and counts which caches answer on them.
func spread(t *testing.T, addr string, connections int) (clients []*client, by map[string]int) {
	t.Helper()
	by = make(map[string]int)
	for range connections {
		c := dial(t, addr)
		response, err := c.send("odds")
		if err != nil {
			t.Fatal(err)
		}
		clients, by[response] = append(clients, c), by[response]+1
	}
	return clients, by
}

func TestConnectionsGoToTheCacheWithTheFewest(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 3)
	p := start(t, caches, committed(t))
	p.sees(t, 3)
	clients, by := spread(t, p.addr, 9)
	if got := slices.Collect(maps.Values(by)); !slices.Equal(got, []int{3, 3, 3}) {
		t.Errorf("9 connections went to %v, want 3 to each cache", by)
	}

	// Whoever leaves makes room where it was.
	left, err := clients[0].send("odds")
	if err != nil {
		t.Fatal(err)
	}
	_ = clients[0].Close()
	eventually(t, func() bool {
		c := dial(t, p.addr)
		response, err := c.send("odds")
		if err == nil && response == left {
			return true
		}
		_ = c.Close()
		return false
	}, func() string { return "nobody gets the place of a connection that was closed" })
}

// TestKilledCacheGetsNoConnections kills a cache that its name still has, as for a moment after a crash.
func TestKilledCacheGetsNoConnections(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 3)
	p := start(t, caches, committed(t))
	p.sees(t, 3)
	clients, _ := spread(t, p.addr, 9)
	caches.running[0].kill()
	began := time.Now()
	_, by := spread(t, p.addr, 20)
	slowest := time.Since(began)
	if by[caches.running[0].host.String()+" odds\n"] != 0 || len(by) != 2 {
		t.Errorf("after a kill connections went to %v", by)
	}
	if slowest > 10*time.Second {
		t.Errorf("20 connections after a kill took %v", slowest)
	}
	t.Logf("20 connections after a kill took %v", slowest)

	// The clients of the dead cache are told; those of the others notice nothing.
	lost := 0
	for _, c := range clients {
		if _, err := c.send("again"); err != nil {
			lost++
		}
	}
	if lost != 3 {
		t.Errorf("%d of 9 connections ended with one of 3 caches, want 3", lost)
	}
}

// TestScaling adds caches and takes them away while connections live on.
func TestScaling(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 1)
	p := start(t, caches, committed(t))
	p.sees(t, 1)
	old := dial(t, p.addr)
	if _, err := old.send("odds"); err != nil {
		t.Fatal(err)
	}
	for range 31 {
		caches.add(t)
	}
	p.sees(t, 32) // all that haproxy.cfg has places for, and more addresses than a DNS message of 512 bytes holds
	if _, by := spread(t, p.addr, 63); len(by) != 32 {
		t.Errorf("63 connections went to %d of 32 caches: %v", len(by), by)
	}
	keep := caches.running[0]
	for len(caches.running) > 1 {
		caches.remove(caches.running[1])
	}
	p.sees(t, 1)
	if _, by := spread(t, p.addr, 5); by[keep.host.String()+" odds\n"] != 5 {
		t.Errorf("after scaling down connections went to %v", by)
	}
	if _, err := old.send("still there"); err != nil {
		t.Errorf("the connection from before is cut: %v", err)
	}
}

// TestWarmingCacheGetsNoConnections runs a cache that is not ready beside one that is, and then alone.
func TestWarmingCacheGetsNoConnections(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 2)
	warming := caches.running[1]
	warming.ready.Store(false)
	p := start(t, caches, committed(t))
	p.sees(t, 1)
	if status, _ := p.page(t, "/readyz"); status != 200 {
		t.Errorf("with a ready cache HAProxy's health is HTTP %d", status)
	}
	if _, by := spread(t, p.addr, 6); by[warming.host.String()+" odds\n"] != 0 {
		t.Errorf("beside a ready cache the one that is warming got connections: %v", by)
	}

	caches.running[0].ready.Store(false)
	p.sees(t, 0)
	if status, _ := p.page(t, "/readyz"); status != 503 {
		t.Errorf("without a ready cache HAProxy's health is HTTP %d", status)
	}
	if _, by := spread(t, p.addr, 6); len(by) != 2 {
		t.Errorf("while all are warming they do not answer for themselves: %v", by)
	}

	warming.ready.Store(true)
	p.sees(t, 1)
	if _, by := spread(t, p.addr, 6); by[warming.host.String()+" odds\n"] != 6 {
		t.Errorf("the cache that became ready does not get all connections: %v", by)
	}
}

// TestScaledUpCacheWaitsUntilReady adds a cache that is not ready yet to one that runs. HAProxy checks it when it finds it.
func TestScaledUpCacheWaitsUntilReady(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 1)
	p := start(t, caches, committed(t))
	p.sees(t, 1)
	added := caches.addAs(t, false)
	eventually(t, func() bool {
		_, body := p.page(t, "/metrics")
		return strings.Contains(body, `haproxy_server_status{proxy="caches",server="cache2",state="DOWN"} 1`)
	}, func() string { return "HAProxy does not find out that the new cache is not ready" })
	if _, by := spread(t, p.addr, 6); by[added.host.String()+" odds\n"] != 0 {
		t.Errorf("a new cache that is warming got connections: %v", by)
	}
	added.ready.Store(true)
	p.sees(t, 2)
	if _, by := spread(t, p.addr, 6); by[added.host.String()+" odds\n"] == 0 {
		t.Errorf("a new cache that is ready got no connections: %v", by)
	}
}

func TestHalfClosedConnectionGetsItsResponse(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 1)
	p := start(t, caches, committed(t))
	p.sees(t, 1)
	c := dial(t, p.addr)
	fmt.Fprintln(c, "last words")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil { //nolint:forcetypeassert,errcheck // it was dialled as TCP
		t.Fatal(err)
	}
	if all, err := io.ReadAll(c.lines); err != nil || string(all) != caches.running[0].host.String()+" last words\n" {
		t.Errorf("got %q, %v", all, err)
	}
}

func TestStopClosesConnections(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 1)
	p := start(t, caches, committed(t))
	p.sees(t, 1)
	c := dial(t, p.addr)
	if _, err := c.send("odds"); err != nil {
		t.Fatal(err)
	}
	p.stop()
	if _, err := c.send("odds"); err == nil {
		t.Error("the connection outlives HAProxy")
	}
}

func TestWithoutACacheClientsAreClosed(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 1)
	gone := caches.running[0]
	p := start(t, caches, committed(t))
	p.sees(t, 1)
	closed := func(when string) {
		c := dial(t, p.addr)
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := c.send("odds"); err == nil {
			t.Errorf("%s: there is a response", when)
		} else if failed, ok := err.(net.Error); ok && failed.Timeout() { //nolint:errorlint // as net returns it
			t.Errorf("%s: the connection hangs", when)
		}
	}
	gone.kill()
	closed("none listens")
	caches.remove(gone)
	p.sees(t, 0)
	closed("none is known")
}
