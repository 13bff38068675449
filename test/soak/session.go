package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// sessionTimeout is longer than a takeover: a cache that has not yet what another one answered gets it from the next
// writer.
const sessionTimeout = 30 * time.Second

// stats counts what the watching parts of a run saw. All parts share it.
type stats struct {
	responses atomic.Int64 // of sessions
	samples   atomic.Int64 // of single caches
	messages  atomic.Int64 // of watches
	resumed   atomic.Int64 // watches that were cut off and went on
	checks    atomic.Int64 // comparisons of a watch with lookups
	backward  atomic.Int64 // responses older than one before
	gaps      atomic.Int64 // changes that a watch was not told
	restarted atomic.Int64 // watches that could not be resumed
	errors    atomic.Int64 // of sessions and watches, apart from what resuming is for
	mu        sync.Mutex   // guards what follows
	epochs    map[string]bool
	last      map[string]string // the last of each kind of finding
	evictions [3]int64          // by each cache in its present process
}

func newStats() *stats { return &stats{epochs: make(map[string]bool), last: make(map[string]string)} }

// saw counts a finding and tells it.
func (t *stats) saw(counter *atomic.Int64, what string, err error) {
	counter.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last[what] == "" {
		logf("FOUND %s: %v", what, err)
	}
	t.last[what] = err.Error()
}

func (t *stats) epoch(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.epochs[name] = true
}

// session is a consumer that never wants to read anything older than what it has read: it passes the newest revision
// that it knows as min_revision, to whichever cache it is led.
func session(ctx context.Context, n int, s *testbed, p *pool, t *stats) {
	order, newest := history.NewOrder(), int64(0)
	name := fmt.Sprint("session ", n)
	for i := n; ctx.Err() == nil; i += 7 {
		event := p.pick(i)
		if event == nil {
			cluster.Pause(ctx, 50*time.Millisecond)
			continue
		}
		call, cancel := context.WithTimeout(ctx, sessionTimeout)
		r := request(event, i/7)
		r.MinRevision = newest
		var response *oddscachev1.GetEventResponse
		var err error
		if i%2 == 0 {
			response, err = s.client.GetEvent(call, r)
		} else {
			response, err = s.client.Service().GetEvent(call, r)
		}
		cancel()
		if err != nil {
			if ctx.Err() == nil {
				t.saw(&t.errors, "session: "+status.Code(err).String(), err)
			}
			continue
		}
		t.responses.Add(1)
		f := response.GetFreshness()
		t.epoch(f.GetEpoch())
		if f.GetRevision() < newest {
			t.saw(&t.backward, "session behind its revision", fmt.Errorf("asked for %d, got %d", newest, f.GetRevision()))
		}
		newest = max(newest, f.GetRevision())
		sample := history.Sample{Replica: name, Freshness: f, Events: []*oddscachev1.EventSnapshots{{Event: response.GetEvent(), Snapshots: response.GetSnapshots()}}}
		if err := order.Add(sample); err != nil {
			t.saw(&t.backward, "session: older answer", err)
		}
		cluster.Pause(ctx, 40*time.Millisecond)
	}
}

// observe asks one cache, past its clients' way, what it holds: for the pool, for how far it is behind, and to hold its
// responses to the order of time across its restarts. Errors are the faults' doing.
func observe(ctx context.Context, cache int, s *testbed, p *pool, t *stats, behind func(revision int64)) {
	order, token := history.NewOrder(), ""
	name := s.Caches[cache].Name
	for n := 0; ctx.Err() == nil; n++ {
		call, cancel := context.WithTimeout(ctx, 2*time.Second)
		page, err := s.Caches[cache].Client.ListEvents(call, &oddscachev1.ListEventsRequest{IncludeSnapshots: true, PageSize: 5, PageToken: token})
		token = page.GetNextPageToken()
		if err == nil {
			t.samples.Add(1)
			if err := order.Add(history.Sample{Replica: name, Freshness: page.GetFreshness(), Events: page.GetEvents()}); err != nil {
				t.saw(&t.backward, name+": older answer", err)
			}
		} else if code := status.Code(err); code != codes.Unavailable && code != codes.DeadlineExceeded && code != codes.Canceled {
			t.saw(&t.errors, name+": "+code.String(), err)
		}
		if stats, err := s.Caches[cache].Client.GetStats(call, &oddscachev1.GetStatsRequest{}); err == nil {
			t.mu.Lock()
			t.evictions[cache] = stats.GetEvictedEvents()
			t.mu.Unlock()
			if stats.GetFreshness().GetState() != oddscachev1.FreshnessState_FRESHNESS_STATE_WARMING { // that one answers no lookup
				behind(stats.GetFreshness().GetRevision())
			}
		}
		cancel()
		if n%4 == 0 {
			if events, err := s.list(ctx, cache); err == nil {
				p.list(cache, events)
			}
		}
		cluster.Pause(ctx, 500*time.Millisecond)
	}
}

// list is every event that a cache holds.
func (s *testbed) list(ctx context.Context, cache int) (map[string]*oddscachev1.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	events := make(map[string]*oddscachev1.Event)
	for token := ""; ; {
		page, err := s.Caches[cache].Client.ListEvents(ctx, &oddscachev1.ListEventsRequest{PageSize: 500, PageToken: token})
		if err != nil {
			return nil, fmt.Errorf("listing the events of %s: %w", s.Caches[cache].Name, err)
		}
		for _, e := range page.GetEvents() {
			events[e.GetEvent().GetSrId()] = e.GetEvent()
		}
		if token = page.GetNextPageToken(); token == "" {
			return events, nil
		}
	}
}
