package tokens

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Token is a caller that may look things up, within limits. Its methods may be called by several goroutines.
type Token struct {
	name    string
	limiter *rate.Limiter
	streams atomic.Int64 // open now
	most    atomic.Int64 // streams that may be open

	life   context.Context //nolint:containedctx // it is a signal: it ends when the token is revoked
	revoke context.CancelFunc
}

// newToken makes a token of a line of the file.
func newToken(e entry) *Token {
	t := &Token{name: e.name, limiter: rate.NewLimiter(rate.Limit(e.rate), e.burst)}
	t.most.Store(e.streams)
	t.life, t.revoke = context.WithCancel(context.Background())
	return t
}

// limit takes over the limits of a newer line. What is used already stays used.
func (t *Token) limit(e entry) {
	t.limiter.SetLimit(rate.Limit(e.rate))
	t.limiter.SetBurst(e.burst)
	t.most.Store(e.streams)
}

// Name is the name in the file.
func (t *Token) Name() string { return t.name }

// Life ends when the token is taken out of the file.
func (t *Token) Life() context.Context { return t.life }

// Take takes n lookups from the token's rate, or all that it can ever have when that is less, or returns a RateError
// and takes none.
func (t *Token) Take(n int) error {
	now := time.Now()
	burst := t.limiter.Burst()
	n = min(n, burst)
	if t.limiter.AllowN(now, n) {
		return nil
	}
	missing := float64(n) - t.limiter.TokensAt(now)
	limit := float64(t.limiter.Limit())
	return &RateError{
		Name: t.name, Rate: limit, Burst: burst,
		After: max(time.Millisecond, time.Duration(missing/limit*float64(time.Second))),
	}
}

// Open counts a stream that begins, or returns a StreamsError. Who opened it closes it.
func (t *Token) Open() error {
	most := t.most.Load()
	if t.streams.Add(1) > most {
		t.streams.Add(-1)
		return &StreamsError{Name: t.name, Limit: most}
	}
	return nil
}

// Close counts a stream that ends.
func (t *Token) Close() { t.streams.Add(-1) }

// RateError rejects lookups that come faster than the token's rate.
type RateError struct {
	Name  string
	Rate  float64 // lookups a second
	Burst int
	After time.Duration // when there is room for it again
}

// Error names the token and its rate; callers see it.
func (e *RateError) Error() string {
	return fmt.Sprintf("token %s may make %g lookups a second, and %d at once", e.Name, e.Rate, e.Burst)
}

// RetryAfter is how long to wait.
func (e *RateError) RetryAfter() time.Duration { return e.After }

// StreamsError rejects a stream that would be one more than the token may have.
type StreamsError struct {
	Name  string
	Limit int64
}

// Error names the token and its limit; callers see it.
func (e *StreamsError) Error() string {
	return fmt.Sprintf("token %s may have %d streams open", e.Name, e.Limit)
}

// RetryAfter is how long to wait: streams last.
func (e *StreamsError) RetryAfter() time.Duration { return time.Second }
