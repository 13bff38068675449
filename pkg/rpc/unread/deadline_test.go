package unread_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

// TestDeadline closes connections that read nothing, or too slowly, and no others.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		send   func(*unread.Connection) *unread.Message
		read   time.Duration // between two parts of 64 kB; 0 for never
		closed time.Duration // 0 for never
	}{
		"response, silent":        {send: responseOf(25 * mB), closed: 30 * time.Second},
		"response, slow link":     {send: responseOf(25 * mB), read: 900 * time.Millisecond},
		"response, read slowly":   {send: responseOf(mB), read: 10 * time.Second, closed: 46 * time.Second},
		"response, read to a bit": {send: responseOf(100), closed: 30 * time.Second},
		"stream, silent": {send: func(c *unread.Connection) *unread.Message {
			m, _ := c.Send(context.Background(), payload(100, 1), 100, true)
			return m
		}, closed: 30 * time.Second},
		"watch, silent": {send: func(c *unread.Connection) *unread.Message {
			m, _ := c.Send(context.Background(), payload(100, 1), 100, false)
			return m
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := unread.New(unread.Limits{Connections: 1})
				ctx, stop := context.WithCancel(t.Context())
				go b.Run(ctx) // ends by stop
				began, closed := time.Now(), time.Duration(0)
				done := make(chan struct{})
				c := b.Open(func() {
					if closed == 0 {
						closed = time.Since(began)
						close(done)
					}
				})
				data := sent(t, test.send(c))
				if test.read > 0 {
					read(data, test.read, done)
				} else {
					time.Sleep(10 * time.Minute) //nolint:forbidigo // the time is the test's own
				}
				stop()
				synctest.Wait()
				if (test.closed == 0) != (closed == 0) || closed < test.closed || closed > test.closed+2*time.Second {
					t.Errorf("closed after %v, want %v", closed, test.closed)
				}
			})
		})
	}
}

func responseOf(n int) func(*unread.Connection) *unread.Message {
	return func(c *unread.Connection) *unread.Message {
		m, _ := c.Respond(payload(n, 1), 1000)
		return m
	}
}

// read frees buffers in their order, 64 kB at a time, until the connection is closed.
func read(data mem.BufferSlice, pause time.Duration, closed <-chan struct{}) {
	n := 0
	for _, b := range data {
		n += b.Len()
		if n >= 64*kB {
			n = 0
			select {
			case <-time.After(pause):
			case <-closed:
				return
			}
		}
		b.Free()
	}
}
