package cycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
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
				err = fmt.Errorf("after %v: %w", time.Since(r.began).Round(time.Second), errLaggard)
			}
			if found.Refusals == nil {
				found.Refusals = make(odds.Refusals)
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
			r.discovery[b] = r.discovery[b].after(time.Since(r.began), r.whole[b], cut)
		})
	}
	laggards.wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if len(r.found) == 0 {
		return fmt.Errorf("%w: %w", errNobody, told)
	}
	now := r.cfg.Clock.Now()
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
// whose detail tells none either is counted as refused, one whose detail does not answer as skipped.
func (r *run) resolve(ctx context.Context, b odds.Bookmaker, found *bookmaker.Discovery) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex // guards found.Refusals
	)
	limit := make(chan struct{}, r.events)
	for i := range found.Listings {
		listing := &found.Listings[i]
		if listing.SrID != "" {
			continue
		}
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			srID, err := r.learn(ctx, b, listing.EventID)
			listing.SrID = srID
			r.alive()
			var refused *odds.Refused
			switch {
			case err == nil || ctx.Err() != nil:
			case errors.As(err, &refused) && !errors.Is(err, bookmaker.ErrPushedBack):
				mu.Lock()
				defer mu.Unlock()
				found.Refusals[refused.Reason]++
			default:
				r.tally.skipped(b)
			}
		})
	}
	wg.Wait()
}

// learn asks for an event's detail and returns the SportRadar id in it.
func (r *run) learn(ctx context.Context, b odds.Bookmaker, eventID string) (srID string, err error) {
	permits, _, err := r.limits.AcquireAll(ctx, []odds.Bookmaker{b}, r.cfg.Patience)
	if err != nil {
		return "", err
	}
	if len(permits) == 0 {
		return "", fmt.Errorf("%s is backed off: %w", b, bookmaker.ErrPushedBack)
	}
	detail, err := r.clients[b].Fetch(ctx, bookmaker.Target{EventID: eventID})
	permits[0].Release(fetch.OutcomeOf(err))
	if err != nil {
		return "", err
	}
	return detail.Listing.SrID, nil
}
