package cycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// discover asks all bookmakers at once what they list, and makes the cycle's targets of it. It returns errNobody
// when none answered.
func (r *run) discover(ctx context.Context) error {
	var (
		mu   sync.Mutex
		told error

		laggards = r.newLaggards()
	)
	for _, b := range r.names() {
		laggards.discover(ctx, b, func(ctx context.Context) {
			ctx, span := discovering(ctx, b)
			found, err := r.clients[b].Discover(ctx)
			defer func() { endSpan(span, err) }()
			cut := err != nil && errors.Is(context.Cause(ctx), errLaggard)
			if cut {
				err = fmt.Errorf("after %v: %w", time.Since(r.started).Round(time.Second), errLaggard)
			}
			r.resolve(ctx, b, &found)
			r.tally.discovered(b, found, err)
			r.alive()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.log.Warn("discovery failed", "bookmaker", b, "listed", len(found.Listings), "error", err)
				told = err
				r.failed[b] = true
			}
			if err == nil || len(found.Listings) > 0 { // what was listed before it failed is no less true
				r.found[b] = found
			}
			r.whole[b] = err == nil && !found.Partial()
			r.discovery[b] = r.discovery[b].after(time.Since(r.started), r.whole[b], cut)
		})
	}
	laggards.wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if len(r.found) == 0 {
		return fmt.Errorf("%w: %w", errNobody, told)
	}
	now := time.Now()
	targets := mergeListings(r.found, r.writer.Event)
	for _, t := range targets {
		r.settleKickoff(t, now)
	}
	r.targets = slices.DeleteFunc(targets, func(t *target) bool { return !t.kickoff.After(now) })
	sortTargets(r.targets, now)
	return nil
}

// resolve asks for the details of listings that do not tell their SportRadar id, only to learn it: the event is
// fetched together with its other bookmakers later, and the client remembers the id for the next cycles. A listing
// whose detail does not answer stays out of this cycle.
func (r *run) resolve(ctx context.Context, b odds.Bookmaker, found *bookmaker.Discovery) {
	var wg sync.WaitGroup
	limit := make(chan struct{}, r.events)
	for i := range found.Listings {
		listing := &found.Listings[i]
		if listing.SrID != "" {
			continue
		}
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			permits, _, err := r.limits.AcquireAll(ctx, []odds.Bookmaker{b}, r.cfg.Patience)
			if err != nil || len(permits) == 0 {
				return
			}
			detail, err := r.clients[b].Fetch(ctx, bookmaker.Target{EventID: listing.EventID})
			permits[0].Release(fetch.OutcomeOf(err))
			if err == nil {
				listing.SrID = detail.Listing.SrID
			}
			r.alive()
		})
	}
	wg.Wait()
}
