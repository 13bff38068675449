package bookmaker

import (
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// ErrThrottled is what an error wraps when the bookmaker turned a request away for reasons of load or suspicion:
// 429, 403, a 2xx without a body, HTML instead of JSON.
var ErrThrottled = errors.New("pushed back by the bookmaker")

// Throttling is how a bookmaker turned a request away. The spelling is that of metrics and logs.
type Throttling string

// The ways of throttling.
const (
	TooManyRequests Throttling = "TOO_MANY_REQUESTS" // 429
	Forbidden       Throttling = "FORBIDDEN"         // 403: suspicion, or an address from the wrong country
	EmptyAnswer     Throttling = "EMPTY_ANSWER"      // a 2xx without a body
	NoJSON          Throttling = "NO_JSON"           // a 2xx with HTML, or whatever else does not begin as JSON
)

// Throttled is the error of a request that was turned away. It wraps ErrThrottled; of a 2xx that is not JSON it
// also wraps the *odds.Rejected that such an answer counts as.
type Throttled struct {
	How    Throttling
	Status int
	// RetryAfter is how long the bookmaker wants no requests; 0 when it does not say.
	RetryAfter time.Duration
}

// Error says how, with the numbers.
func (p *Throttled) Error() string {
	s := fmt.Sprintf("%v: %s (status %d)", ErrThrottled, p.How, p.Status)
	if p.RetryAfter > 0 {
		s += fmt.Sprintf(", to come back after %s", p.RetryAfter)
	}
	return s
}

// Unwrap is what the error also is.
func (p *Throttled) Unwrap() []error {
	if p.How == NoJSON || p.How == EmptyAnswer {
		return []error{ErrThrottled, odds.Reject(odds.NotJSON, "%s (status %d)", p.How, p.Status)}
	}
	return []error{ErrThrottled}
}
