// Package discovery lists the events of one bookmaker: it reads every tournament, as many at once as the limiter has
// slots, reports for each whether it answered, and compares the lists with the site's own counts.
//
// It is not for requests and shapes (package client), nor for merging bookmakers (package cycle).
package discovery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Errors of a discovery.
var (
	// ErrGivenUp is the error of tournaments that were not read because the bookmaker stayed backed off.
	ErrGivenUp = fmt.Errorf("not requested, the bookmaker stays backed off: %w", bookmaker.ErrThrottled)
	// ErrNoTournament says that tournaments were listed and none of them answered.
	ErrNoTournament = errors.New("no tournament answered")
	// ErrShortList is the error of a tournament that lists fewer events than the site itself says that it has.
	ErrShortList = errors.New("lists fewer events than the site says there are")
	// ErrNoEvents says that tournaments answered without a usable event, and without saying that there is none. An
	// answer of another shape looks like that.
	ErrNoEvents = errors.New("no tournament lists a usable event")
)

// around is how far a site's clock may be from ours where a kickoff is concerned.
const around = time.Minute

// defaultWaitTimeout is how long a discovery waits for a bookmaker that is backed off before it leaves the rest out.
const defaultWaitTimeout = 10 * time.Second

// Run is one discovery. Its methods may be called concurrently.
type Run struct {
	limiter     *limit.Limiter
	waitTimeout time.Duration
	past        *Past
	now         func() time.Time
	began       time.Time // with a monotonic reading

	mu      sync.Mutex // guards the rest
	total   int        // events in all tournaments, as the site says
	blocked int
	good    time.Time // the last good answer, or the start
	gaveUp  bool
}

// Begin begins a discovery. past is what the bookmaker's discoveries before it listed, and is updated when this one ends;
// nil when there were none. now is the clock by which events have begun.
func Begin(limiter *limit.Limiter, past *Past, now func() time.Time) *Run {
	return &Run{
		limiter: limiter, waitTimeout: defaultWaitTimeout, past: past, now: now, good: time.Now(), began: time.Now(),
	}
}

// begun counts the events of a tournament that have begun while the discovery ran, or were about to.
func (r *Run) begun(tournamentID string) int {
	now := r.now()
	return r.past.between(tournamentID, now.Add(-time.Since(r.began)-around), now.Add(around))
}

// SetTotal notes how many events the site says that there are in all tournaments; 0 when it does not say.
func (r *Run) SetTotal(events int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total = events
}

// Call does one request with a permit. It returns ErrGivenUp without doing it when the bookmaker stays backed off.
func (r *Run) Call(ctx context.Context, do func(context.Context) error) error {
	for {
		if r.stopped() {
			return ErrGivenUp
		}
		permit, ok, err := r.limiter.AcquireWithin(ctx, r.waitTimeout)
		switch {
		case err != nil:
			return fmt.Errorf("waiting for a slot: %w", err)
		case ok:
			return r.do(ctx, permit, do)
		}
		r.giveUp()
	}
}

// Each reads every tournament with read, which makes its requests through Call, and gathers what they list. One that has
// an error already, since its own entry could not be read, is left out. The error is not nil when the bookmaker as a
// whole did not answer: ErrNoTournament, ErrNoEvents, or that of ctx.
func (r *Run) Each(
	ctx context.Context,
	tournaments []bookmaker.Tournament,
	read func(context.Context, bookmaker.Tournament) (Page, error),
) (bookmaker.Discovery, error) {
	pages := make([]Page, len(tournaments))
	tried := make([]bookmaker.Tournament, len(tournaments))
	var g errgroup.Group // a tournament that fails stops no other, so none returns an error
	g.SetLimit(r.limiter.Slots())
	for i, t := range tournaments {
		if tried[i] = t; t.Err != nil {
			continue
		}
		g.Go(func() error {
			pages[i], tried[i].Err = read(ctx, t)
			tried[i].RejectedIDs = pages[i].RejectedIDs
			if tried[i].Err == nil {
				tried[i].Err = r.short(t.ID, max(t.Count, pages[i].Count), pages[i].Events)
			}
			return nil
		})
	}
	_ = g.Wait()
	r.believe(tried, pages)
	return r.gather(ctx, tried, pages)
}

// short compares the events that a tournament listed with the site's own count of them. The count was read before the
// list: an event that has begun in between, or was about to, is not missing.
func (r *Run) short(tournamentID string, count, listed int) error {
	if count <= listed+r.begun(tournamentID) {
		return nil
	}
	return fmt.Errorf("%d events, the site says %d: %w", listed, count, ErrShortList)
}

// believe takes back that tournaments are short when the site's counts have turned out to count something else.
func (r *Run) believe(tried []bookmaker.Tournament, pages []Page) {
	met, missed := false, false
	for i, t := range tried {
		count := max(t.Count, pages[i].Count)
		met = met || t.Err == nil && count > 0 && pages[i].Events >= count
		missed = missed || errors.Is(t.Err, ErrShortList)
	}
	if r.past.believed(met, missed) {
		return
	}
	for i := range tried {
		if errors.Is(tried[i].Err, ErrShortList) {
			tried[i].Err = nil
		}
	}
}

// lacking reports whether the site says that it has more events than its tournaments list, or their counts add up to: the list
// of tournaments itself is short. What a total counts is known less well than what a tournament's count does, so one event
// in twenty may be missing.
func (r *Run) lacking(tried []bookmaker.Tournament, events int) bool {
	r.mu.Lock()
	total := r.total
	r.mu.Unlock()
	counts, begun := 0, 0
	for _, t := range tried {
		if t.Err != nil && !errors.Is(t.Err, ErrShortList) {
			return false // it did not answer: whatever is missing may be there
		}
		counts += t.Count
		begun += r.begun(t.ID)
	}
	if total == 0 {
		return false
	}
	missed := max(events, counts)+begun < total-max(1, total/20)
	return r.past.totalBelieved(missed) && missed
}

// gather puts together what the tournaments list, and decides whether the bookmaker answered at all.
func (r *Run) gather(ctx context.Context, tried []bookmaker.Tournament, pages []Page) (bookmaker.Discovery, error) {
	found := bookmaker.Discovery{Tournaments: tried, Rejections: make(odds.Rejections), Blocked: r.Blocked()}
	answered, silent, events, short, readable := 0, 0, 0, 0, 0
	var firstErr error
	for i, p := range pages {
		found.Listings = append(found.Listings, p.Listings...)
		found.Rejections.Add(p.Rejections)
		events += p.Events
		if p.Silent {
			silent++
		}
		readable += p.Rejections[odds.NotReal] + p.Unlinked
		switch err := tried[i].Err; {
		case err == nil:
			answered++
		case errors.Is(err, ErrShortList):
			answered++
			short++
		case firstErr == nil:
			firstErr = err
		}
	}
	rejected := found.Rejections.Total()
	found.Listings = distinct(found.Listings, found.Rejections)
	if short == 0 && r.lacking(tried, events) {
		found.Short = true
		short++
	}
	if short > 0 {
		found.Rejections[odds.ShortList] += short
	}
	r.past.keep(found.Listings)
	switch {
	case ctx.Err() != nil:
		return found, ctx.Err()
	case answered == 0 && len(tried) > 0:
		return found, fmt.Errorf("%d tournaments listed: %w: %w", len(tried), ErrNoTournament, firstErr)
	// Every event refused, or nowhere a list where one was due: the answers have another shape than we know. What has
	// begun is neither refused nor listed, so a quiet hour does not look like that. What nobody plays was
	// readable, and so was an event whose detail was read already for the id that its listing lacks.
	case events > 0 && rejected == events && rejected > readable, events == 0 && silent > 0:
		return found, fmt.Errorf("%d of %d tournaments answered, %d without a list, %d events refused: %w",
			answered, len(tried), silent, rejected, ErrNoEvents)
	}
	return found, nil
}

// Blocked is how many requests were turned away so far.
func (r *Run) Blocked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.blocked
}

// do makes the request, releases the permit, and keeps count.
func (r *Run) do(ctx context.Context, permit *limit.Permit, do func(context.Context) error) error {
	err := permit.Do(fetch.OutcomeOf, func() error { return do(ctx) })
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.good = time.Now()
	case errors.Is(err, bookmaker.ErrThrottled):
		r.blocked++
	}
	return err
}

func (r *Run) stopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gaveUp
}

// giveUp ends the discovery when nothing good came within the wait timeout, or nothing can come.
func (r *Run) giveUp() {
	until, _ := r.limiter.BackedOff()
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.good) >= r.waitTimeout || time.Until(until) > r.waitTimeout {
		r.gaveUp = true
	}
}
