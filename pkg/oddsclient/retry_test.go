package oddsclient_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oddscache/oddscache/pkg/oddsclient"
)

// TestACallIsTriedAgainWhenItsResponseIsCutOff breaks connections in the middle of a large response, which gRPC by itself
// does not try again.
func TestACallIsTriedAgainWhenItsResponseIsCutOff(t *testing.T) {
	t.Parallel()
	r := start(t, &replica{name: "a"})
	wire := cutter(t, r.addr, 2)
	c := dial(t, oddsclient.Options{}, &replica{addr: wire.addr})
	large := strings.Repeat("9", 2<<20)
	e, err := c.Service().GetEvent(t.Context(), bySrID(large))
	if err != nil || e.GetEvent().GetSrId() != large {
		t.Errorf("got an event with an id of %d bytes, %v; want %d bytes", len(e.GetEvent().GetSrId()), err, len(large))
	}
	if n := wire.cuts.Load(); n != 0 {
		t.Errorf("%d more connections were to be cut", n)
	}
}

// TestManyCallsAreTriedAgainAtOnce cuts off more calls at once than gRPC's policy would try again.
func TestManyCallsAreTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, &replica{name: "a"})
	wire := cutter(t, r.addr, 1)
	c := dial(t, oddsclient.Options{}, &replica{addr: wire.addr})
	var calls sync.WaitGroup
	for range 200 {
		calls.Go(func() {
			if _, err := c.Service().GetEvent(t.Context(), bySrID(strings.Repeat("9", 64<<10))); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
}

// wire passes connections on and cuts the first ones off in the middle of the responses.
type wire struct {
	addr string
	cuts atomic.Int64 // connections that are still to be cut
}

// cutter makes a wire to an address.
func cutter(t *testing.T, to string, cuts int64) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: l.Addr().String()}
	w.cuts.Store(cuts)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { w.pass(in, to) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); running.Wait() })
	return w
}

// pass copies both ways until either end is closed, or 16 KiB were sent on a connection that is to be cut: less
// than the responses in the tests have.
func (w *wire) pass(in net.Conn, to string) {
	out, err := net.Dial("tcp", to)
	if err != nil {
		_ = in.Close()
		return
	}
	var copying sync.WaitGroup
	copying.Go(func() {
		_, _ = io.Copy(out, in)
		_ = out.Close()
	})
	if w.cuts.Add(-1) >= 0 {
		_, _ = io.CopyN(in, out, 16<<10)
	} else {
		w.cuts.Store(0)
		_, _ = io.Copy(in, out)
	}
	_, _ = in.Close(), out.Close()
	copying.Wait()
}
