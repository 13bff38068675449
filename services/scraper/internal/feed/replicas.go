package feed

import (
	"context"
	"sync"
	"time"
)

// LiveFor is how long after its last acknowledgement a replica counts as live.
const LiveFor = 3 * time.Second

// replica is one stream's acknowledgements.
type replica struct {
	id       string
	revision int64
	at       time.Time
}

// replicas keeps what the replicas have acknowledged.
type replicas struct {
	mu      sync.Mutex
	all     map[*replica]struct{}
	changed chan struct{} // closed and replaced whenever an acknowledgement or a departure may satisfy a waiter
}

func newReplicas() *replicas {
	return &replicas{all: make(map[*replica]struct{}), changed: make(chan struct{})}
}

func (r *replicas) add(id string) *replica {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep := &replica{id: id}
	r.all[rep] = struct{}{}
	return rep
}

func (r *replicas) remove(rep *replica) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, rep)
	r.wakeLocked()
}

func (r *replicas) acknowledge(rep *replica, revision int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep.revision, rep.at = max(rep.revision, revision), time.Now()
	r.wakeLocked()
}

func (r *replicas) wakeLocked() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// slowest returns the lowest acknowledged revision of the live replicas, their number, and what closes on a change.
func (r *replicas) slowest() (revision int64, live int, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for rep := range r.all {
		if time.Since(rep.at) > LiveFor {
			continue
		}
		if live == 0 || rep.revision < revision {
			revision = rep.revision
		}
		live++
	}
	return revision, live, r.changed
}

// Replicas returns how many streams are open and how many of them are live.
func (s *Server) Replicas() (open, live int) {
	_, live, _ = s.replicas.slowest()
	s.replicas.mu.Lock()
	defer s.replicas.mu.Unlock()
	return len(s.replicas.all), live
}

// AwaitVisible waits until every live replica has acknowledged revision, and reports whether there was any. A replica
// that stops acknowledging counts no more after LiveFor, so the wait is bounded.
func (s *Server) AwaitVisible(ctx context.Context, revision int64) bool {
	poll := time.NewTicker(LiveFor / 6)
	defer poll.Stop()
	for {
		slowest, live, changed := s.replicas.slowest()
		if live == 0 || slowest >= revision {
			return live > 0
		}
		select {
		case <-changed:
		case <-poll.C:
		case <-s.closing:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
