package limit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// books are the bookmakers of three.
func books() []odds.Bookmaker { return []odds.Bookmaker{odds.BetPawa, odds.SportyBet, odds.Bet9ja} }

func three(t *testing.T, slots int) *limit.Group {
	t.Helper()
	return group(t, map[odds.Bookmaker]limit.Config{
		odds.BetPawa: {Slots: slots}, odds.SportyBet: {Slots: slots}, odds.Bet9ja: {Slots: slots},
	})
}

func TestAcquireAllIsAllOrNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := three(t, 1)
		busy := take(t, g.Limiter(odds.Bet9ja))
		got := make(chan []*limit.Permit)
		go func() { // ends with the release below
			permits, _ := acquireAll(t.Context(), t, g, books(), 500*time.Millisecond)
			got <- permits
		}()
		<-time.After(time.Second) // longer than the wait timeout, but nobody is backed off
		for _, s := range g.Stats() {
			want := 0
			if s.Bookmaker == odds.Bet9ja {
				want = 1
			}
			if s.InFlight != want || s.Waiting != 1 {
				t.Errorf("while waiting: %+v, want %d in flight", s, want)
			}
		}
		busy.Release(good())
		permits := <-got
		if diff := cmp.Diff(books(), names(permits)); diff != "" {
			t.Errorf("permits (-want +got):\n%s", diff)
		}
	})
}

func TestAcquireAllGoesWithoutWhoIsBackedOff(t *testing.T) {
	t.Parallel()
	const waitTimeout = 500 * time.Millisecond
	for name, tc := range map[string]struct {
		retryAfter time.Duration
		later      time.Duration // between the throttling and the call
		wantMiss   bool
		wantWait   time.Duration
	}{
		"a short pause is waited for":            {0, 0, false, 250 * time.Millisecond},
		"a pause of the wait timeout is too":     {waitTimeout, 0, false, waitTimeout},
		"a longer one is not waited for":         {waitTimeout + 1, 0, true, 0},
		"what is left of a pause decides":        {2 * time.Second, 1600 * time.Millisecond, false, 400 * time.Millisecond},
		"a pause that is over is not in the way": {time.Second, time.Second, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := three(t, 10)
				<-time.After(1)
				take(t, g.Limiter(odds.SportyBet)).Release(limit.Outcome{Kind: limit.Throttled, RetryAfter: tc.retryAfter})
				<-time.After(tc.later)
				start := time.Now()
				permits, missing := acquireAll(t.Context(), t, g, books(), waitTimeout)
				if got := time.Since(start); got != tc.wantWait {
					t.Errorf("waited %s, want %s", got, tc.wantWait)
				}
				if got := slices.Contains(missing, odds.SportyBet); got != tc.wantMiss {
					t.Errorf("missing %v, permits %v", missing, names(permits))
				}
			})
		})
	}
}

// After three throttlings and a good answer the bookmaker is at a quarter of its slots, and those are out. The event
// waits exactly the wait timeout.
func TestAcquireAllWaitsForItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := three(t, 8)
		l := g.Limiter(odds.SportyBet)
		for _, o := range []limit.Outcome{throttled(), throttled(), throttled(), good()} {
			answer(t, l, time.Millisecond, o)
		}
		acquire(t, l)
		acquire(t, l) // and never comes back
		start := time.Now()
		permits, missing := acquireAll(t.Context(), t, g, books(), 500*time.Millisecond)
		if got := time.Since(start); got != 500*time.Millisecond {
			t.Errorf("waited %s, want 500ms", got)
		}
		if diff := cmp.Diff([]odds.Bookmaker{odds.SportyBet}, missing); diff != "" {
			t.Errorf("missing (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]odds.Bookmaker{odds.BetPawa, odds.Bet9ja}, names(permits)); diff != "" {
			t.Errorf("permits (-want +got):\n%s", diff)
		}
		permits, missing = acquireAll(t.Context(), t, g, []odds.Bookmaker{odds.SportyBet}, 500*time.Millisecond)
		if len(permits) != 0 || len(missing) != 1 {
			t.Errorf("an event of the missing bookmaker alone: %v, missing %v", names(permits), missing)
		}
	})
}

// Of a bookmaker that is down, one event finds out whether it still is; the others do not wait for that.
func TestAcquireAllDoesNotWaitForWhoIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := three(t, 2)
		for range 2 {
			answer(t, g.Limiter(odds.SportyBet), time.Millisecond, throttled())
		}
		<-time.After(time.Second) // the pause is over
		start := time.Now()
		for i, want := range []int{3, 2} {
			permits, _ := acquireAll(t.Context(), t, g, books(), 500*time.Millisecond)
			if len(permits) != want || time.Since(start) != 0 {
				t.Errorf("event %d: %v after %s, want %d at once", i, names(permits), time.Since(start), want)
			}
		}
	})
}

func TestAcquireAllOfAStalledBookmaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := three(t, 3)
		for range 3 {
			take(t, g.Limiter(odds.BetPawa))
		}
		start := time.Now()
		_, missing := acquireAll(t.Context(), t, g, books(), 500*time.Millisecond)
		if diff := cmp.Diff([]odds.Bookmaker{odds.BetPawa}, missing); diff != "" {
			t.Errorf("missing (-want +got):\n%s", diff)
		}
		if got := time.Since(start); got != 2500*time.Millisecond {
			t.Errorf("went without it after %s, want 2.5s: stalled after two, then the wait timeout", got)
		}
	})
}

// While the first in line waits for Bet9ja, others overtake with what is left, but one slot stays free for it.
func TestOvertakingLeavesTheFirstItsSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := group(t, map[odds.Bookmaker]limit.Config{odds.BetPawa: {Slots: 3}, odds.Bet9ja: {Slots: 1}})
		busy := take(t, g.Limiter(odds.Bet9ja))
		served := make(chan string, 10)
		send := func(name string, books ...odds.Bookmaker) {
			go func() { // ends when served, at the latest with the bubble
				if _, _, err := g.AcquireAll(t.Context(), books, time.Second); err == nil {
					served <- name
				}
			}()
			synctest.Wait()
		}
		send("both", odds.BetPawa, odds.Bet9ja)
		send("both, behind", odds.BetPawa, odds.Bet9ja)
		for _, name := range []string{"pawa 1", "pawa 2", "pawa 3"} {
			send(name, odds.BetPawa)
		}
		if got := g.Limiter(odds.BetPawa).Stats().InFlight; got != 2 {
			t.Errorf("%d of BetPawa's 3 slots out, want 2", got)
		}
		busy.Release(good())
		synctest.Wait()
		close(served)
		var order []string
		for name := range served {
			order = append(order, name)
		}
		if diff := cmp.Diff([]string{"pawa 1", "pawa 2", "both"}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

func TestWaitersAreServedInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := three(t, 1)
		held, _ := acquireAll(t.Context(), t, g, books(), time.Second)
		served := make(chan int, 20)
		var waiters sync.WaitGroup
		defer waiters.Wait()
		for i := range 20 {
			waiters.Go(func() {
				permits, _ := acquireAll(t.Context(), t, g, books(), time.Minute)
				served <- i
				<-time.After(100 * time.Millisecond)
				for _, p := range permits {
					p.Release(good())
				}
			})
			synctest.Wait()
		}
		for _, p := range held {
			p.Release(good())
		}
		for want := range 20 {
			if got := <-served; got != want {
				t.Errorf("served %d, want %d", got, want)
			}
		}
	})
}

func TestCancelledWaiterFreesWhatWasLeftToIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := group(t, map[odds.Bookmaker]limit.Config{odds.BetPawa: {Slots: 1}, odds.Bet9ja: {Slots: 1}})
		take(t, g.Limiter(odds.Bet9ja))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		done := make(chan error)
		go func() { // ends with the time-out
			_, _, err := g.AcquireAll(ctx, []odds.Bookmaker{odds.BetPawa, odds.Bet9ja}, time.Minute)
			done <- err
		}()
		synctest.Wait()
		start := time.Now()
		acquire(t, g.Limiter(odds.BetPawa)).Release(good())
		if got := time.Since(start); got != time.Second {
			t.Errorf("BetPawa's slot came free after %s, want with the time-out", got)
		}
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled waiter got %v", err)
		}
	})
}

func TestAcquireAllOfOddSets(t *testing.T) {
	t.Parallel()
	g := group(t, map[odds.Bookmaker]limit.Config{odds.BetPawa: {Slots: 1}})
	if _, _, err := g.AcquireAll(t.Context(), books(), 0); !errors.Is(err, limit.ErrUnknownBookmaker) {
		t.Errorf("unknown bookmaker: %v", err)
	}
	permits, missing, err := g.AcquireAll(t.Context(), nil, 0)
	if len(permits) != 0 || len(missing) != 0 || err != nil {
		t.Errorf("nobody: %v, %v, %v", permits, missing, err)
	}
	permits, _, err = g.AcquireAll(t.Context(), []odds.Bookmaker{odds.BetPawa, odds.BetPawa}, 0)
	if len(permits) != 1 || err != nil {
		t.Errorf("twice the same: %d permits, %v", len(permits), err)
	}
}
