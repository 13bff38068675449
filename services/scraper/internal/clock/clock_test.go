package clock_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/clock"
)

// machine is a machine with clocks that can be set.
type machine struct {
	*clock.Clock
	own time.Duration
}

func newMachine(own time.Duration) *machine {
	r := &machine{own: own}
	r.Clock = clock.New(func() time.Time { return time.Now().Add(r.own) })
	r.Begin()
	return r
}

// observe reads the clocks of the database and of bookmakers, each this much ahead.
func (r *machine) observe(database *time.Duration, bookmakers ...time.Duration) {
	if database != nil {
		r.ObserveDatabase(time.Now(), time.Now().Add(*database))
	}
	for i, d := range bookmakers {
		r.ObserveBookmaker(string(rune('a'+i)), time.Now(), time.Now().Add(d).Truncate(time.Second))
	}
}

// ahead is how far Now is ahead of the real time.
func (r *machine) ahead() time.Duration { return time.Until(r.Now()).Round(time.Minute) }

const (
	minute = time.Minute
	hours  = 3 * time.Hour
	days   = 72 * time.Hour
)

func TestWhichClock(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) *time.Duration { return &d }
	for _, test := range []struct {
		name       string
		own        time.Duration
		database   *time.Duration
		bookmakers []time.Duration
		want       time.Duration
		sure, skew bool
	}{
		{"the own clock alone", hours, nil, nil, hours, true, false},
		{"all agree", 0, at(0), []time.Duration{0, 0, 0}, 0, true, false},
		{"all agree but for the second", 20 * time.Second, at(0), []time.Duration{-20 * time.Second}, 0, true, false},
		{"own ahead", hours, at(0), []time.Duration{0, 0, 0}, 0, true, true},
		{"own behind", -hours, at(0), []time.Duration{0, 0, 0}, 0, true, true},
		{"database ahead", 0, at(days), []time.Duration{0, 0, 0}, 0, true, true},
		{"database behind", 0, at(-hours), []time.Duration{0, 0, 0}, 0, true, true},
		{"both ahead", days, at(days), []time.Duration{0, 0, 0}, 0, false, true},
		{"both behind: the earliest", -hours, at(-hours), []time.Duration{0, 0, 0}, -hours, false, true},
		{"both differently ahead", days, at(hours), []time.Duration{0, 0, 0}, 0, false, true},
		{"a bookmaker ahead for ever", 0, at(0), []time.Duration{0, 0, days}, 0, true, false},
		{"a bookmaker behind for ever", 0, at(0), []time.Duration{-days, 0, 0}, 0, true, false},
		{"one of two bookmakers ahead", 0, at(0), []time.Duration{days, 0}, 0, true, false},
		{"one of two bookmakers behind", 0, at(0), []time.Duration{-days, 0}, 0, true, false},
		{"a bookmaker wrong, and the database", 0, at(hours), []time.Duration{0, days, 0}, 0, true, true},
		{"three bookmakers, three times", 0, at(0), []time.Duration{hours, days, 0}, 0, true, false},
		{"a lone bookmaker ahead", 0, at(0), []time.Duration{hours}, 0, false, true},
		{"a lone bookmaker behind: the earliest", 0, at(0), []time.Duration{-hours}, -hours, false, true},
		{"no Dates", 0, at(0), nil, 0, true, false},
		{"no Dates, own ahead", hours, at(0), nil, 0, false, true},
		{"no Dates, database ahead", 0, at(hours), nil, 0, false, true},
		{"no Dates, database behind: the earlier", 0, at(-hours), nil, -hours, false, true},
		{"no battery", -50 * 365 * 24 * time.Hour, at(0), []time.Duration{hours, hours}, 0, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newMachine(test.own)
			r.observe(test.database, test.bookmakers...)
			_, sure := r.NowSure()
			if got := r.ahead(); got != test.want || sure != test.sure {
				t.Errorf("Now is %v ahead, sure %v; want %v, %v", got, sure, test.want, test.sure)
			}
			if c := r.Compare(); c.Skewed() != test.skew {
				t.Errorf("skewed %v, want %v: %v", c.Skewed(), test.skew, c)
			}
		})
	}
}

// What was agreed on before a step decides between those who contradict each other after it.
func TestWhatWasAgreedOn(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) *time.Duration { return &d }
	for _, test := range []struct {
		name       string
		own        time.Duration
		database   time.Duration
		bookmakers []time.Duration
		want       time.Duration
	}{
		{"both behind", -hours, -hours, []time.Duration{0, 0, 0}, 0},
		{"both ahead", hours, hours, []time.Duration{0, 0, 0}, 0},
		{"all bookmakers ahead", 0, 0, []time.Duration{hours, hours, hours}, 0},
		{"all bookmakers behind", 0, 0, []time.Duration{-hours, -hours, -hours}, 0},
		{"no Dates any more, database behind", 0, -hours, nil, 0},
		{"no Dates any more, own behind", -hours, 0, nil, 0},
		{"the machine slept", hours, hours, []time.Duration{hours, hours}, hours},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newMachine(0)
			if len(test.bookmakers) > 0 {
				r.observe(at(0), make([]time.Duration, len(test.bookmakers))...)
			} else {
				r.observe(at(0))
			}
			if c := r.Compare(); c.Skewed() || r.ahead() != 0 {
				t.Fatalf("before the step: %v ahead, %v", r.ahead(), c)
			}
			r.own = test.own
			r.Begin()
			r.observe(&test.database, test.bookmakers...)
			if got := r.ahead(); got != test.want {
				t.Errorf("Now is %v ahead, want %v", got, test.want)
			}
			if c := r.Compare(); c.Skewed() != (test.name != "the machine slept") {
				t.Errorf("skewed %v: %v", c.Skewed(), c)
			}
		})
	}
}

// A step shows in the very next reading, and counts although it was taken back before the end.
func TestAStepCountsAtAnyMoment(t *testing.T) {
	t.Parallel()
	zero := time.Duration(0)
	for _, step := range []func(r *machine, d time.Duration){
		func(r *machine, d time.Duration) { r.own = d; r.Now() },
		func(r *machine, d time.Duration) { r.observe(&d) },
	} {
		r := newMachine(0)
		r.observe(&zero, 0, 0)
		step(r, hours)
		if got := r.ahead(); got != 0 {
			t.Errorf("%v ahead after the step", got)
		}
		step(r, 0)
		r.observe(&zero)
		c := r.Compare()
		if !c.Skewed() || c.Apart.Round(minute) != hours {
			t.Errorf("the step is forgotten: %v, %v", c.Apart, c)
		}
		r.Begin()
		r.observe(&zero, 0, 0)
		if c := r.Compare(); c.Skewed() || len(c.Offsets) != 4 {
			t.Errorf("the step is still there: %v", c)
		}
	}
}

// Caches answer with Dates of the past: of one cycle the latest counts, and the next starts from scratch.
func TestFreshestDate(t *testing.T) {
	t.Parallel()
	r := newMachine(0)
	zero := time.Duration(0)
	r.observe(&zero, -hours)
	r.observe(nil, 0)
	r.observe(nil, -hours)
	if c := r.Compare(); c.Skewed() {
		t.Errorf("an old answer of a cache: %v", c)
	}
	r.Begin()
	r.observe(&zero, -hours)
	if c := r.Compare(); !c.Skewed() {
		t.Errorf("only an old answer: %v", c)
	}
}

// A response that took long says little: the process may have been stopped meanwhile.
func TestSlowReadingsAreLeftOut(t *testing.T) {
	t.Parallel()
	r := newMachine(0)
	r.ObserveDatabase(time.Now().Add(-time.Hour), time.Now().Add(-hours))
	r.ObserveBookmaker("a", time.Now().Add(-time.Hour), time.Now().Add(-hours))
	if c := r.Compare(); c.Skewed() || r.ahead() != 0 {
		t.Errorf("%v ahead: %v", r.ahead(), c)
	}
}

func TestOwnOnly(t *testing.T) {
	t.Parallel()
	shift := days
	c := clock.NewOwnOnly(func() time.Time { return time.Now().Add(shift) })
	c.ObserveDatabase(time.Now(), time.Now())
	shift *= 2
	if got := time.Until(c.Now()).Round(minute); got != 2*days || c.Compare().Skewed() {
		t.Errorf("%v ahead", got)
	}
}

// Clocks that were right once and then go wrong, as many as two of the three kinds and one bookmaker more by an amount of
// its own, never make Now other than it is, and never pass as agreeing.
func TestNeverFromTheFuture(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SampledFrom([]time.Duration{-days, -hours, -2 * minute, 2 * minute, hours, days})
		r := newMachine(0)
		zero := time.Duration(0)
		r.observe(&zero, 0, 0, 0)
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			r.Begin()
			own, database, bookmakers := time.Duration(0), time.Duration(0), []time.Duration{0, 0, 0}
			which := rapid.IntRange(0, 3).Draw(t, "wrong") // bits: own, database
			if which&1 != 0 {
				own = steps.Draw(t, "own")
			}
			if which&2 != 0 {
				database = steps.Draw(t, "database")
			}
			if rapid.Bool().Draw(t, "a bookmaker is wrong") {
				bookmakers[rapid.IntRange(0, 2).Draw(t, "which")] = rapid.SampledFrom([]time.Duration{-7 * time.Hour, 7 * time.Hour}).Draw(t, "bookmaker")
			}
			r.own = own
			r.observe(&database, bookmakers...)
			if got := r.ahead(); got != 0 {
				t.Fatalf("own %v, database %v, bookmakers %v: Now is %v ahead", own, database, bookmakers, got)
			}
			if c := r.Compare(); c.Skewed() != (own != 0 || database != 0) {
				t.Fatalf("own %v, database %v, bookmakers %v: skewed %v, %v", own, database, bookmakers, c.Skewed(), c)
			}
			r.own = 0 // before the next round, or its first reading would be in this one's
		}
	})
}
