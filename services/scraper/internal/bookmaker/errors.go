package bookmaker

import (
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// ErrPushedBack is what an error wraps when the bookmaker turned a request away for reasons of load or suspicion:
// 429, 403, a 2xx without a body, HTML instead of JSON.
var ErrPushedBack = errors.New("pushed back by the bookmaker")

// PushBack says how the bookmaker turned a request away. The spelling is the one of metrics and logs.
type PushBack string

// The push-backs.
const (
	TooManyRequests PushBack = "TOO_MANY_REQUESTS" // 429
	Forbidden       PushBack = "FORBIDDEN"         // 403: suspicion, or an address from the wrong country
	EmptyAnswer     PushBack = "EMPTY_ANSWER"      // a 2xx without a body
	NoJSON          PushBack = "NO_JSON"           // a 2xx with HTML, or whatever else does not begin as JSON
)

// PushedBack is the error of a request that was turned away. It wraps ErrPushedBack; of a 2xx that is not JSON it
// also wraps the *odds.Refused that such an answer counts as.
type PushedBack struct {
	How    PushBack
	Status int
	// RetryAfter is how long the bookmaker asked to be left alone; 0 when it did not say.
	RetryAfter time.Duration
}

// Error says how, with the numbers.
func (p *PushedBack) Error() string {
	s := fmt.Sprintf("%v: %s (status %d)", ErrPushedBack, p.How, p.Status)
	if p.RetryAfter > 0 {
		s += fmt.Sprintf(", to come back after %s", p.RetryAfter)
	}
	return s
}

// Unwrap is what the error also is.
func (p *PushedBack) Unwrap() []error {
	if p.How == NoJSON || p.How == EmptyAnswer {
		return []error{ErrPushedBack, odds.Refuse(odds.NotJSON, "%s (status %d)", p.How, p.Status)}
	}
	return []error{ErrPushedBack}
}
