package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
)

func TestSpacing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 15, Spacing: 25 * time.Millisecond})
		start := time.Now()
		for i := range 15 {
			acquire(t, l)
			if got, want := time.Since(start), time.Duration(i)*25*time.Millisecond; got != want {
				t.Errorf("request %d sent after %s, want %s", i, got, want)
			}
		}
	})
}

func TestSlotsBoundWhatIsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 2})
		first, second := take(t, l), take(t, l)
		if _, ok := l.TryAcquire(); ok {
			t.Fatal("a third permit of two slots")
		}
		got := make(chan *limit.Permit)
		go func() { got <- acquire(t, l) }() // ends with the release below
		synctest.Wait()
		if s := l.Stats(); s.Waiting != 1 || s.InFlight != 2 {
			t.Fatalf("one waits for two: %+v", s)
		}
		first.Release(good())
		first.Release(throttled()) // only the first call counts
		third := <-got
		if _, ok := l.TryAcquire(); ok {
			t.Fatal("a permit released twice made two slots")
		}
		second.Release(good())
		third.Release(good())
		if s := l.Stats(); s.InFlight != 0 || s.Waiting != 0 || s.Cuts != 0 {
			t.Fatalf("something is left: %+v", s)
		}
	})
}

func TestTryAcquireDoesNotOvertake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 3, Spacing: time.Second})
		take(t, l)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { _, err := l.Acquire(ctx); done <- err }() // ends with cancel
		synctest.Wait()
		if _, ok := l.TryAcquire(); ok {
			t.Error("took what another waits for")
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled waiter got %v", err)
		}
		<-time.After(time.Second)
		take(t, l)
	})
}

func TestAcquireOfAnEndedContextTakesNothing(t *testing.T) {
	t.Parallel()
	l := one(t, limit.Config{Slots: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Acquire(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	take(t, l)
}

func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 2, Spacing: 100 * time.Millisecond})
		start := time.Now()
		holder := acquire(t, l)
		waiting := make(chan time.Duration, 2)
		for range 2 { // both end when the slots are free
			go func() {
				acquire(t, l).Release(good())
				waiting <- time.Since(start)
			}()
			synctest.Wait()
		}
		if err := l.Pace(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got != 100*time.Millisecond {
			t.Errorf("a retry was sent after %s, want before those who wait, after 100ms", got)
		}
		holder.Release(good())
		for _, want := range []time.Duration{200 * time.Millisecond, 300 * time.Millisecond} {
			if got := <-waiting; got != want {
				t.Errorf("a waiter was served after %s, want %s", got, want)
			}
		}
		p := acquire(t, l)
		l.Observe(time.Now(), limit.Outcome{Kind: limit.Throttled, RetryAfter: 2 * time.Second})
		before := time.Now()
		if err := l.Pace(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(before); got != 2*time.Second {
			t.Errorf("a retry was sent %s into a pause of 2s", got)
		}
		p.Release(good())
	})
}

func TestConfigReportsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	err := limit.Config{Slots: 0, Spacing: -1, Burst: -3}.Validate()
	const want = "slots 0 (must be 1 to 1000)\nburst -3 (must be 0 to 1000)\nspacing -1ns (must be 0 to 1h)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// endingContext ends between the look at Err and the wait for Done.
type endingContext struct {
	context.Context //nolint:containedctx // it is one

	requested bool
}

func (c *endingContext) Err() error {
	if !c.requested {
		c.requested = true
		return nil
	}
	return context.Canceled
}

func (c *endingContext) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// Served and cancelled at the same moment: the waiter has either the permit or the error, never both.
func TestServedAndCancelledAtOnce(t *testing.T) {
	t.Parallel()
	l := one(t, limit.Config{Slots: 1})
	cancelled := 0
	for range 200 {
		p, err := l.Acquire(&endingContext{Context: t.Context()})
		if err == nil {
			p.Release(good())
			continue
		}
		cancelled++
		if s := l.Stats(); s.InFlight != 0 {
			t.Fatalf("a cancelled waiter kept its permit: %+v", s)
		}
	}
	if cancelled == 0 {
		t.Error("never cancelled")
	}
}

func TestDoReleasesThePermitWhateverHappens(t *testing.T) {
	t.Parallel()
	errTest := errors.New("the request's error")
	for name, tc := range map[string]struct {
		request func() error
		want    error
		cuts    int64 // throttlings that the limiter counted
	}{
		"it succeeds": {request: func() error { return nil }},
		"it fails":    {request: func() error { return errTest }, want: errTest, cuts: 1},
		"it panics":   {request: func() error { panic("decoder") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := one(t, limit.Config{Slots: 4})
			p := take(t, l)
			err := func() error {
				defer func() { _ = recover() }()
				return p.Do(func(err error) limit.Outcome {
					if err != nil {
						return throttled()
					}
					return good()
				}, tc.request)
			}()
			if s := l.Stats(); !errors.Is(err, tc.want) || s.InFlight != 0 || s.Cuts != tc.cuts {
				t.Errorf("error %v, limiter %+v", err, s)
			}
		})
	}
}
