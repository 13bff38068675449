package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// talkative is a service with large responses and endless streams.
type talkative struct {
	oddscachev1.UnimplementedScraperServiceServer
	size int
}

func (s talkative) GetCycle(context.Context, *oddscachev1.GetCycleRequest) (*oddscachev1.GetCycleResponse, error) {
	return &oddscachev1.GetCycleResponse{Cycle: &oddscachev1.Cycle{Reason: strings.Repeat("x", s.size)}}, nil
}

func (s talkative) WatchProgress(_ *oddscachev1.WatchProgressRequest, stream grpc.ServerStreamingServer[oddscachev1.WatchProgressResponse]) error {
	for {
		if err := stream.Send(&oddscachev1.WatchProgressResponse{}); err != nil {
			return err
		}
	}
}

// unreadServer serves the talkative service with limits of 8 MB in all, 1 MB a connection, and a deadline.
func unreadServer(t *testing.T, size int, deadline time.Duration) *bundle {
	t.Helper()
	return serve(t, func(r grpc.ServiceRegistrar) { oddscachev1.RegisterScraperServiceServer(r, talkative{size: size}) },
		func(c *server.Config) {
			c.MaxConnections, c.Unread = 64, unread.Limits{Total: 8 << 20, PerConnection: 1 << 20, Deadline: deadline}
		})
}

// rawClient speaks HTTP/2 and reads responses only as far as it opens its windows.
type rawClient struct {
	conn   net.Conn
	framer *http2.Framer
	next   uint32
}

func newRawClient(t *testing.T, addr string, window uint32) *rawClient {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	c := &rawClient{conn: conn, framer: http2.NewFramer(conn, conn), next: 1}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}); err != nil {
		t.Fatal(err)
	}
	return c
}

// call begins a call with an empty message.
func (c *rawClient) call(t *testing.T, method string) {
	t.Helper()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, h := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", method},
		{":authority", "server"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
	} {
		_ = encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}) // into memory
	}
	if err := c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: c.next, BlockFragment: block.Bytes(), EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.framer.WriteData(c.next, true, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	c.next += 2
}

// rejection reads until a call has ended without a response and returns its error.
func (c *rawClient) rejection(t *testing.T) error {
	t.Helper()
	decoder := hpack.NewDecoder(4096, nil)
	for {
		f, err := c.framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		h, ok := f.(*http2.HeadersFrame)
		if !ok {
			continue
		}
		fields, err := decoder.DecodeFull(h.HeaderBlockFragment())
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range fields {
			if field.Name != "grpc-status-details-bin" {
				continue
			}
			b, err := base64.RawStdEncoding.DecodeString(field.Value)
			var s spb.Status
			if err != nil || proto.Unmarshal(b, &s) != nil {
				t.Fatalf("details %q", field.Value)
			}
			return status.ErrorProto(&s)
		}
	}
}

// ended reads until the server closes the connection, and returns when that was.
func (c *rawClient) ended() time.Time {
	for {
		if _, err := c.framer.ReadFrame(); err != nil {
			return time.Now()
		}
	}
}

// TestUnreadResponsesAreBounded never reads; others are served, and the memory comes back.
func TestUnreadResponsesAreBounded(t *testing.T) {
	t.Parallel()
	b := unreadServer(t, 100_000, time.Second)
	var attackers []*rawClient
	began := time.Now()
	for range 10 {
		c := newRawClient(t, b.server.Addr().String(), 0)
		for range 50 {
			c.call(t, oddscachev1.ScraperService_GetCycle_FullMethodName)
		}
		err := c.rejection(t)
		delay, has := rpcerr.RetryDelay(err)
		if status.Code(err) != codes.ResourceExhausted || rpcerr.Reason(err) != server.ReasonUnread ||
			rpcerr.Metadata(err)["limitBytes"] == "" || !has || delay != time.Second {
			t.Fatalf("rejected with %v, %s %v", err, rpcerr.Reason(err), rpcerr.Metadata(err))
		}
		attackers = append(attackers, c)
	}
	if n := gauge(t, b, "oddscache_unread_response_bytes"); n < 500_000 || n > 8<<20 {
		t.Errorf("%v bytes are unread", n)
	}
	if _, err := b.client.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{}); err != nil {
		t.Errorf("somebody who reads: %v", err)
	}
	for _, c := range attackers {
		if after := c.ended().Sub(began); after < time.Second || after > 20*time.Second {
			t.Errorf("closed after %v", after)
		}
	}
	unreadBecomes(t, b, "nothing", func(n float64) bool { return n == 0 })
	if n := gauge(t, b, "oddscache_connections_stalled_total"); n != 10 {
		t.Errorf("%v connections were closed", n)
	}
	if n := gauge(t, b, "oddscache_unread_responses_refused_total"); n < 10*40 {
		t.Errorf("%v calls were rejected", n)
	}
}

// TestSlowLinkGetsLargeResponses reads 3 MB in pieces, which takes longer than the deadline.
func TestSlowLinkGetsLargeResponses(t *testing.T) {
	t.Parallel()
	const size, pieces = 3 << 20, 25
	b := unreadServer(t, size, time.Second)
	c := newRawClient(t, b.server.Addr().String(), 0)
	c.call(t, oddscachev1.ScraperService_GetCycle_FullMethodName)
	open := time.NewTicker(100 * time.Millisecond)
	defer open.Stop()
	began, got := time.Now(), 0
	for got < size {
		<-open.C
		for _, stream := range []uint32{0, 1} {
			if err := c.framer.WriteWindowUpdate(stream, size/pieces); err != nil {
				t.Fatal(err)
			}
		}
		for want := min(size, got+size/pieces); got < want; {
			f, err := c.framer.ReadFrame()
			if err != nil {
				t.Fatalf("after %d bytes, in %v: %v", got, time.Since(began), err)
			}
			if d, ok := f.(*http2.DataFrame); ok {
				got += len(d.Data())
			}
		}
	}
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("it took %v, so the test shows nothing", took)
	}
}

// TestUnreadStreamsWait opens streams that are sent without end and reads none.
func TestUnreadStreamsWait(t *testing.T) {
	t.Parallel()
	b := unreadServer(t, 100, time.Second)
	c := newRawClient(t, b.server.Addr().String(), 0)
	for range 200 {
		c.call(t, oddscachev1.ScraperService_WatchProgress_FullMethodName)
	}
	c.call(t, oddscachev1.ScraperService_GetCycle_FullMethodName) // waits for nobody, and is never read
	closed := make(chan time.Time, 1)
	go func() { closed <- c.ended() }() // ends with the connection
	unreadBecomes(t, b, "half a megabyte", func(n float64) bool { return n > 500_000 })
	if n := gauge(t, b, "oddscache_unread_response_bytes"); n > 3<<20 {
		t.Errorf("%v bytes of streams are unread", n)
	}
	if _, err := b.client.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{}); err != nil {
		t.Errorf("somebody who reads: %v", err)
	}
	<-closed // because of the response
	unreadBecomes(t, b, "nothing", func(n float64) bool { return n == 0 })
}

// gauge is one of the metrics.
func gauge(t *testing.T, b *bundle, name string) float64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue() + f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// TestUnreadIsGivenBack ends calls whose responses wait in every way that a client has.
func TestUnreadIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*rawClient) error{
		"stream reset":      func(c *rawClient) error { return c.framer.WriteRSTStream(1, http2.ErrCodeCancel) },
		"connection closed": func(c *rawClient) error { return c.conn.Close() },
		"response read": func(c *rawClient) error {
			_ = c.framer.WriteWindowUpdate(0, 1<<20) // an error comes again
			return c.framer.WriteWindowUpdate(1, 1<<20)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := unreadServer(t, 200_000, time.Minute)
			c := newRawClient(t, b.server.Addr().String(), 0)
			c.call(t, oddscachev1.ScraperService_GetCycle_FullMethodName)
			unreadBecomes(t, b, "something", func(n float64) bool { return n > 200_000 })
			if err := end(c); err != nil {
				t.Fatal(err)
			}
			unreadBecomes(t, b, "nothing", func(n float64) bool { return n == 0 })
		})
	}
}

// unreadBecomes waits for a number of unread bytes.
func unreadBecomes(t *testing.T, b *bundle, what string, is func(float64) bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !is(gauge(t, b, "oddscache_unread_response_bytes")); {
		if time.Now().After(until) {
			t.Fatalf("%s is unread in vain: %v bytes", what, gauge(t, b, "oddscache_unread_response_bytes"))
		}
		<-time.After(5 * time.Millisecond)
	}
}
