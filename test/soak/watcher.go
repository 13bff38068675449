package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/soak/ledger"
)

// Times of a watch.
const (
	compareEvery = 5 * time.Second        // how often it is compared with lookups
	reopenAfter  = 100 * time.Millisecond // pause before it is resumed
	silence      = 10 * time.Second       // a synced comes every second; after so long without one the watch is opened again
)

// watcher follows the events as a consumer does: one watch that is resumed whenever it is cut off.
type watcher struct {
	name    string
	n       int
	markets []string // empty for all
	testbed *testbed
	pool    *pool
	stats   *stats

	mu     sync.Mutex // guards ledger; the watcher's goroutine holds it while a message is taken
	ledger *ledger.Ledger
}

func newWatcher(n int, s *testbed, p *pool, t *stats) *watcher {
	w := &watcher{name: fmt.Sprint("watch ", n), n: n, testbed: s, pool: p, stats: t, ledger: ledger.New()}
	if n%8 != 0 {
		w.markets = []string{market}
	}
	return w
}

// run watches until ctx ends.
func (w *watcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := w.follow(ctx)
		switch code := status.Code(err); {
		case ctx.Err() != nil:
			return
		case code == codes.OutOfRange:
			w.stats.saw(&w.stats.restarted, w.name+" cannot be resumed", err)
			w.mu.Lock()
			w.ledger = ledger.New()
			w.mu.Unlock()
		case errors.Is(err, io.EOF) || code == codes.Unavailable || code == codes.Canceled:
			w.stats.resumed.Add(1) // a replica that stops, dies or is cut off
		default:
			w.stats.saw(&w.stats.errors, "watch: "+code.String(), err)
		}
		cluster.Pause(ctx, reopenAfter)
	}
}

// follow opens the watch where it stood and takes what comes until it breaks.
func (w *watcher) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	epoch, revision := w.ledger.Resume()
	stream, err := w.testbed.client.Service().WatchEvents(ctx, &oddscachev1.WatchEventsRequest{MarketIds: w.markets, Epoch: epoch, Revision: revision})
	if err != nil {
		return err
	}
	silent := time.AfterFunc(silence, cancel)
	defer silent.Stop()
	compared := time.Now()
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		silent.Reset(silence)
		w.stats.messages.Add(1)
		w.mu.Lock()
		synced, err := w.ledger.Take(m)
		w.mu.Unlock()
		if err != nil {
			w.found(err)
		}
		if synced {
			w.stats.epoch(m.GetFreshness().GetEpoch())
			if time.Since(compared) > compareEvery {
				w.compare(ctx)
				compared = time.Now()
			}
		}
	}
}

// compare asks for some events by a lookup, at whichever cache, and gives the answer to the ledger.
func (w *watcher) compare(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, silence/2)
	defer cancel()
	_, revision := w.ledger.Resume()
	r := &oddscachev1.BatchGetEventsRequest{MarketIds: []string{market}, MinRevision: revision}
	for k := range 20 {
		if e := w.pool.pick(w.n*31 + int(revision) + k*17); e != nil {
			r.Keys = append(r.Keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: e.GetSrId()}})
		}
	}
	if len(r.GetKeys()) == 0 {
		return
	}
	response, err := w.testbed.client.Service().BatchGetEvents(ctx, r)
	if err != nil {
		return // such as a cache that does not get the revision while there is no writer; the next comparison asks again
	}
	w.mu.Lock()
	looks, err := w.ledger.Expect(response.GetResults(), response.GetFreshness())
	w.mu.Unlock()
	if looks {
		w.stats.checks.Add(1)
	}
	if err != nil {
		w.found(err)
	}
}

func (w *watcher) found(err error) {
	counter := &w.stats.gaps
	if errors.Is(err, ledger.ErrBackward) {
		counter = &w.stats.backward
	}
	w.stats.saw(counter, w.name, err)
}

// settled holds the watch to what a cache has, when it has come to a revision.
func (w *watcher) settled(revision int64, all []*oddscachev1.EventSnapshots) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, at := w.ledger.Resume(); at < revision {
		return fmt.Errorf("%s is at %d, the caches at %d", w.name, at, revision)
	}
	return w.ledger.Compare(all)
}
