package cycle

import (
	"context"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// progressInterval is how often watchers are notified of fetched events at most.
const progressInterval = 100 * time.Millisecond

// fetchAll fetches the targets in their order, and passes each on as soon as its last bookmaker has answered. Bookmakers
// that were missed are tried once more when all others are done: many have recovered by then. It closes out when it
// returns.
func (r *run) fetchAll(ctx context.Context, out chan<- review.Result) {
	defer close(out)
	r.pass(ctx, r.targets, out)
	missed := r.missed
	r.missed, r.lastPass = nil, true
	r.pass(ctx, missed, out)
}

// pass fetches targets with as many workers as there are slots. All of them have ended when it returns.
func (r *run) pass(ctx context.Context, targets []*review.Target, out chan<- review.Result) {
	var (
		wg       sync.WaitGroup
		next     = make(chan *review.Target)
		progress = fetchProgress{run: r, events: len(targets)}
	)
	for range min(r.workers, len(targets)) {
		wg.Go(func() {
			for t := range next {
				result, ok := r.fetchTarget(ctx, t)
				if !ok {
					continue
				}
				select {
				case out <- result:
				case <-ctx.Done():
					continue
				}
				r.moved()
				progress.add()
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

// fetchProgress counts the fetched events of a pass. Those of the last pass were counted before.
type fetchProgress struct {
	run    *run
	events int

	mu       sync.Mutex
	done     int
	notified time.Time
}

// add counts an event, and notifies watchers now and then.
func (p *fetchProgress) add() {
	if p.run.lastPass {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if now := time.Now(); now.Sub(p.notified) >= progressInterval || p.done == p.events {
		p.notified = now
		p.run.notify(Step{Fetched: &Fetched{Done: p.done, Events: p.events}})
	}
}

// fetchTarget requests an event from all bookmakers that list it at the same moment, and reviews what they answer. It
// reports false when the event has kicked off meanwhile, or ctx has ended.
func (r *run) fetchTarget(ctx context.Context, t *review.Target) (review.Result, bool) {
	permits, missing, err := r.limits.AcquireAll(ctx, t.Bookmakers(), r.cfg.WaitTimeout)
	if err != nil {
		return review.Result{}, false
	}
	r.miss(t, missing)
	if !t.Kickoff.After(r.cfg.Clock.Now()) { // it kicked off while it waited
		for _, p := range permits {
			p.Release(limit.Outcome{})
		}
		return review.Result{}, false
	}
	details := make([]*bookmaker.Detail, len(permits))
	var wg sync.WaitGroup
	for i, p := range permits {
		listing := t.Listings[p.Bookmaker()]
		wg.Go(func() { details[i] = r.fetchDetail(ctx, p, listing) })
	}
	wg.Wait()
	result := r.reviewer.Details(t, r.cfg.Clock.Now(), details)
	r.report(t, result.Findings)
	for b, rejected := range result.Rejected {
		r.stats.rejectedSnapshot(b, rejected.Reason)
	}
	return result, ctx.Err() == nil
}

// miss keeps the bookmakers that an event went without for the last pass, in which they count as skipped.
func (r *run) miss(t *review.Target, missing []odds.Bookmaker) {
	if len(missing) == 0 {
		return
	}
	if r.lastPass {
		for _, b := range missing {
			r.stats.skipped(b)
		}
		return
	}
	again := *t
	again.Only = missing
	r.missedMu.Lock()
	defer r.missedMu.Unlock()
	r.missed = append(r.missed, &again)
}

// fetchDetail requests one bookmaker's detail and gives the slot back. It returns nil when the answer cannot be used.
func (r *run) fetchDetail(ctx context.Context, p *limit.Permit, listing odds.Listing) *bookmaker.Detail {
	sent := time.Now()
	var detail bookmaker.Detail
	err := p.Do(fetch.OutcomeOf, func() (err error) {
		detail, err = r.clients[p.Bookmaker()].Fetch(ctx, bookmaker.Target{EventID: listing.EventID, SrID: listing.SrID})
		return err
	})
	if ctx.Err() != nil && err != nil {
		return nil // cancelled by our own side, which says nothing about the bookmaker
	}
	r.stats.fetched(p.Bookmaker(), detail, time.Since(sent), err)
	if err != nil {
		r.log.Debug("fetching event", "bookmaker", p.Bookmaker(), "event_id", listing.EventID, "sr_id", listing.SrID, "error", err)
		return nil
	}
	r.unmapped.Add(p.Bookmaker(), detail.Unmapped)
	return &detail
}
