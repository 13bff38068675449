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
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/listing"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// errNoDiscovery means that there is nothing to fetch, since no bookmaker answered discovery.
var errNoDiscovery = errors.New("no bookmaker answered discovery")

// discover lists all bookmakers side by side, and makes the cycle's targets of what they list. It returns errNoDiscovery
// when none answered.
func (r *run) discover(ctx context.Context) error {
	var (
		mu      sync.Mutex // guards lastErr and what r holds of discovery
		lastErr error

		allowances = make(map[odds.Bookmaker]time.Duration)
	)
	for _, b := range r.bookmakers() {
		allowances[b] = r.discovery[b].Allowance()
	}
	group := listing.NewGroup(allowances)
	for _, b := range r.bookmakers() {
		group.Go(ctx, b, func(ctx context.Context) {
			found, err := r.discoverOne(ctx, b)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.log.Warn("discovery failed", "bookmaker", b, "listed", len(found.Listings), "error", err)
				lastErr = err
				r.failed[b] = true
			}
			if err == nil || len(found.Listings) > 0 { // what was listed before it failed is no less true
				r.found[b] = found
			}
			complete := err == nil && !found.Partial()
			r.reviewer.Complete[b] = complete
			r.discovery[b] = r.discovery[b].After(time.Since(r.began), complete, errors.Is(err, listing.ErrStraggler))
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if len(r.found) == 0 {
		return fmt.Errorf("%w: %w", errNoDiscovery, lastErr)
	}
	r.makeTargets()
	return nil
}

// discoverOne lists one bookmaker. A discovery that was cut off returns what it has listed by then, with
// listing.ErrStraggler.
func (r *run) discoverOne(ctx context.Context, b odds.Bookmaker) (found bookmaker.Discovery, err error) {
	ctx, span := discoverySpan(ctx, b)
	defer func() { endSpan(span, err) }()
	found, err = r.clients[b].Discover(ctx)
	if err != nil && errors.Is(context.Cause(ctx), listing.ErrStraggler) {
		err = fmt.Errorf("after %v: %w", time.Since(r.began).Round(time.Second), listing.ErrStraggler)
	}
	if found.Rejections == nil {
		found.Rejections = make(odds.Rejections)
	}
	r.resolve(ctx, b, &found)
	r.stats.discovered(b, found, err)
	r.moved()
	return found, err
}

// makeTargets merges the listings into the events to fetch: those that have not kicked off, in the order of urgency.
func (r *run) makeTargets() {
	now := r.cfg.Clock.Now()
	targets := review.Merge(r.found, r.writer.Event)
	for _, t := range targets {
		r.report(t, r.reviewer.Lists(t, now))
	}
	r.targets = slices.DeleteFunc(targets, func(t *review.Target) bool { return !t.Kickoff.After(now) })
	sortTargets(r.targets, now)
}

// resolve fetches the details of listings that lack their SportRadar id, only to learn it: the event is fetched together
// with its other bookmakers later, and the client remembers the id for the next cycles. A listing whose detail lacks it
// too is counted as refused, one whose detail does not answer as skipped.
func (r *run) resolve(ctx context.Context, b odds.Bookmaker, found *bookmaker.Discovery) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex // guards found.Rejections
	)
	limit := make(chan struct{}, r.workers)
	for i := range found.Listings {
		listed := &found.Listings[i]
		if listed.SrID != "" {
			continue
		}
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			srID, err := r.fetchSrID(ctx, b, listed.EventID)
			listed.SrID = srID
			r.moved()
			var rejected *odds.Rejected
			switch {
			case err == nil || ctx.Err() != nil:
			case errors.As(err, &rejected) && !errors.Is(err, bookmaker.ErrThrottled):
				mu.Lock()
				defer mu.Unlock()
				found.Rejections[rejected.Reason]++
			default:
				r.stats.skipped(b)
			}
		})
	}
	wg.Wait()
}

// fetchSrID returns the SportRadar id in an event's detail.
func (r *run) fetchSrID(ctx context.Context, b odds.Bookmaker, eventID string) (srID string, err error) {
	permits, _, err := r.limits.AcquireAll(ctx, []odds.Bookmaker{b}, r.cfg.WaitTimeout)
	if err != nil {
		return "", err
	}
	if len(permits) == 0 {
		return "", fmt.Errorf("%s is backed off: %w", b, bookmaker.ErrThrottled)
	}
	var detail bookmaker.Detail
	err = permits[0].Do(fetch.OutcomeOf, func() (err error) {
		detail, err = r.clients[b].Fetch(ctx, bookmaker.Target{EventID: eventID})
		return err
	})
	if err != nil {
		return "", err
	}
	return detail.Listing.SrID, nil
}
