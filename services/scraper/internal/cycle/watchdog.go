package cycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Causes of a cycle's cancellation.
var (
	errStalled  = errors.New("cycle stalled")
	errDeadline = errors.New("cycle took longer than its deadline")
)

// guarded executes the cycle under its deadline, and cancels it when it stalls.
func (r *run) guarded(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { r.watchdog(ctx, cancel) })
	defer watching.Wait()
	defer cancel(nil)
	err := r.execute(ctx)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return cause
	}
	return err
}

// watchdog cancels a cycle that does not move any more or takes too long. It ends with ctx.
func (r *run) watchdog(ctx context.Context, cancel context.CancelCauseFunc) {
	deadline := time.NewTimer(r.cfg.Deadline)
	defer deadline.Stop()
	check := time.NewTicker(max(r.cfg.Stall/8, time.Millisecond))
	defer check.Stop()
	for {
		select {
		case <-check.C:
			if still := time.Since(r.began) - time.Duration(r.lastMove.Load()); still > r.cfg.Stall {
				cancel(fmt.Errorf("nothing fetched or stored for %v: %w", still.Round(time.Second), errStalled))
				return
			}
		case <-deadline.C:
			cancel(fmt.Errorf("not ended after %v: %w", r.cfg.Deadline, errDeadline))
			return
		case <-ctx.Done():
			return
		}
	}
}

// moved keeps the watchdog from cancelling the cycle. It is called whenever something was listed, fetched or stored.
func (r *run) moved() { r.lastMove.Store(int64(time.Since(r.began))) }
