package api

import (
	"context"
	"fmt"
	"runtime"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

// turns has calls about many events decoded and answered a few at a time, in the order in which they came, so that single
// lookups get to run among them however many there are, and so that a call finds out that too much is unread before it
// takes any memory. Nobody has a turn while waiting: neither for a client nor for a revision.
type turns chan struct{}

// newTurns makes as many as there are processors: more would take memory and gain nothing.
func newTurns() turns { return make(turns, runtime.GOMAXPROCS(0)) }

// turn is one call's.
type turn struct {
	of      turns
	held    bool
	request rawpb.Pooled // as long as it is not decoded
}

// take waits for the turn, unless ctx ends before or so much is unread that the call will be refused.
func (t *turn) take(ctx context.Context) error {
	connection := unread.Of(ctx)
	if err := connection.CheckLarge(); err != nil {
		return err //nolint:wrapcheck // callers see it
	}
	select {
	case t.of <- struct{}{}:
		t.held = true
		return nil
	default:
	}
	select {
	case t.of <- struct{}{}:
		t.held = true
	case <-ctx.Done():
		return fmt.Errorf("waiting for a turn: %w", context.Cause(ctx))
	}
	runtime.Gosched()              // so do others, for the processor
	return connection.CheckLarge() //nolint:wrapcheck // callers see it
}

// release lets the next one.
func (t *turn) release() {
	if t.held {
		t.held = false
		<-t.of
	}
}

// turnKey is the key of a context's turn.
type turnKey struct{}

// withoutTurn waits without the turn that ctx holds, and takes it again.
func withoutTurn(ctx context.Context, wait func() error) error {
	t, ok := ctx.Value(turnKey{}).(*turn)
	if !ok {
		return wait()
	}
	t.release()
	if err := wait(); err != nil {
		return err
	}
	return t.take(ctx)
}
