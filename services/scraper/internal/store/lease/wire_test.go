package lease_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// wire stands between a pool and Postgres and does to COMMIT, or to everything, what networks and schedulers do.
type wire struct {
	mu     sync.Mutex
	commit commitFault   // what happens to the next COMMIT
	gate   chan struct{} // closed while traffic flows
	late   sync.WaitGroup
}

// commitFault is what happens to a COMMIT.
type commitFault int

const (
	none   commitFault = iota
	drop               // it never reaches Postgres
	mute               // it does, the answer never comes back
	delay              // the connection is cut at once, and Postgres gets the COMMIT later
	freeze             // nothing more is sent from here on, by anybody
)

var errCut = errors.New("the connection was cut by the test")

func newWire() *wire {
	w := &wire{gate: make(chan struct{})}
	close(w.gate)
	return w
}

// pool connects to where base does, through the wire.
func (w *wire) pool(t *testing.T, base *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	config := base.Config()
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &wireConn{Conn: conn, wire: w}, nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("making the pool: %v", err)
	}
	t.Cleanup(func() {
		w.thaw()
		w.late.Wait()
		pool.Close()
	})
	return pool
}

// next says what happens to the next COMMIT.
func (w *wire) next(f commitFault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commit = f
}

// spent requires that the fault has happened.
func (w *wire) spent(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.commit != none {
		t.Errorf("no COMMIT came by for fault %d", w.commit)
	}
}

// stall stops all traffic towards Postgres, as a stopped process would.
func (w *wire) stall() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = make(chan struct{})
}

func (w *wire) thaw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.gate:
	default:
		close(w.gate)
	}
}

// take returns the fault that is due and the gate to pass.
func (w *wire) take(message []byte) (commitFault, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !bytes.HasPrefix(message, []byte("Q\x00\x00\x00\x0bcommit\x00")) || w.commit == none {
		return none, w.gate
	}
	f := w.commit
	w.commit = none
	if f == freeze {
		w.gate = make(chan struct{})
	}
	return f, w.gate
}

type wireConn struct {
	net.Conn
	wire *wire
}

func (c *wireConn) Write(b []byte) (int, error) {
	fault, gate := c.wire.take(b)
	<-gate
	switch fault {
	case none, freeze:
	case drop:
		_ = c.Close()
		return 0, errCut
	case mute:
		if _, err := c.Conn.Write(b); err != nil {
			return 0, err
		}
		// The answer's first byte shows that Postgres has committed.
		_ = c.SetDeadline(time.Time{})
		_, _ = io.ReadFull(c.Conn, make([]byte, 1))
		_ = c.Close()
		return 0, errCut
	case delay:
		conn := c.Conn
		b = bytes.Clone(b)
		c.Conn = severedConn{conn}
		c.wire.late.Go(func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Time{})
			<-time.After(200 * time.Millisecond) // the length of the outage
			_, _ = conn.Write(b)
			_, _ = io.ReadFull(conn, make([]byte, 1))
		})
		return 0, errCut
	}
	return c.Conn.Write(b)
}

// severedConn is a connection whose owner has given it up; closing it leaves the real one open.
type severedConn struct{ net.Conn }

func (severedConn) Read([]byte) (int, error)    { return 0, errCut }
func (severedConn) Write([]byte) (int, error)   { return 0, errCut }
func (severedConn) Close() error                { return nil }
func (severedConn) SetDeadline(time.Time) error { return nil }

// logged keeps what a store logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
