package fetch

import (
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

// retryJitter is the part of a delay that is random, so that requests which failed together do not return together.
const retryJitter = 0.25

// newRetries makes the policy. How long a bookmaker asked to be left alone is not its concern: the limiter pauses,
// and every retry asks the limiter.
func newRetries(cfg Config) failsafe.Executor[*Answer] {
	if cfg.Retries < 0 {
		return failsafe.With[*Answer]()
	}
	b := retrypolicy.NewBuilder[*Answer]().
		HandleIf(func(_ *Answer, err error) bool { return retryable(err) }).
		WithMaxRetries(cfg.Retries).
		WithJitterFactor(retryJitter).
		ReturnLastFailure()
	if cfg.MaxRetryDelay > cfg.RetryDelay {
		b = b.WithBackoff(cfg.RetryDelay, cfg.MaxRetryDelay)
	} else {
		b = b.WithDelay(cfg.RetryDelay)
	}
	return failsafe.With(failsafe.Policy[*Answer](b.Build()))
}
