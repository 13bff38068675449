package limit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
)

func TestThrottlingHalvesOnceARoundTrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 16})
		permits := make([]*limit.Permit, 16)
		for i := range permits {
			permits[i] = take(t, l)
		}
		<-time.After(300 * time.Millisecond)
		for _, p := range permits {
			p.Release(throttled())
			<-time.After(time.Millisecond)
		}
		if s := l.Stats(); s.Allowed != 8 || s.Cuts != 1 {
			t.Errorf("after one volley of throttlings: %+v, want 8 allowed", s)
		}
		answer(t, l, 100*time.Millisecond, throttled())
		if s := l.Stats(); s.Allowed != 4 || s.Cuts != 2 {
			t.Errorf("after a throttling to a later request: %+v, want 4 allowed", s)
		}
		for range 10 {
			answer(t, l, 100*time.Millisecond, throttled())
		}
		if s := l.Stats(); s.Allowed != 1 {
			t.Errorf("after many: %+v, want 1 allowed", s)
		}
	})
}

func TestPauseGrowsUntilSomethingGoodComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 8, Widening: 1, MaxPause: 3 * time.Second})
		pause := func(o limit.Outcome) time.Duration {
			answer(t, l, time.Millisecond, o)
			start := time.Now()
			acquire(t, l).Release(limit.Outcome{}) // of which nothing is known
			return time.Since(start)
		}
		for _, ms := range []int64{250, 500, 1000, 2000, 3000, 3000} {
			if got := pause(throttled()); got.Milliseconds() != ms {
				t.Errorf("paused %s, want %d ms", got, ms)
			}
		}
		pause(good())
		if got := pause(throttled()); got != 250*time.Millisecond {
			t.Errorf("paused %s after a good answer, want 250ms", got)
		}
	})
}

func TestRetryAfterIsHonouredUpToItsBound(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ requested, want time.Duration }{
		{7 * time.Second, 7 * time.Second},
		{10 * time.Millisecond, 250 * time.Millisecond}, // never less than our own pause
		{time.Hour, 20 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := one(t, limit.Config{Slots: 8, MaxRetryAfter: 20 * time.Second})
			old := take(t, l)
			<-time.After(time.Millisecond)
			take(t, l).Release(limit.Outcome{Kind: limit.Throttled, RetryAfter: tc.requested})
			start := time.Now()
			until, off := l.BackedOff()
			if !off || until.Sub(start) != tc.want {
				t.Errorf("backed off %t for %s, want %s", off, until.Sub(start), tc.want)
			}
			old.Release(good()) // from before the throttling: proves nothing
			if _, ok := l.TryAcquire(); ok {
				t.Error("sent during the pause")
			}
			acquire(t, l)
			if got := time.Since(start); got != tc.want {
				t.Errorf("asked to wait %s, waited %s, want %s", tc.requested, got, tc.want)
			}
		})
	}
}

func TestRecoveryIsSlowAndComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 15, Spacing: 25 * time.Millisecond})
		for range 3 {
			answer(t, l, time.Millisecond, throttled())
		}
		low := l.Stats()
		if low.Allowed != 1 || low.Spacing <= 8*25*time.Millisecond || !low.BackedOff {
			t.Fatalf("after three throttlings: %+v", low)
		}
		n := 0
		for last := low; l.Stats().Allowed < 15; n++ {
			answer(t, l, 10*time.Millisecond, good())
			s := l.Stats()
			if s.Allowed > last.Allowed+1 || s.Spacing > last.Spacing {
				t.Fatalf("from %+v to %+v with one answer", last, s)
			}
			last = s
		}
		// One more slot for each allowance's worth of answers: 2 + 3 + … + 14 of them, roughly.
		if n < 80 || n > 130 {
			t.Errorf("recovered with %d good answers, want about 105", n)
		}
		if s := l.Stats(); s.Spacing != 25*time.Millisecond || s.BackedOff {
			t.Errorf("recovered: %+v", s)
		}
	})
}

func TestBackedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 8})
		off := func() bool { return l.Stats().BackedOff }
		answer(t, l, 0, good())
		if off() {
			t.Error("backed off without a throttling")
		}
		<-time.After(time.Millisecond)
		answer(t, l, time.Millisecond, throttled())
		if !off() {
			t.Error("not backed off in the pause")
		}
		<-time.After(250 * time.Millisecond)
		if off() {
			t.Error("backed off at half the slots after the pause of a single throttling")
		}
		answer(t, l, time.Millisecond, throttled())
		<-time.After(time.Second)
		if !off() {
			t.Error("not backed off after two throttlings with nothing good between them")
		}
		for range 12 {
			answer(t, l, time.Millisecond, good())
		}
		if off() {
			t.Errorf("still backed off: %+v", l.Stats())
		}
	})
}

func TestBursts(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]limit.Outcome{"not found": notFound(), "failed": failed()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := one(t, limit.Config{Slots: 20, Burst: 5})
				for range 100 { // every third is normal: never five of the last ten
					answer(t, l, time.Millisecond, good())
					answer(t, l, time.Millisecond, good())
					answer(t, l, time.Millisecond, o)
				}
				if s := l.Stats(); s.Allowed != 20 {
					t.Fatalf("backed off for now and then one: %+v", s)
				}
				for i := range 15 { // ten good ones, then a burst
					if i < 10 {
						answer(t, l, time.Millisecond, good())
					} else {
						answer(t, l, time.Millisecond, o)
					}
				}
				if s := l.Stats(); s.Allowed != 10 || !s.BackedOff {
					t.Fatalf("after a burst: %+v, want 10 allowed", s)
				}
				answer(t, l, time.Millisecond, o)
				if s := l.Stats(); s.Allowed != 5 {
					t.Errorf("the burst goes on: %+v, want 5 allowed", s)
				}
			})
		})
	}
}

func TestUnknownOutcomesChangeNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 4})
		before := l.Stats()
		for range 50 {
			answer(t, l, time.Millisecond, limit.Outcome{})
		}
		if after := l.Stats(); after != before {
			t.Errorf("from %+v to %+v", before, after)
		}
	})
}

func TestStalledCountsAsBackedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 3, Stall: 2 * time.Second})
		for range 3 {
			take(t, l)
		}
		<-time.After(2*time.Second - 1)
		if l.Stats().BackedOff {
			t.Error("stalled too early")
		}
		<-time.After(1)
		if !l.Stats().BackedOff {
			t.Error("three slots, all out for two seconds, and not backed off")
		}
	})
}

func TestSlowAnswersLeaveFewSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := one(t, limit.Config{Slots: 16, Slow: time.Second, Burst: 3})
		for range 20 { // now and then one
			answer(t, l, time.Second-1, good())
			answer(t, l, time.Second-1, good())
			answer(t, l, time.Second, good())
		}
		if s := l.Stats(); s.Allowed != 16 {
			t.Fatalf("%+v, want 16 allowed", s)
		}
		answer(t, l, 0, good())
		for range 3 {
			answer(t, l, 5*time.Second, good())
		}
		if s := l.Stats(); s.Allowed != 2 || !s.BackedOff || !s.PausedUntil.IsZero() {
			t.Errorf("after a burst of slow answers: %+v, want 2 allowed and no pause", s)
		}
		for range 10 {
			answer(t, l, 5*time.Second, good())
		}
		if s := l.Stats(); s.Allowed != 2 {
			t.Errorf("after more of them: %+v, want 2 allowed", s)
		}
		for range 150 {
			answer(t, l, time.Millisecond, good())
		}
		if s := l.Stats(); s.Allowed != 16 || s.BackedOff {
			t.Errorf("quick again: %+v", s)
		}
	})
}
