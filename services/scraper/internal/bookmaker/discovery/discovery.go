// Package discovery is discovery at one bookmaker: it asks every tournament for its events, as many at once as the
// limiter has slots, and says for each whether it answered.
//
// It is not for the bookmaker's paths and shapes, which the clients bring, nor for merging bookmakers.
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

// Errors of a sweep.
var (
	// ErrGivenUp is the error of tournaments that were not asked any more because the bookmaker stayed backed off.
	ErrGivenUp = fmt.Errorf("not asked, the bookmaker stays backed off: %w", bookmaker.ErrPushedBack)
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

// defaultPatience is how long a sweep waits for a bookmaker that is backed off before it leaves the rest out.
const defaultPatience = 10 * time.Second

// Page is what one answer lists.
type Page struct {
	Listings []odds.Listing
	// Events is how many events the answer held, with those that were refused or have begun; Repeated how many of them it
	// held before.
	Events, Repeated int
	// Said is how many events the answer itself says that there are; 0 when it does not say.
	Said       int
	Refusals   odds.Refusals
	RefusedIDs []string
	// Unlinked is how many of the refused are known to have no SportRadar id, not in their details either.
	Unlinked int
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
	p.Repeated += o.Repeated
	p.Said = max(p.Said, o.Said)
	p.RefusedIDs = append(p.RefusedIDs, o.RefusedIDs...)
	p.Unlinked += o.Unlinked
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
	past     *Past
	now      func() time.Time
	began    time.Time // of the discovery, with a monotonic reading

	mu      sync.Mutex // guards the rest
	said    int        // events in all, as the site says
	blocked int
	good    time.Time // the last good answer, or the start
	gaveUp  bool
}

// New begins a discovery. past is what the bookmaker's discoveries before it listed, and is updated when this one ends;
// nil when there were none. now is the clock that tells which events have begun.
func New(limiter *limit.Limiter, past *Past, now func() time.Time) *Sweep {
	return &Sweep{limiter: limiter, patience: defaultPatience, past: past, now: now, good: time.Now(), began: time.Now()}
}

// begun counts the events of a tournament that have begun while the discovery ran, or were about to.
func (s *Sweep) begun(tournamentID string) int {
	now := s.now()
	return s.past.between(tournamentID, now.Add(-time.Since(s.began)-around), now.Add(around))
}

// Said notes how many events the site says that it has in all tournaments; 0 when it does not say.
func (s *Sweep) Said(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = events
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
			if asked[i].Err == nil {
				asked[i].Err = s.short(t.ID, max(t.Said, pages[i].Said), pages[i].Events-pages[i].Repeated)
			}
			return nil
		})
	}
	_ = g.Wait()
	s.believe(asked, pages)
	return s.gather(ctx, asked, pages)
}

// short compares the events that a tournament listed with the site's own count of them. The count was read before the
// list: an event that has begun in between, or was about to, is not missing.
func (s *Sweep) short(tournamentID string, said, listed int) error {
	if said <= listed+s.begun(tournamentID) {
		return nil
	}
	return fmt.Errorf("%d events, the site says %d: %w", listed, said, ErrShortList)
}

// believe takes back that tournaments are short when the site's counts have turned out to count something else.
func (s *Sweep) believe(asked []bookmaker.Tournament, pages []Page) {
	met, missed := false, false
	for i, t := range asked {
		said := max(t.Said, pages[i].Said)
		met = met || t.Err == nil && said > 0 && pages[i].Events-pages[i].Repeated >= said
		missed = missed || errors.Is(t.Err, ErrShortList)
	}
	if s.past.believed(met, missed) {
		return
	}
	for i := range asked {
		if errors.Is(asked[i].Err, ErrShortList) {
			asked[i].Err = nil
		}
	}
}

// lacking reports whether the site says that it has more events than its tournaments list, or say that they have: the list
// of tournaments itself is short. What a total counts is known less well than what a tournament's count does, so one event
// in twenty may be missing.
func (s *Sweep) lacking(asked []bookmaker.Tournament, events int) bool {
	s.mu.Lock()
	total := s.said
	s.mu.Unlock()
	said, begun := 0, 0
	for _, t := range asked {
		if t.Err != nil && !errors.Is(t.Err, ErrShortList) {
			return false // it did not answer: whatever is missing may be there
		}
		said += t.Said
		begun += s.begun(t.ID)
	}
	if total == 0 {
		return false
	}
	missed := max(events, said)+begun < total-max(1, total/20)
	return s.past.totalBelieved(missed) && missed
}

// gather puts together what the tournaments said, and decides whether the bookmaker said anything at all.
func (s *Sweep) gather(ctx context.Context, asked []bookmaker.Tournament, pages []Page) (bookmaker.Discovery, error) {
	found := bookmaker.Discovery{Tournaments: asked, Refusals: make(odds.Refusals), Blocked: s.Blocked()}
	answered, silent, events, short, readable := 0, 0, 0, 0, 0
	var firstErr error
	for i, p := range pages {
		found.Listings = append(found.Listings, p.Listings...)
		found.Refusals.Add(p.Refusals)
		events += p.Events
		if p.Silent {
			silent++
		}
		readable += p.Refusals[odds.NotReal] + p.Unlinked
		switch err := asked[i].Err; {
		case err == nil:
			answered++
		case errors.Is(err, ErrShortList):
			answered++
			short++
		case firstErr == nil:
			firstErr = err
		}
	}
	refused := found.Refusals.Total()
	found.Listings = distinct(found.Listings, found.Refusals)
	if short == 0 && s.lacking(asked, events) {
		found.Short = true
		short++
	}
	if short > 0 {
		found.Refusals[odds.ShortList] += short
	}
	s.past.keep(found.Listings)
	switch {
	case ctx.Err() != nil:
		return found, ctx.Err()
	case answered == 0 && len(asked) > 0:
		return found, fmt.Errorf("%d tournaments listed: %w: %w", len(asked), ErrNoTournament, firstErr)
	// Every event refused, or nowhere a list where one was due: the answers have another shape than we know. What has
	// begun is neither refused nor listed, so a quiet hour does not look like that. What nobody plays was
	// readable, and so was an event whose detail was asked already for the id that its listing lacks.
	case events > 0 && refused == events && refused > readable, events == 0 && silent > 0:
		return found, fmt.Errorf("%d of %d tournaments answered, %d without a list, %d events refused: %w",
			answered, len(asked), silent, refused, ErrNoEvents)
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
