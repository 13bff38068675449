package oddsclient_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/oddsclient"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dial makes a client of replicas.
func dial(t testing.TB, o oddsclient.Options, replicas ...*replica) *oddsclient.Client {
	t.Helper()
	var addrs []string
	for _, r := range replicas {
		addrs = append(addrs, r.addr)
	}
	c, err := oddsclient.New(strings.Join(addrs, ","), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func bySrID(id string) *oddscachev1.GetEventRequest {
	return &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: id}}
}

// TestEveryCallerGetsItsOwnResponse has many callers at once; a few give up on lookups that are held.
func TestEveryCallerGetsItsOwnResponse(t *testing.T) {
	t.Parallel()
	r := start(t, &replica{name: "a"})
	c := dial(t, oddsclient.Options{Streams: 2}, r)
	var wg sync.WaitGroup
	for caller := range 16 {
		wg.Go(func() {
			for i := range 100 {
				id := strconv.Itoa(100_000 + caller*1000 + i)
				e, err := c.GetEvent(t.Context(), bySrID(id))
				if err != nil || e.GetEvent().GetSrId() != id {
					t.Errorf("requested %s, got %v, %v", id, e, err)
					return
				}
				if i%10 == 0 {
					short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
					if _, err := c.GetEvent(short, bySrID("9"+id)); status.Code(err) != codes.DeadlineExceeded {
						t.Errorf("a lookup that is held ended with %v", err)
					}
					cancel()
				}
			}
		})
	}
	wg.Wait()
	if n := r.streams.Load(); n != 2 {
		t.Errorf("%d streams were opened, want 2", n)
	}
}

func TestFailuresAreErrors(t *testing.T) {
	t.Parallel()
	c := dial(t, oddsclient.Options{}, start(t, &replica{name: "a"}))
	_, err := c.GetEvent(t.Context(), bySrID("4041"))
	if status.Code(err) != codes.NotFound || rpcerr.Reason(err) != "EVENT_NOT_FOUND" || rpcerr.Metadata(err)["by"] != "a" ||
		status.Convert(err).Message() != "no such event" {
		t.Errorf("got %v, reason %q, metadata %v", err, rpcerr.Reason(err), rpcerr.Metadata(err))
	}
}

// TestReplicaGoesAway stops one of two replicas while it holds lookups: the other one answers them.
func TestReplicaGoesAway(t *testing.T) {
	t.Parallel()
	a, b := start(t, &replica{name: "a"}), start(t, &replica{name: "b"})
	c := dial(t, oddsclient.Options{Streams: 2, StreamAge: 10 * time.Millisecond}, a, b)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for a.streams.Load() == 0 || b.streams.Load() == 0 { // the first streams go where a connection is up first
		if _, err := c.GetEvent(ctx, bySrID("1")); err != nil {
			t.Fatal(err)
		}
	}
	const lookups = 8
	responses := make(chan string, lookups)
	for i := range lookups {
		go func() { // ends with its response
			e, err := c.GetEvent(ctx, bySrID("9"+strconv.Itoa(i)))
			responses <- fmt.Sprint(e.GetEvent().GetName(), err)
		}()
	}
	for a.held.Load()+b.held.Load() < lookups && ctx.Err() == nil {
		time.Sleep(time.Millisecond) //nolint:forbidigo // real servers are waited for
	}
	close(b.release)
	a.stop()
	for range lookups {
		if got := <-responses; got != "b<nil>" {
			t.Errorf("a lookup ended with %s", got)
		}
	}
}

func TestNoReplicaIsLeft(t *testing.T) {
	t.Parallel()
	a := start(t, &replica{name: "a"})
	c := dial(t, oddsclient.Options{Streams: 1}, a)
	if _, err := c.GetEvent(t.Context(), bySrID("1")); err != nil {
		t.Fatal(err)
	}
	a.stop()
	if _, err := c.GetEvent(t.Context(), bySrID("1")); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, want UNAVAILABLE", err)
	}
}

// TestOldStreamsAreReplaced uses streams for a moment only: lookups under way on an old one are still answered.
func TestOldStreamsAreReplaced(t *testing.T) {
	t.Parallel()
	r := start(t, &replica{name: "a"})
	c := dial(t, oddsclient.Options{Streams: 1, StreamAge: time.Microsecond}, r)
	for i := range 20 {
		if _, err := c.GetEvent(t.Context(), bySrID(strconv.Itoa(100+i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.streams.Load(); n < 10 {
		t.Errorf("%d streams were used for 20 lookups", n)
	}
}

func TestRevisionIsWaitedForWithinTheDeadline(t *testing.T) {
	t.Parallel()
	c := dial(t, oddsclient.Options{}, start(t, &replica{name: "a"}))
	q := bySrID("1")
	q.MinRevision = 7
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	e, err := c.GetEvent(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	if wait := e.GetFreshness().GetEpoch(); !strings.HasPrefix(wait, "seconds:9") {
		t.Errorf("the cache was to wait %s, want between 9 s and 10 s", wait)
	}
}

func TestOldCachesAreCalled(t *testing.T) {
	t.Parallel()
	c := dial(t, oddsclient.Options{}, start(t, &replica{name: "a", old: true}))
	if e, err := c.GetEvent(t.Context(), bySrID("1")); err != nil || e.GetEvent().GetName() != "called a" {
		t.Errorf("got %v, %v", e, err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	r := start(t, &replica{name: "a"})
	c := dial(t, oddsclient.Options{}, r)
	ended := make(chan error, 1)
	go func() { // ends by Close
		_, err := c.GetEvent(context.Background(), bySrID("9"))
		ended <- err
	}()
	for r.held.Load() == 0 {
		time.Sleep(time.Millisecond) //nolint:forbidigo // a real server is waited for
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, oddsclient.ErrClosed) {
		t.Errorf("a lookup under way ended with %v", err)
	}
	if _, err := c.GetEvent(context.Background(), bySrID("1")); !errors.Is(err, oddsclient.ErrClosed) {
		t.Errorf("a lookup after the end got %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target string
		o      oddsclient.Options
	}{{"no port", oddsclient.Options{}}, {"127.0.0.1:1", oddsclient.Options{Streams: -1}}, {"127.0.0.1:1", oddsclient.Options{StreamAge: -1}}} {
		if c, err := oddsclient.New(test.target, test.o); err == nil {
			_ = c.Close()
			t.Errorf("%q with %+v was taken", test.target, test.o)
		}
	}
}
