package cycle

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// Handle is a cycle that was requested: queued, running or ended.
type Handle struct {
	// CycleID names the cycle from the moment it is requested.
	CycleID string

	started atomic.Pointer[time.Time]
	done    chan struct{} // closed when cycle and err are set
	cycle   store.Cycle
	err     error
}

// Wait returns the ended cycle: ctx's error if that ends first, lease.ErrNotWriter if the lease was lost before the cycle
// ended.
func (h *Handle) Wait(ctx context.Context) (store.Cycle, error) {
	select {
	case <-h.done:
		return h.cycle, h.err
	case <-ctx.Done():
		return store.Cycle{}, ctx.Err()
	}
}

// Describe is the cycle's state until it ends.
func (h *Handle) Describe() store.Cycle {
	c := store.Cycle{ID: h.CycleID, Status: store.Running}
	if at := h.started.Load(); at != nil {
		c.StartedAt = *at
	}
	return c
}

// Request queues a cycle. While one runs, all requests share the one that comes next: what they are to see must be
// fetched after they were made. It returns lease.ErrNotWriter at a standby.
func (e *Engine) Request() (*Handle, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.leading {
		return nil, lease.ErrNotWriter
	}
	if e.queued == nil {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("naming a cycle: %w", err)
		}
		e.queued = &Handle{CycleID: id.String(), done: make(chan struct{})}
		select {
		case e.wake <- struct{}{}:
		default:
		}
	}
	return e.queued, nil
}

// requestIfIdle is the tick of the interval: it is skipped while a cycle runs or waits.
func (e *Engine) requestIfIdle() {
	e.mu.Lock()
	busy := e.running != nil || e.queued != nil
	e.mu.Unlock()
	if busy {
		e.log.Info("cycle skipped: the one before still runs")
		e.Instruments.Observer.CycleSkipped()
		return
	}
	if _, err := e.Request(); err != nil {
		e.log.Warn("requesting cycle", "error", err)
	}
}

// Running reports whether a cycle runs, and which.
func (e *Engine) Running() (cycleID string, running bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == nil {
		return "", false
	}
	return e.running.CycleID, true
}

// Writer is the term's writer; nil while another scraper leads.
func (e *Engine) Writer() *store.Writer { return e.writer.Load() }

// beginTerm makes w the writer of cycles and refreshes, and allows requests.
func (e *Engine) beginTerm(w *store.Writer) {
	e.writer.Store(w)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leading = true
}

// endTerm ends what beginTerm began. A queued cycle will not run here.
func (e *Engine) endTerm() {
	e.writer.Store(nil)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leading = false
	if e.queued != nil {
		e.queued.err = lease.ErrNotWriter
		close(e.queued.done)
		e.queued = nil
	}
}

// next makes the queued cycle the running one; nil when there is none.
func (e *Engine) next() *Handle {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running, e.queued = e.queued, nil
	return e.running
}

// finish lets Wait return.
func (e *Engine) finish(h *Handle, c store.Cycle, err error) {
	e.mu.Lock()
	e.running = nil
	e.mu.Unlock()
	h.cycle, h.err = c, err
	close(h.done)
}
