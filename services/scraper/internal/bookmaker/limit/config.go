package limit

import (
	"errors"
	"fmt"
	"time"
)

// Config says how many requests a bookmaker gets. Zero fields get their defaults, Slots and Spacing apart.
type Config struct {
	// Slots is the most requests in flight. More is faster until the bookmaker throttles.
	Slots int
	// Spacing is the least time between two sends; 0 sends as fast as slots are free.
	Spacing time.Duration
	// Widening is how much the spacing grows, on top of its own multiple, for each time that the allowance fits
	// into Slots once more: it spaces out a bookmaker whose Spacing is 0 while it is backed off. Default 5 ms.
	Widening time.Duration
	// FirstPause is how long nothing is sent after a throttling that does not say how long; it doubles with each
	// further one until a good answer comes. Default 250 ms.
	FirstPause time.Duration
	// MaxPause bounds the doubling. Default 30 s.
	MaxPause time.Duration
	// MaxRetryAfter bounds the pause that a bookmaker requests. Default 1 min.
	MaxRetryAfter time.Duration
	// Burst is how many of the last 2×Burst answers have to be "not found", or failures, to count as a throttling,
	// or slow. Default 10.
	Burst int
	// Slow is how long a good answer may take. A burst of slower ones leaves the bookmaker an eighth of its slots, so
	// that it holds up few events. Default 2.5 s, more than twice the p95 of the slowest bookmaker.
	Slow time.Duration
	// Stall is the age of the middle one of the requests in flight from which a bookmaker without a free slot
	// counts as backed off: it answers so slowly that waiting for it would hold up the others. Default 2 s.
	Stall time.Duration
}

// Validate reports all that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	if c.Slots < 1 || c.Slots > 1000 {
		errs = append(errs, fmt.Errorf("slots %d (must be 1 to 1000)", c.Slots))
	}
	if c.Burst < 0 || c.Burst > 1000 {
		errs = append(errs, fmt.Errorf("burst %d (must be 0 to 1000)", c.Burst))
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{
		{"spacing", c.Spacing},
		{"widening", c.Widening},
		{"first pause", c.FirstPause},
		{"longest pause", c.MaxPause},
		{"longest Retry-After", c.MaxRetryAfter},
		{"slow", c.Slow},
		{"stall", c.Stall},
	} {
		if d.d < 0 || d.d > time.Hour {
			errs = append(errs, fmt.Errorf("%s %s (must be 0 to 1h)", d.name, d.d))
		}
	}
	return errors.Join(errs...)
}

// withDefaults fills the zero fields.
func (c Config) withDefaults() Config {
	orDuration(&c.Widening, 5*time.Millisecond)
	orDuration(&c.FirstPause, 250*time.Millisecond)
	orDuration(&c.MaxPause, 30*time.Second)
	orDuration(&c.MaxRetryAfter, time.Minute)
	orDuration(&c.Slow, 2500*time.Millisecond)
	orDuration(&c.Stall, 2*time.Second)
	if c.Burst == 0 {
		c.Burst = 10
	}
	return c
}

func orDuration(d *time.Duration, def time.Duration) {
	if *d == 0 {
		*d = def
	}
}
