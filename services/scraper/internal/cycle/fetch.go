package cycle

import (
	"context"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// told is how often EventsFetched is told at most.
const told = 100 * time.Millisecond

// fetched is an event with what its bookmakers answered.
type fetched struct {
	event     odds.Event
	snapshots []store.Prepared
	withdrawn []store.Absence
}

// fetchAll fetches the targets in their order, and passes each event on as soon as its last bookmaker has answered.
// Bookmakers that events went without are asked once more when all others are done: many have recovered by then. It
// closes out when it returns.
func (r *run) fetchAll(ctx context.Context, out chan<- fetched) {
	defer close(out)
	r.pass(ctx, r.targets, out)
	again := r.left
	r.left, r.last = nil, true
	r.pass(ctx, again, out)
}

// pass fetches targets with as many workers as there are slots.
func (r *run) pass(ctx context.Context, targets []*target, out chan<- fetched) {
	var (
		wg   sync.WaitGroup
		next = make(chan *target)
		mu   sync.Mutex
		done int
		last time.Time
	)
	for range min(r.events, len(targets)) {
		wg.Go(func() {
			for t := range next {
				event, ok := r.fetchEvent(ctx, t)
				if !ok {
					continue
				}
				select {
				case out <- event:
				case <-ctx.Done():
					continue
				}
				r.alive()
				if r.last {
					continue // these events were counted before
				}
				mu.Lock()
				done++
				if now := time.Now(); now.Sub(last) >= told || done == len(targets) {
					last = now
					r.tell(Step{Fetched: &Fetched{Done: done, Events: len(targets)}})
				}
				mu.Unlock()
			}
		})
	}
	for _, t := range targets {
		select {
		case next <- t:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
}

// fetchEvent asks all bookmakers that list an event at the same moment. It reports false when ctx ended first.
func (r *run) fetchEvent(ctx context.Context, t *target) (fetched, bool) {
	permits, missing, err := r.limits.AcquireAll(ctx, t.asked(), r.cfg.Patience)
	if err != nil {
		return fetched{}, false
	}
	r.missed(t, missing)
	if !t.kickoff.After(r.cfg.Clock.Now()) { // it kicked off while it waited
		for _, p := range permits {
			p.Release(limit.Outcome{})
		}
		return fetched{}, false
	}
	details := make([]*bookmaker.Detail, len(permits))
	var wg sync.WaitGroup
	for i, p := range permits {
		listing := t.listings[p.Bookmaker()]
		wg.Go(func() { details[i] = r.fetchDetail(ctx, p, listing) })
	}
	wg.Wait()
	return r.review(t, details), ctx.Err() == nil
}

// missed keeps the bookmakers that an event went without for the last pass, in which they count as skipped.
func (r *run) missed(t *target, missing []odds.Bookmaker) {
	if len(missing) == 0 {
		return
	}
	if r.last {
		for _, b := range missing {
			r.tally.skipped(b)
		}
		return
	}
	r.leftMu.Lock()
	defer r.leftMu.Unlock()
	r.left = append(r.left, &target{srID: t.srID, listings: t.listings, kickoff: t.kickoff, committed: t.committed, only: missing})
}

// fetchDetail asks one bookmaker and gives its slot back; nil when the answer cannot be used.
func (r *run) fetchDetail(ctx context.Context, p *limit.Permit, listing odds.Listing) *bookmaker.Detail {
	sent := time.Now()
	detail, err := r.clients[p.Bookmaker()].Fetch(ctx, bookmaker.Target{EventID: listing.EventID, SrID: listing.SrID})
	p.Release(fetch.OutcomeOf(err))
	if ctx.Err() != nil && err != nil {
		return nil // cancelled by our own side: nothing of the bookmaker's
	}
	r.tally.fetched(p.Bookmaker(), detail, time.Since(sent), err)
	if err != nil {
		r.log.Debug("fetching event", "bookmaker", p.Bookmaker(), "event_id", listing.EventID, "sr_id", listing.SrID, "error", err)
		return nil
	}
	r.unmapped.Add(p.Bookmaker(), detail.Unmapped)
	return &detail
}
