package api

import (
	"context"
	"fmt"
	"runtime"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

// batchQueue bounds how many calls about many events are decoded and answered at the same time, in the order in which they
// came. So single lookups get the processor among them, however many there are, and a call finds out that too much is
// unread before it takes any memory. A call that waits, for a client or for a revision, does not hold a place.
type batchQueue chan struct{}

// newBatchQueue makes as many places as there are processors: more would take memory and gain nothing.
func newBatchQueue() batchQueue { return make(batchQueue, runtime.GOMAXPROCS(0)) }

// batchCall is one call's place in the queue.
type batchCall struct {
	queue   batchQueue
	held    bool
	request rawpb.Pooled // until it is decoded
}

// enter waits for a place, unless ctx ends before or so much is unread that the call will be rejected.
func (c *batchCall) enter(ctx context.Context) error {
	connection := unread.Of(ctx)
	if err := connection.CheckLarge(); err != nil {
		return err //nolint:wrapcheck // callers see it
	}
	select {
	case c.queue <- struct{}{}:
		c.held = true
		return nil
	default:
	}
	select {
	case c.queue <- struct{}{}:
		c.held = true
	case <-ctx.Done():
		return fmt.Errorf("waiting for a place in the queue of batches: %w", context.Cause(ctx))
	}
	runtime.Gosched()              // others wait for the processor
	return connection.CheckLarge() //nolint:wrapcheck // callers see it
}

// leave gives the place to the next call.
func (c *batchCall) leave() {
	if c.held {
		c.held = false
		<-c.queue
	}
}

// batchCallKey is the key of a context's call.
type batchCallKey struct{}

// outsideQueue calls wait without the place that ctx's call holds, and takes one again after it.
func outsideQueue(ctx context.Context, wait func() error) error {
	c, ok := ctx.Value(batchCallKey{}).(*batchCall)
	if !ok {
		return wait()
	}
	c.leave()
	if err := wait(); err != nil {
		return err
	}
	return c.enter(ctx)
}
