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
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// Errors of Refresh.
var (
	// ErrUnknownEvent says that no bookmaker is known to list the event.
	ErrUnknownEvent = errors.New("event is not known")
	// ErrStarted says that the event has kicked off: its prices before the match are over.
	ErrStarted = errors.New("event has kicked off")
	// ErrNotStored says that the database did not take what was fetched.
	ErrNotStored = errors.New("what was fetched could not be stored")
)

// Answer says what came of one bookmaker's part of a refresh.
type Answer struct {
	Bookmaker odds.Bookmaker
	Snapshot  *odds.Snapshot // nil without a usable answer
	Took      time.Duration
	// Err is why there is no usable answer: an *odds.Refused, one that wraps bookmaker.ErrPushedBack (also when the
	// bookmaker is backed off), or the transport's.
	Err error
	// Changed and Confirmed say what storing the snapshot did; Refused why it was not stored.
	Changed, Confirmed bool
	Refused            odds.Refusals
}

// Refreshed is what came of a refresh.
type Refreshed struct {
	Event    odds.Event
	Revision int64
	Answers  []Answer // in the order of precedence
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
	t := &target{srID: srID, committed: &committed, kickoff: committed.Kickoff, listings: make(map[odds.Bookmaker]odds.Listing)}
	answers, err := e.ask(ctx, t)
	if err != nil {
		return Refreshed{}, err
	}
	ctx, span := start(ctx, "refresh")
	defer span.End()
	result, err := w.Apply(ctx, e.batchOf(t, answers, w))
	switch {
	case errors.Is(err, lease.ErrNotWriter):
		return Refreshed{}, lease.ErrNotWriter
	case err != nil:
		return Refreshed{}, fmt.Errorf("event %s: %w", srID, errors.Join(ErrNotStored, err))
	}
	e.Instruments.Observer.BatchStored(result)
	for i := range answers {
		b := answers[i].Bookmaker
		answers[i].Changed, answers[i].Confirmed = result.Changed[b] > 0, result.Confirmed[b] > 0
		answers[i].Refused = result.Refused[b]
	}
	stored, ok := w.Event(srID)
	if !ok {
		stored = committed // evicted by a cycle end meanwhile
	}
	return Refreshed{Event: stored, Revision: result.Revision, Answers: answers}, nil
}

// batchOf holds the answers against each other as a cycle does, and makes of them what is stored. A refresh has no list
// and no memory: a doubted kickoff is not applied.
func (e *Engine) batchOf(t *target, answers []Answer, committed committedSnapshots) store.Batch {
	now, snapshots := e.cfg.Clock.Now(), make(map[odds.Bookmaker]*odds.Snapshot)
	for _, a := range answers {
		if a.Snapshot == nil {
			continue
		}
		snapshots[a.Bookmaker] = a.Snapshot
		l := t.listings[a.Bookmaker]
		delete(t.listings, a.Bookmaker) // nothing is known of a list
		if doubt := t.reviewDetail(&l, now, nil); doubt != "" {
			e.log.Warn("kickoff doubted", "bookmaker", a.Bookmaker, "sr_id", t.srID, "event_id", l.EventID, "seen", doubt)
		}
		t.listings[a.Bookmaker] = l
	}
	var batch store.Batch
	swaps := t.swapped(snapshots, committed)
	for i := range answers {
		a := &answers[i]
		s, swapped := swaps[a.Bookmaker]
		switch {
		case a.Snapshot == nil:
		case swapped:
			if absence, ok := withdrawal(a.Snapshot, 0, committed); ok {
				batch.Missing = append(batch.Missing, absence)
			}
			t.silence(a.Bookmaker)
			a.Snapshot, a.Err = nil, s.err()
		default:
			batch.Prepared = append(batch.Prepared, store.Prepare(*a.Snapshot))
		}
	}
	batch.Events = []odds.Event{t.event(nil)}
	return batch
}

// ask fetches the event from all bookmakers that it lists at the same moment, and notes what they say of it.
func (e *Engine) ask(ctx context.Context, t *target) ([]Answer, error) {
	ids := ownIDs(*t.committed)
	var names []odds.Bookmaker
	answers := make([]Answer, 0, len(ids))
	for _, b := range odds.Bookmakers() {
		if _, listed := ids[b]; listed && e.clients[b] != nil {
			names = append(names, b)
			answers = append(answers, Answer{Bookmaker: b, Err: fmt.Errorf("%s is backed off: %w", b, bookmaker.ErrPushedBack)})
		}
	}
	permits, _, err := e.limits.AcquireAll(ctx, names, e.cfg.Patience)
	if err != nil {
		return nil, err
	}
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for i := range answers {
		for _, p := range permits {
			if p.Bookmaker() != answers[i].Bookmaker {
				continue
			}
			wg.Go(func() {
				detail := e.answer(ctx, p, bookmaker.Target{EventID: ids[p.Bookmaker()], SrID: t.srID}, &answers[i])
				if detail == nil {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				detail.Listing.EventID = ids[p.Bookmaker()]
				t.listings[p.Bookmaker()] = detail.Listing
			})
		}
	}
	wg.Wait()
	return answers, ctx.Err()
}

// answer asks one bookmaker and gives its slot back; nil when the answer cannot be used.
func (e *Engine) answer(ctx context.Context, p *limit.Permit, asked bookmaker.Target, a *Answer) *bookmaker.Detail {
	sent := time.Now()
	detail, err := e.clients[p.Bookmaker()].Fetch(ctx, asked)
	p.Release(fetch.OutcomeOf(err))
	a.Took, a.Err = time.Since(sent), err
	if err != nil {
		return nil
	}
	a.Snapshot = &detail.Snapshot
	return &detail
}

// ownIDs are the bookmakers' own ids of an event.
func ownIDs(e odds.Event) map[odds.Bookmaker]string {
	ids := make(map[odds.Bookmaker]string, 1+len(e.Competitors))
	if e.BetPawaEventID != "" {
		ids[odds.BetPawa] = e.BetPawaEventID
	}
	for _, c := range e.Competitors {
		ids[c.Bookmaker] = c.EventID
	}
	return ids
}
