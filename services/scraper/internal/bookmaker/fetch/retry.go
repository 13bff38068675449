package fetch

import (
	"context"

	"github.com/cenkalti/backoff/v5"
)

// retryJitter is the part of a delay that is random, so that requests which failed together do not return together.
const retryJitter = 0.25

// retry calls try until it succeeds, cannot help any more, or has been called often enough, and returns its last error;
// the cause of ctx when that ended while waiting for the next try. How long a bookmaker asked to be left alone is not its
// concern: the limiter pauses, and every retry asks the limiter.
func (f *Fetcher) retry(ctx context.Context, try func() (*Answer, error)) (*Answer, error) {
	return backoff.Retry(ctx, func() (*Answer, error) { //nolint:wrapcheck // it is try's, or that of ctx
		answer, err := try()
		if err != nil && !retryable(err) {
			return nil, backoff.Permanent(err) //nolint:wrapcheck // only to end it
		}
		return answer, err
	}, backoff.WithMaxElapsedTime(0), backoff.WithMaxTries(uint(1+max(0, f.cfg.Retries))),
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: f.cfg.RetryDelay, MaxInterval: f.cfg.MaxRetryDelay,
			Multiplier: 2, RandomizationFactor: retryJitter,
		}))
}
