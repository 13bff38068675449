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

// watcher follows WatchEvents, resumes at whatever replica there is, and holds what it was told: once as a consumer that
// takes every message as it comes, and once as one that takes a round's messages together, when synced says that the
// round is complete. The second has exactly a state of the source at each marker. The first may be ahead of it, when a
// round was cut off and the replica that it goes on at is behind; at quiet points both have the same.
type watcher struct {
	w    *world
	stop context.CancelFunc
	done chan struct{}

	mu       sync.Mutex
	at       int                                    // replica
	hang     context.CancelFunc                     // ends the present stream
	held     map[string]*oddscachev1.EventSnapshots // by messages
	whole    map[string]*oddscachev1.EventSnapshots // by rounds
	round    []*oddscachev1.WatchEventsResponse     // since the last marker on this stream
	epoch    string
	revision int64
	anew     map[string]bool // what was sent since a start from nothing; nil once it is synced
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
	o.held, o.whole = make(map[string]*oddscachev1.EventSnapshots), make(map[string]*oddscachev1.EventSnapshots)
	o.anew = make(map[string]bool)
	go func() { // ends with ctx, which close ends
		defer close(o.done)
		for ctx.Err() == nil {
			err := o.follow(ctx)
			o.mu.Lock()
			if status.Code(err) == codes.OutOfRange { // another history, or too old
				o.epoch, o.revision, o.anew = "", 0, make(map[string]bool)
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
	o.round = nil // it is sent again
	if o.revision == 0 {
		req.Epoch, o.anew = "", make(map[string]bool)
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

// take takes in a message.
func (o *watcher) take(m *oddscachev1.WatchEventsResponse) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m.GetSynced() == nil {
		apply(o.held, m)
		o.round = append(o.round, m)
		if srID := m.GetUpdated().GetEvent().GetSrId(); srID != "" && o.anew != nil {
			o.anew[srID] = true
		}
		return
	}
	if o.anew != nil {
		maps.DeleteFunc(o.held, func(srID string, _ *oddscachev1.EventSnapshots) bool { return !o.anew[srID] })
		clear(o.whole)
		o.anew = nil
	}
	for _, m := range o.round {
		apply(o.whole, m)
	}
	o.round = nil
	o.epoch, o.revision = m.GetFreshness().GetEpoch(), m.GetFreshness().GetRevision()
	o.markers = append(o.markers, marker{momentOf(m.GetFreshness()), maps.Clone(o.whole)})
}

// apply changes what a consumer holds as a message says.
func apply(held map[string]*oddscachev1.EventSnapshots, m *oddscachev1.WatchEventsResponse) {
	if u := m.GetUpdated(); u != nil {
		held[u.GetEvent().GetSrId()] = &oddscachev1.EventSnapshots{Event: u.GetEvent(), Snapshots: u.GetSnapshots()}
	}
	if gone := m.GetRemoved(); gone != nil && gone.Bookmaker == nil {
		delete(held, gone.GetSrId())
	}
}

// behind says why the watcher has not been told of a head yet; empty when it has.
func (o *watcher) behind(epoch string, head int64) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.anew != nil || o.epoch != epoch || o.revision != head {
		return fmt.Sprintf("the watch is at %d of %s, the head is %d of %s", o.revision, o.epoch, head, epoch)
	}
	return ""
}

// saw holds what the watcher had been told at each marker to the state at that moment.
func (o *watcher) saw() error {
	o.mu.Lock()
	markers := o.markers
	o.markers = nil
	o.mu.Unlock()
	for _, m := range markers {
		s, err := o.w.at(m.moment)
		if err != nil {
			return fmt.Errorf("watched: %w", err)
		}
		for _, srID := range allSrIDs {
			if err := same(s.events[srID], m.held[srID]); err != nil {
				return fmt.Errorf("watched, at revision %d of %s, event %s: %w", m.revision, m.epoch, srID, err)
			}
		}
	}
	return nil
}

// same holds what both consumers have at a quiet point to the newest state.
func (o *watcher) same() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	s, err := o.w.at(o.w.moment)
	if err != nil {
		return err
	}
	for how, held := range map[string]map[string]*oddscachev1.EventSnapshots{"by messages": o.held, "by rounds": o.whole} {
		for _, srID := range allSrIDs {
			if err := same(s.events[srID], held[srID]); err != nil {
				return fmt.Errorf("watched %s, event %s: %w", how, srID, err)
			}
		}
	}
	return nil
}
