package cycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// Errors of Refresh.
var (
	// ErrUnknownEvent means that no bookmaker is known to list the event.
	ErrUnknownEvent = errors.New("event is not known")
	// ErrStarted means that the event has kicked off: its prices before the match are over.
	ErrStarted = errors.New("event has kicked off")
	// ErrNotStored means that the database did not take what was fetched.
	ErrNotStored = errors.New("what was fetched could not be stored")
)

// RefreshResult is one bookmaker's part of a refresh.
type RefreshResult struct {
	Bookmaker odds.Bookmaker
	Snapshot  *odds.Snapshot // nil without a usable answer
	Took      time.Duration
	// Err is why there is no usable answer: an *odds.Rejected, an error that wraps bookmaker.ErrThrottled (also when the
	// bookmaker is backed off), or the transport's.
	Err error
	// Changed and Confirmed say what storing the snapshot did, Rejected why it was not stored.
	Changed, Confirmed bool
	Rejected           odds.Rejections
}

// Refreshed is an event after a refresh.
type Refreshed struct {
	Event    odds.Event
	Revision int64
	Results  []RefreshResult // in the order of precedence
}

// Refresh fetches and stores one event as a cycle would, with the same limiters, writer and feed. It may run beside a
// cycle: the writer keeps the capture that was requested later. It returns lease.ErrNotWriter, ErrUnknownEvent,
// ErrStarted, ErrNotStored or ctx's error.
func (e *Engine) Refresh(ctx context.Context, srID string) (Refreshed, error) {
	w := e.writer.Load()
	if w == nil {
		return Refreshed{}, lease.ErrNotWriter
	}
	committed, ok := w.Event(srID)
	if !ok {
		return Refreshed{}, ErrUnknownEvent
	}
	if !committed.Kickoff.After(e.cfg.Clock.Now()) {
		return Refreshed{}, fmt.Errorf("kickoff was %v: %w", committed.Kickoff, ErrStarted)
	}
	t := &review.Target{SrID: srID, Committed: &committed, Kickoff: committed.Kickoff, Listings: make(map[odds.Bookmaker]odds.Listing)}
	results, details, err := e.fetchNow(ctx, t)
	if err != nil {
		return Refreshed{}, err
	}
	ctx, span := startSpan(ctx, "refresh")
	defer span.End()
	stored, err := w.Apply(ctx, e.reviewNow(t, results, details, w))
	switch {
	case errors.Is(err, lease.ErrNotWriter):
		return Refreshed{}, lease.ErrNotWriter
	case err != nil:
		return Refreshed{}, fmt.Errorf("event %s: %w", srID, errors.Join(ErrNotStored, err))
	}
	e.Instruments.Observer.BatchStored(stored)
	for i := range results {
		b := results[i].Bookmaker
		results[i].Changed, results[i].Confirmed = stored.Changed[b] > 0, stored.Confirmed[b] > 0
		results[i].Rejected = stored.Rejected[b]
	}
	event, ok := w.Event(srID)
	if !ok {
		event = committed // evicted by a cycle end meanwhile
	}
	return Refreshed{Event: event, Revision: stored.Revision, Results: results}, nil
}

// fetchNow requests the event from all bookmakers that it lists at the same moment. The details are those of the results
// with the same index, nil where there is no usable answer.
func (e *Engine) fetchNow(ctx context.Context, t *review.Target) ([]RefreshResult, []*bookmaker.Detail, error) {
	ids := t.Committed.IDs()
	var (
		names   []odds.Bookmaker
		results []RefreshResult
	)
	for _, b := range e.bookmakers() {
		if _, listed := ids[b]; listed {
			names = append(names, b)
			results = append(results, RefreshResult{Bookmaker: b, Err: fmt.Errorf("%s is backed off: %w", b, bookmaker.ErrThrottled)})
		}
	}
	permits, _, err := e.limits.AcquireAll(ctx, names, e.cfg.WaitTimeout)
	if err != nil {
		return nil, nil, err
	}
	details := make([]*bookmaker.Detail, len(results))
	var wg sync.WaitGroup
	for i := range results {
		for _, p := range permits {
			if b := results[i].Bookmaker; p.Bookmaker() == b {
				wg.Go(func() {
					details[i] = e.fetchOne(ctx, p, bookmaker.Target{EventID: ids[b], SrID: t.SrID}, &results[i])
				})
			}
		}
	}
	wg.Wait()
	return results, details, ctx.Err()
}

// fetchOne requests one bookmaker's detail, gives the slot back, and sets the result. It returns nil when the answer cannot
// be used.
func (e *Engine) fetchOne(ctx context.Context, p *limit.Permit, t bookmaker.Target, result *RefreshResult) *bookmaker.Detail {
	sent := time.Now()
	var detail bookmaker.Detail
	err := p.Do(fetch.OutcomeOf, func() (err error) {
		detail, err = e.clients[p.Bookmaker()].Fetch(ctx, t)
		return err
	})
	result.Took, result.Err = time.Since(sent), err
	if err != nil {
		return nil
	}
	detail.Listing.EventID = t.EventID
	result.Snapshot = &detail.Snapshot
	return &detail
}

// reviewNow reviews the details as a cycle does, and makes of them what is stored. A refresh reads no lists and remembers
// nothing: a suspect kickoff is not applied, however often it is repeated.
func (e *Engine) reviewNow(t *review.Target, results []RefreshResult, details []*bookmaker.Detail, w *store.Writer) store.Batch {
	reviewer := review.Reviewer{Committed: w}
	reviewed := reviewer.Details(t, e.cfg.Clock.Now(), details)
	for _, f := range reviewed.Findings {
		if f.Reason == odds.KickoffDoubted {
			e.log.Warn("kickoff doubted", "bookmaker", f.Bookmaker, "sr_id", t.SrID, "event_id", t.Listings[f.Bookmaker].EventID, "seen", f.Detail)
		}
	}
	for i := range results {
		if rejected := reviewed.Rejected[results[i].Bookmaker]; rejected != nil {
			results[i].Snapshot, results[i].Err = nil, rejected
		}
	}
	return store.Batch{Events: []odds.Event{reviewed.Event}, Prepared: reviewed.Prepared, Missing: reviewed.Withdrawn}
}
