package discovery

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func limiter(t *testing.T, slots int) *limit.Limiter {
	t.Helper()
	g, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{odds.Bet9ja: {Slots: slots}})
	if err != nil {
		t.Fatal(err)
	}
	return g.Limiter(odds.Bet9ja)
}

func listing(id, sr string, hours int) odds.Listing {
	return odds.Listing{EventID: id, SrID: sr, Kickoff: time.Date(2026, 5, 6, hours, 0, 0, 0, time.UTC)}
}

// The tournaments' ids say how they answer.
func send(_ context.Context, t bookmaker.Tournament) (Page, error) {
	switch kind, id, _ := strings.Cut(t.ID, "-"); kind {
	case "fails":
		return Page{}, errors.New("no answer")
	case "silent":
		return Page{Silent: true}, nil
	case "empty":
		return Page{}, nil
	case "begun":
		return Page{Events: 1}, nil
	case "refused":
		p := Page{Events: 1}
		p.Reject(id, odds.BadKickoff)
		return p, nil
	case "half": // one page, and then none
		return Page{Events: 1, Listings: []odds.Listing{listing(id, id, 1)}}, errors.New("no second page")
	default:
		return Page{Events: 1, Listings: []odds.Listing{listing(id, id, 1)}}, nil
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		tournaments []string
		listed      []string
		failed      []string
		rejected    int
		err         error
	}{
		"none at all":                 {},
		"all answer":                  {tournaments: []string{"lists-1", "lists-2", "empty-3"}, listed: []string{"1", "2"}},
		"one fails":                   {tournaments: []string{"lists-1", "fails-2"}, listed: []string{"1"}, failed: []string{"fails-2"}},
		"one fails on the way":        {tournaments: []string{"lists-1", "half-2"}, listed: []string{"1", "2"}, failed: []string{"half-2"}},
		"all fail":                    {tournaments: []string{"fails-1", "fails-2"}, failed: []string{"fails-1", "fails-2"}, err: ErrNoTournament},
		"empty as they say":           {tournaments: []string{"empty-1", "empty-2"}},
		"nobody says anything":        {tournaments: []string{"silent-1", "silent-2", "empty-3"}, err: ErrNoEvents},
		"silent beside one that says": {tournaments: []string{"silent-1", "lists-2"}, listed: []string{"2"}},
		"all have begun":              {tournaments: []string{"begun-1", "silent-2"}},
		"all refused":                 {tournaments: []string{"refused-1", "refused-2"}, rejected: 2, err: ErrNoEvents},
		"one refused":                 {tournaments: []string{"refused-1", "lists-2"}, listed: []string{"2"}, rejected: 1},
		"unreadable is not asked":     {tournaments: []string{"lists-1", "!"}, listed: []string{"1"}, failed: []string{"!"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tournaments []bookmaker.Tournament
			for _, id := range tc.tournaments {
				to := bookmaker.Tournament{ID: id}
				if id == "!" {
					to.Err = errors.New("unreadable")
				}
				tournaments = append(tournaments, to)
			}
			found, err := Begin(limiter(t, 2), nil, time.Now).Each(t.Context(), tournaments, send)
			if !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
			var listed, requested, failed []string
			for _, l := range found.Listings {
				listed = append(listed, l.EventID)
			}
			for _, to := range found.Tournaments {
				requested = append(requested, to.ID)
				if to.Err != nil {
					failed = append(failed, to.ID)
				}
				if kind, id, _ := strings.Cut(to.ID, "-"); kind == "refused" && !slices.Equal(to.RejectedIDs, []string{id}) {
					t.Errorf("%s refused %q", to.ID, to.RejectedIDs)
				}
			}
			if diff := cmp.Diff(tc.tournaments, requested); diff != "" {
				t.Errorf("tournaments (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.listed, listed); diff != "" {
				t.Errorf("listed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.failed, failed); diff != "" {
				t.Errorf("failed (-want +got):\n%s", diff)
			}
			if got := found.Rejections[odds.BadKickoff]; got != tc.rejected {
				t.Errorf("%d refused, want %d", got, tc.rejected)
			}
			if found.Partial() != (len(tc.failed) > 0) {
				t.Errorf("partial: %t", found.Partial())
			}
		})
	}
}

func TestEachSendsAsManyRequestsAtOnceAsThereAreSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, 5)
		s := Begin(l, nil, time.Now)
		var most atomic.Int64
		start := time.Now()
		_, err := s.Each(t.Context(), make([]bookmaker.Tournament, 20),
			func(ctx context.Context, _ bookmaker.Tournament) (Page, error) {
				err := s.Call(ctx, func(context.Context) error {
					most.Store(max(most.Load(), int64(l.Stats().InFlight)))
					<-time.After(time.Second)
					return nil
				})
				return Page{}, err
			})
		if got := time.Since(start); err != nil || got != 4*time.Second || most.Load() != 5 {
			t.Errorf("20 calls of 1s took %s with %d at once, error %v; want 4s with 5", got, most.Load(), err)
		}
	})
}

func TestEachEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := Begin(limiter(t, 1), nil, time.Now)
	found, err := s.Each(ctx, make([]bookmaker.Tournament, 3), func(ctx context.Context, _ bookmaker.Tournament) (Page, error) {
		cancel()
		return Page{}, s.Call(ctx, func(context.Context) error { return nil })
	})
	if !errors.Is(err, context.Canceled) || len(found.Tournaments) != 3 || !found.Partial() {
		t.Errorf("%d tournaments, error %v", len(found.Tournaments), err)
	}
}

func TestGivesUpWhereNothingComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, 4)
		s := Begin(l, nil, time.Now)
		start := time.Now()
		var calls atomic.Int64
		found, err := s.Each(t.Context(), make([]bookmaker.Tournament, 300),
			func(ctx context.Context, _ bookmaker.Tournament) (Page, error) {
				return Page{}, s.Call(ctx, func(context.Context) error {
					<-time.After(50 * time.Millisecond)
					calls.Add(1)
					return &bookmaker.Throttled{How: bookmaker.Forbidden, Status: 403}
				})
			})
		if !errors.Is(err, ErrNoTournament) || !errors.Is(err, bookmaker.ErrThrottled) {
			t.Errorf("error %v", err)
		}
		if requested := int(calls.Load()); found.Blocked != requested || requested > 20 {
			t.Errorf("%d of 300 asked, %d blocked", requested, found.Blocked)
		}
		if last := found.Tournaments[299].Err; !errors.Is(last, ErrGivenUp) {
			t.Errorf("the last one: %v", last)
		}
		if got := time.Since(start); got > 40*time.Second {
			t.Errorf("gave up after %s", got)
		}
		if s := l.Stats(); s.InFlight != 0 || s.Waiting != 0 {
			t.Errorf("left over: %+v", s)
		}
	})
}

func TestGoesOnWhileSomethingGoodComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Begin(limiter(t, 8), nil, time.Now)
		var n atomic.Int64
		found, err := s.Each(t.Context(), make([]bookmaker.Tournament, 60),
			func(ctx context.Context, _ bookmaker.Tournament) (Page, error) {
				return Page{}, s.Call(ctx, func(context.Context) error {
					<-time.After(500 * time.Millisecond)
					if n.Add(1)%3 == 0 {
						return &bookmaker.Throttled{How: bookmaker.TooManyRequests, Status: 429}
					}
					return nil
				})
			})
		if err != nil {
			t.Fatal(err)
		}
		for i, to := range found.Tournaments {
			if errors.Is(to.Err, ErrGivenUp) {
				t.Errorf("tournament %d was not asked", i)
			}
		}
		if found.Blocked != 20 {
			t.Errorf("%d blocked, want 20", found.Blocked)
		}
	})
}

func TestCallReleasesItsSlotWhateverHappens(t *testing.T) {
	t.Parallel()
	l := limiter(t, 1)
	s := Begin(l, nil, time.Now)
	func() {
		defer func() { _ = recover() }()
		_ = s.Call(t.Context(), func(context.Context) error { panic("decoder") })
	}()
	if got := l.Stats().InFlight; got != 0 {
		t.Errorf("%d in flight after a panic", got)
	}
}
