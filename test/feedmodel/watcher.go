package feedmodel

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// watcher follows WatchEvents, resumes at whatever replica there is, and holds what it was told.
type watcher struct {
	w    *world
	stop context.CancelFunc
	done chan struct{}

	mu       sync.Mutex
	at       int                // replica
	hang     context.CancelFunc // ends the present stream
	held     map[string]*oddscachev1.EventSnapshots
	epoch    string
	revision int64
	fresh    map[string]bool // what was sent since a start from nothing; nil once it is synced
	markers  []marker        // that were not looked at yet
}

// marker is what was held when a message said that this is the state at a moment.
type marker struct {
	moment
	held map[string]*oddscachev1.EventSnapshots
}

// start follows until close.
func (o *watcher) start(w *world) {
	ctx, stop := context.WithCancel(context.Background())
	o.w, o.stop, o.done = w, stop, make(chan struct{})
	o.held, o.fresh = make(map[string]*oddscachev1.EventSnapshots), make(map[string]bool)
	go func() { // ends with ctx, which close ends
		defer close(o.done)
		for ctx.Err() == nil {
			err := o.follow(ctx)
			o.mu.Lock()
			if status.Code(err) == codes.OutOfRange { // another history, or too old
				o.epoch, o.revision, o.fresh = "", 0, make(map[string]bool)
			}
			o.at = (o.at + 1) % replicas
			o.mu.Unlock()
			select {
			case <-time.After(tick):
			case <-ctx.Done():
			}
		}
	}()
}

func (o *watcher) close() {
	o.stop()
	<-o.done
}

// move ends the stream and goes on at a replica.
func (o *watcher) move(to int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = to + replicas - 1 // the loop goes to the next one
	if o.hang != nil {
		o.hang()
	}
}

func (o *watcher) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o.mu.Lock()
	o.hang = cancel
	req := &oddscachev1.WatchEventsRequest{Epoch: o.epoch, Revision: o.revision, IncludeConfirmations: true}
	at := o.at % replicas
	if o.revision == 0 {
		req.Epoch, o.fresh = "", make(map[string]bool)
	}
	o.mu.Unlock()
	r := o.w.replicas[at]
	r.clientMu.Lock()
	client := r.client
	r.clientMu.Unlock()
	stream, err := client.WatchEvents(ctx, req)
	if err != nil {
		return err
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		o.take(m)
	}
}

// take applies a message.
func (o *watcher) take(m *oddscachev1.WatchEventsResponse) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case m.GetUpdated() != nil:
		u := m.GetUpdated()
		o.held[u.GetEvent().GetSrId()] = &oddscachev1.EventSnapshots{Event: u.GetEvent(), Snapshots: u.GetSnapshots()}
		if o.fresh != nil {
			o.fresh[u.GetEvent().GetSrId()] = true
		}
	case m.GetRemoved() != nil && m.GetRemoved().Bookmaker == nil:
		delete(o.held, m.GetRemoved().GetSrId())
	case m.GetSynced() != nil:
		if o.fresh != nil {
			maps.DeleteFunc(o.held, func(srID string, _ *oddscachev1.EventSnapshots) bool { return !o.fresh[srID] })
			o.fresh = nil
		}
		o.epoch, o.revision = m.GetFreshness().GetEpoch(), m.GetFreshness().GetRevision()
		o.markers = append(o.markers, marker{momentOf(m.GetFreshness()), maps.Clone(o.held)})
	}
}

// behind says why the watcher has not been told of a head yet; empty when it has.
func (o *watcher) behind(epoch string, head int64) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fresh != nil || o.epoch != epoch || o.revision != head {
		return fmt.Sprintf("the watch is at %d of %s, the head is %d of %s", o.revision, o.epoch, head, epoch)
	}
	return ""
}

// saw holds what the watcher had been told at each marker to the truth: every event must be as it was at that moment or
// later. It may be later, since a state is read when it is sent, and since a round may have been cut off at a replica
// that was ahead of the one that the watch went on at.
func (o *watcher) saw() error {
	o.mu.Lock()
	markers := o.markers
	o.markers = nil
	o.mu.Unlock()
	for _, m := range markers {
		for _, srID := range allSrIDs {
			if err := o.w.since(m.moment, srID, m.held[srID]); err != nil {
				return fmt.Errorf("watched: %w", err)
			}
		}
	}
	return nil
}

// same holds what the watcher has at a quiet point to the newest state.
func (o *watcher) same() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	s, err := o.w.at(o.w.moment)
	if err != nil {
		return err
	}
	for _, srID := range allSrIDs {
		if err := same(s.events[srID], o.held[srID]); err != nil {
			return fmt.Errorf("watched, event %s: %w", srID, err)
		}
	}
	return nil
}
