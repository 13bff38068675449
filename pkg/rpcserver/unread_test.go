package rpcserver_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/rawpb"
	"github.com/oddscache/oddscache/pkg/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpcserver"
)

// megabyte is the size of a response of the large service.
const megabyte = 1 << 20

// large answers with a megabyte.
func large(r grpc.ServiceRegistrar) {
	r.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Large", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Get",
			Handler: func(_ any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
				var in rawpb.Message
				if err := decode(&in); err != nil {
					return nil, err
				}
				return interceptor(ctx, &in, &grpc.UnaryServerInfo{FullMethod: "/test.Large/Get"},
					func(context.Context, any) (any, error) { return rawpb.New(make([]byte, megabyte)), nil })
			},
		}},
	}, struct{}{})
}

// deafConn stops reading when it is told to.
type deafConn struct {
	net.Conn
	deaf chan struct{} // closed while nothing is read
	hear chan struct{} // closed when everything is
}

func (c *deafConn) Read(b []byte) (int, error) {
	select {
	case <-c.deaf:
		<-c.hear
	default:
	}
	return c.Conn.Read(b)
}

// caller is a client whose connection can be made deaf.
type caller struct {
	*grpc.ClientConn
	raw        net.Conn // the newest
	deaf, hear chan struct{}
	deafOnce   sync.Once
	hearOnce   sync.Once
	calls      sync.WaitGroup
	mu         sync.Mutex
	errs       []error
}

func (c *caller) stopReading() { c.deafOnce.Do(func() { close(c.deaf) }) }
func (c *caller) readAgain()   { c.hearOnce.Do(func() { close(c.hear) }) }

func newCaller(t *testing.T, addr string) *caller {
	t.Helper()
	c := &caller{deaf: make(chan struct{}), hear: make(chan struct{})}
	var err error
	c.ClientConn, err = grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawpb.NewCodec())),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.raw = conn
			return &deafConn{conn, c.deaf, c.hear}, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.readAgain()
		_ = c.Close()
		c.calls.Wait()
	})
	return c
}

func (c *caller) get(ctx context.Context) error {
	var out rawpb.Message
	return c.Invoke(ctx, "/test.Large/Get", rawpb.New(nil), &out)
}

// begin makes n calls without waiting for them.
func (c *caller) begin(ctx context.Context, n int) {
	for range n {
		c.calls.Go(func() {
			err := c.get(ctx)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.errs = append(c.errs, err)
		})
	}
}

func (c *caller) refused() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, err := range c.errs {
		if status.Code(err) == codes.ResourceExhausted && rpcerr.Reason(err) == rpcserver.ReasonUnread {
			n++
		}
	}
	return n
}

// unreadServer runs a server of large responses.
func unreadServer(t *testing.T, change func(*rpcserver.Config)) *bundle {
	t.Helper()
	return setupWith(t, large, func(cfg *rpcserver.Config) {
		cfg.Codec, cfg.MaxUnread, cfg.MaxUnreadPerConnection = rawpb.NewCodec(), 5*megabyte, 3*megabyte
		change(cfg)
	})
}

// bytes are those that the server counts as unread.
func (b *bundle) bytes(t *testing.T) int64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "oddscache_unread_response_bytes" {
			return int64(f.GetMetric()[0].GetGauge().GetValue())
		}
	}
	t.Fatal("no metric of unread responses")
	return 0
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Callers who do not read get as much as the budget holds, and everything is given back when they read.
func TestUnreadResponsesAreBounded(t *testing.T) {
	t.Parallel()
	b := unreadServer(t, func(*rpcserver.Config) {})
	addr := b.server.Addr().String()
	one, two, fine := newCaller(t, addr), newCaller(t, addr), newCaller(t, addr)
	for _, c := range []*caller{one, two, fine} {
		if err := c.get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	one.stopReading()
	one.begin(t.Context(), 10)
	await(t, "three megabytes of the first", func() bool { return b.bytes(t) == 3*megabyte })
	two.stopReading()
	two.begin(t.Context(), 10)
	await(t, "five megabytes of both", func() bool { return b.bytes(t) == 5*megabyte })
	if err := fine.get(t.Context()); status.Code(err) != codes.ResourceExhausted || rpcerr.Reason(err) != rpcserver.ReasonUnread {
		t.Errorf("one more, of a third: %v", err)
	}
	one.readAgain()
	two.readAgain()
	await(t, "nothing unread", func() bool { return b.bytes(t) == 0 })
	one.calls.Wait()
	two.calls.Wait()
	if one.refused() != 7 || two.refused() != 8 {
		t.Errorf("%d and %d of 10 refused, want 7 and 8", one.refused(), two.refused())
	}
	for range 20 {
		if err := fine.get(t.Context()); err != nil {
			t.Fatalf("afterwards: %v", err)
		}
	}
}

// A response is let through alone, whatever its size, and what a reset stream or a closed connection held is given back.
func TestUnreadResponsesAreGivenBack(t *testing.T) {
	t.Parallel()
	b := unreadServer(t, func(cfg *rpcserver.Config) { cfg.MaxUnread, cfg.MaxUnreadPerConnection = 1, 1 })
	addr := b.server.Addr().String()
	reset, closed, fine := newCaller(t, addr), newCaller(t, addr), newCaller(t, addr)
	for _, c := range []*caller{reset, closed, fine} {
		if err := c.get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	reset.stopReading()
	reset.begin(ctx, 1)
	await(t, "one megabyte", func() bool { return b.bytes(t) == megabyte })
	cancel()
	await(t, "nothing after a reset", func() bool { return b.bytes(t) == 0 })

	closed.stopReading()
	closed.begin(t.Context(), 1)
	await(t, "one megabyte", func() bool { return b.bytes(t) == megabyte })
	closed.mu.Lock()
	_ = closed.raw.Close()
	closed.mu.Unlock()
	await(t, "nothing after the connection closed", func() bool { return b.bytes(t) == 0 })
	if err := fine.get(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A connection whose caller does not read is closed; one that reads slowly, or has nothing to read, is not.
func TestStalledConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	b := unreadServer(t, func(cfg *rpcserver.Config) { cfg.SendTimeout = 200 * time.Millisecond })
	addr := b.server.Addr().String()
	deaf, idle := newCaller(t, addr), newCaller(t, addr)
	if err := errors.Join(deaf.get(t.Context()), idle.get(t.Context())); err != nil {
		t.Fatal(err)
	}
	deaf.stopReading()
	deaf.begin(t.Context(), 1)
	await(t, "the connection closed", func() bool { return strings.Contains(b.log.String(), "does not read its responses") })
	await(t, "nothing unread", func() bool { return b.bytes(t) == 0 })
	deaf.readAgain()
	deaf.calls.Wait()
	if err := deaf.errs[0]; status.Code(err) != codes.Unavailable {
		t.Errorf("the call on it: %v", err)
	}
	if err := idle.get(t.Context()); err != nil {
		t.Errorf("on another connection: %v", err)
	}
	const want = `# HELP oddscache_connections_stalled_total Connections that were closed because their callers did not read their responses within the send timeout.
# TYPE oddscache_connections_stalled_total counter
oddscache_connections_stalled_total 1
`
	if err := testutil.GatherAndCompare(b.registry, strings.NewReader(want), "oddscache_connections_stalled_total"); err != nil {
		t.Error(err)
	}
}
