package bookmakertest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// slots are those of a site's client where a test does not need others.
const slots = 20

// Run checks that the client of a bookmaker does with its answers what every client does. Whether it leaves goroutines
// behind is for goleak in the caller's TestMain.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, Fixture){
		"Discover":             discover,
		"Discover/pages":       discoverPages,
		"Discover/counts":      discoverCounts,
		"Discover/faults":      discoverFaults,
		"Discover/not listed":  discoverNotListed,
		"Discover/without id":  discoverWithoutID,
		"Fetch":                fetchOne,
		"Fetch/faults":         fetchFaults,
		"Fetch/prices":         fetchPrices,
		"cancelled":            cancelled,
		"limits":               limits,
		"Date":                 date,
		"fields without a use": unusedFields,
		"simulator":            simulator,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, f)
		})
	}
}

// detail fetches an event with a permit, as a cycle does.
func (s *Site) detail(ctx context.Context, target bookmaker.Target) (detail bookmaker.Detail, err error) {
	permit, err := s.Limiter.Acquire(ctx)
	if err != nil {
		return bookmaker.Detail{}, err
	}
	err = permit.Do(fetch.OutcomeOf, func() (err error) {
		detail, err = s.Client.Fetch(ctx, target)
		return err
	})
	return detail, err
}

// rejectedAs reports whether an error refuses an answer for the reason.
func rejectedAs(err error, reason odds.Reason) bool {
	rejected, ok := errors.AsType[*odds.Rejected](err)
	return ok && rejected.Reason == reason
}

// A request ends with its context, and its permit comes back.
func cancelled(t *testing.T, f Fixture) {
	s := NewSite(t, f, 2, 3, 3, 3)
	arrived := make(chan struct{}, 100)
	s.Hold = func(r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}
	for name, do := range map[string]func(context.Context) error{
		"Discover": func(ctx context.Context) error { _, err := s.Client.Discover(ctx); return err },
		"Fetch": func(ctx context.Context) error {
			_, err := s.detail(ctx, bookmaker.Target{EventID: f.EventID("1")})
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- do(ctx) }()
		<-arrived
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		s.Released(t)
	}
}

// No more requests are under way than there are slots.
func limits(t *testing.T, f Fixture) {
	s := NewSite(t, f, 2, 1, 1, 1, 1, 1, 1, 1, 1)
	s.Hold = func(*http.Request) { <-time.After(5 * time.Millisecond) }
	if _, err := s.Client.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if most := s.most.Load(); most != 2 {
		t.Errorf("%d requests at the same time, want 2", most)
	}
	s.Released(t)
}

// The Date of answers is compared with the clock.
func date(t *testing.T, f Fixture) {
	s := NewSite(t, f, slots, 1)
	s.Clock.Begin()
	s.Header.Set("Date", time.Now().Add(3*time.Hour).UTC().Format(http.TimeFormat))
	if _, err := s.Client.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := s.Clock.Compare(); !c.Skewed() {
		t.Errorf("a site that is three hours ahead went unnoticed: %s", c)
	}
}
