// Package sweep is discovery at one bookmaker: it asks every tournament for its events, as many at once as the
// limiter has slots, and says for each whether it answered.
//
// It is not for the bookmaker's paths and shapes, which the clients bring, nor for merging bookmakers.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Errors of a sweep.
var (
	// ErrGivenUp is the error of tournaments that were not asked any more because the bookmaker stayed backed off.
	ErrGivenUp = fmt.Errorf("not asked, the bookmaker stays backed off: %w", bookmaker.ErrPushedBack)
	// ErrNoTournament says that tournaments were listed and none of them answered.
	ErrNoTournament = errors.New("no tournament answered")
	// ErrNoEvents says that tournaments answered without a usable event, and without saying that there is none. An
	// answer of another shape looks like that.
	ErrNoEvents = errors.New("no tournament lists a usable event")
)

// defaultPatience is how long a sweep waits for a bookmaker that is backed off before it leaves the rest out.
const defaultPatience = 10 * time.Second

// Page is what one answer lists.
type Page struct {
	Listings []odds.Listing
	// Events is how many events the answer held, with those that were refused or have begun.
	Events     int
	Refusals   odds.Refusals
	RefusedIDs []string
	// Silent says that the answer held no list at all, where an empty one was due. Some end points leave empty lists
	// out, so it is doubtful only when nobody lists anything.
	Silent bool
}

// Refuse counts a refused event; id is empty when it could not be read.
func (p *Page) Refuse(id string, reason odds.Reason) {
	if p.Refusals == nil {
		p.Refusals = make(odds.Refusals)
	}
	p.Refusals[reason]++
	p.RefusedIDs = append(p.RefusedIDs, id)
}

// Add appends what another answer of the same tournament lists.
func (p *Page) Add(o Page) {
	p.Listings = append(p.Listings, o.Listings...)
	p.Events += o.Events
	p.RefusedIDs = append(p.RefusedIDs, o.RefusedIDs...)
	p.Silent = p.Silent || o.Silent
	if p.Refusals == nil {
		p.Refusals = make(odds.Refusals)
	}
	p.Refusals.Add(o.Refusals)
}

// Sweep is one discovery. Its methods may be called concurrently.
type Sweep struct {
	limiter  *limit.Limiter
	patience time.Duration

	mu      sync.Mutex // guards the rest
	blocked int
	good    time.Time // the last good answer, or the start
	gaveUp  bool
}

// New begins a discovery.
func New(limiter *limit.Limiter) *Sweep {
	return &Sweep{limiter: limiter, patience: defaultPatience, good: time.Now()}
}

// Call does one request with a permit. It returns ErrGivenUp without doing it when the bookmaker stays backed off.
func (s *Sweep) Call(ctx context.Context, do func(context.Context) error) error {
	for {
		if s.stopped() {
			return ErrGivenUp
		}
		permit, ok, err := s.limiter.AcquireWithin(ctx, s.patience)
		switch {
		case err != nil:
			return fmt.Errorf("waiting for a slot: %w", err)
		case ok:
			return s.do(ctx, permit, do)
		}
		s.giveUp()
	}
}

// Each asks every tournament through ask, which makes its requests through Call, and gathers what they list. One
// that has an error already, since its own entry could not be read, is not asked. The error is not nil when the
// bookmaker as a whole told nothing: ErrNoTournament, ErrNoEvents, or that of ctx.
func (s *Sweep) Each(
	ctx context.Context,
	tournaments []bookmaker.Tournament,
	ask func(context.Context, bookmaker.Tournament) (Page, error),
) (bookmaker.Discovery, error) {
	pages := make([]Page, len(tournaments))
	asked := make([]bookmaker.Tournament, len(tournaments))
	var g errgroup.Group // a tournament that fails stops no other, so none returns an error
	g.SetLimit(s.limiter.Slots())
	for i, t := range tournaments {
		if asked[i] = t; t.Err != nil {
			continue
		}
		g.Go(func() error {
			pages[i], asked[i].Err = ask(ctx, t)
			asked[i].RefusedIDs = pages[i].RefusedIDs
			return nil
		})
	}
	_ = g.Wait()
	return s.gather(ctx, asked, pages)
}

// gather puts together what the tournaments said, and decides whether the bookmaker said anything at all.
func (s *Sweep) gather(ctx context.Context, asked []bookmaker.Tournament, pages []Page) (bookmaker.Discovery, error) {
	found := bookmaker.Discovery{Tournaments: asked, Refusals: make(odds.Refusals), Blocked: s.Blocked()}
	answered, silent, events := 0, 0, 0
	var firstErr error
	for i, p := range pages {
		found.Listings = append(found.Listings, p.Listings...)
		found.Refusals.Add(p.Refusals)
		events += p.Events
		if p.Silent {
			silent++
		}
		if err := asked[i].Err; err == nil {
			answered++
		} else if firstErr == nil {
			firstErr = err
		}
	}
	found.Listings = distinct(found.Listings, found.Refusals)
	switch {
	case ctx.Err() != nil:
		return found, ctx.Err()
	case answered == 0 && len(asked) > 0:
		return found, fmt.Errorf("%d tournaments listed: %w: %w", len(asked), ErrNoTournament, firstErr)
	// Every event refused, or nowhere a list where one was due: the answers have another shape than we know. What has
	// begun is neither refused nor listed, so a quiet hour does not look like that.
	case events > 0 && found.Refusals.Total() == events, events == 0 && silent > 0:
		return found, fmt.Errorf("%d of %d tournaments answered, %d without a list, %d events refused: %w",
			answered, len(asked), silent, found.Refusals.Total(), ErrNoEvents)
	}
	return found, nil
}

// Blocked is how many requests were turned away so far.
func (s *Sweep) Blocked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blocked
}

// do makes the request, gives the permit back with what came of it, and keeps count.
func (s *Sweep) do(ctx context.Context, permit *limit.Permit, do func(context.Context) error) error {
	var outcome limit.Outcome
	defer func() { permit.Release(outcome) }() // also when do panics
	err := do(ctx)
	outcome = fetch.OutcomeOf(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.good = time.Now()
	case errors.Is(err, bookmaker.ErrPushedBack):
		s.blocked++
	}
	return err
}

func (s *Sweep) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gaveUp
}

// giveUp ends the sweep when patience ran out and nothing good came in that time, or nothing can come.
func (s *Sweep) giveUp() {
	until, _ := s.limiter.BackedOff()
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.good) >= s.patience || time.Until(until) > s.patience {
		s.gaveUp = true
	}
}
