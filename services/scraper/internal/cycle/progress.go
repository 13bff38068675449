package cycle

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// ErrSlowWatcher means that a watcher read so slowly that steps would have been lost.
var ErrSlowWatcher = errors.New("watcher reads too slowly")

// watchBuffer is how many steps a watcher may be behind: several cycles' worth of batches.
const watchBuffer = 4096

// Step is one step of a cycle: exactly one of the pointers is set.
type Step struct {
	CycleID string
	At      time.Time

	Started    *struct{}
	Discovered *Discovered
	Fetched    *Fetched
	Stored     *Stored
	Ended      *store.Cycle
}

// Discovered says what there is to fetch.
type Discovered struct {
	Events     int
	Details    int // to request, over all bookmakers
	Took       time.Duration
	Bookmakers []store.BookmakerResult
}

// Fetched says how far fetching is.
type Fetched struct {
	Done, Events int
}

// Stored is one committed batch.
type Stored struct {
	Batch  int // from 1
	Result store.BatchResult
	// CacheUpdate is from the commit to the acknowledgement of the slowest live replica; negative without one.
	CacheUpdate time.Duration
	Rejected    odds.Rejections
}

// Progress passes steps on to any number of watchers. The zero value is ready.
type Progress struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
	// recent is what a late watcher is sent first: start, discovery and the newest fetch count of a running cycle.
	recent []Step
}

type watcher struct {
	steps chan Step
	slow  bool // steps were lost; guarded by Progress.mu
}

// publish passes a step on. It never blocks: a watcher whose buffer is full is cut off.
func (p *Progress) publish(s Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case s.Started != nil:
		p.recent = []Step{s}
	case s.Ended != nil:
		p.recent = nil
	case s.Fetched != nil && len(p.recent) > 0 && p.recent[len(p.recent)-1].Fetched != nil:
		p.recent[len(p.recent)-1] = s
	case s.Stored == nil:
		p.recent = append(p.recent, s)
	}
	for w := range p.watchers {
		select {
		case w.steps <- s:
		default:
			w.slow = true
			close(w.steps)
			delete(p.watchers, w)
		}
	}
}

// Watch calls send for every step from now on, beginning with the state of the running cycle, until ctx ends, send
// fails or the watcher is cut off (ErrSlowWatcher).
func (p *Progress) Watch(ctx context.Context, send func(Step) error) error {
	w := &watcher{steps: make(chan Step, watchBuffer)}
	p.mu.Lock()
	if p.watchers == nil {
		p.watchers = make(map[*watcher]struct{})
	}
	p.watchers[w] = struct{}{}
	for _, s := range p.recent {
		w.steps <- s
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watchers, w)
	}()
	for {
		select {
		case s, open := <-w.steps:
			if !open {
				return ErrSlowWatcher
			}
			if err := send(s); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
