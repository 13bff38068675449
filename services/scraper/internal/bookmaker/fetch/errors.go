package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// What an attempt was doing when its connection let it down.
const (
	sending     = "sending"
	readingBody = "reading the body"
)

// errTimeout is why an attempt ends at Config.Timeout.
var errTimeout = errors.New("attempt timed out")

// StatusError is an answer with another status than 2xx, 429 or 403.
type StatusError struct {
	Status int
	// RetryAfter is how long the bookmaker asked to be left alone; 0 when it did not say.
	RetryAfter time.Duration
}

// Error says the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("status %d %s", e.Status, http.StatusText(e.Status))
}

// ConnError is an attempt that brought no complete answer: no connection, a broken one, a time-out, or a body that
// ends too early or cannot be unpacked. Of such a body it also wraps the *odds.Rejected that the answer counts as.
type ConnError struct {
	Doing string // "sending" or "reading the body"
	Err   error
}

// Error says what broke while doing what.
func (e *ConnError) Error() string { return e.Doing + ": " + e.Err.Error() }

// Timeout reports whether time ran out.
func (e *ConnError) Timeout() bool { return errors.Is(e.Err, errTimeout) }

// Cut reports whether an answer had begun.
func (e *ConnError) Cut() bool { return e.Doing == readingBody && !e.Timeout() }

// Unwrap is what the error also is.
func (e *ConnError) Unwrap() []error {
	if e.Cut() {
		return []error{e.Err, odds.Reject(odds.NotJSON, "body cut off: %v", e.Err)}
	}
	return []error{e.Err}
}

// observedError is the last error of a request that was not sent again, although its limiter was told so.
type observedError struct{ err error }

// Error says that there could have been another attempt.
func (e *observedError) Error() string { return "not trying again: " + e.err.Error() }

// Unwrap is the error of the attempt.
func (e *observedError) Unwrap() error { return e.err }

// retryable reports whether sending the request again can help: overload and broken connections, never a definite
// answer, and never what the caller ended.
func retryable(err error) bool {
	var (
		seen      *observedError
		throttled *bookmaker.Throttled
		status    *StatusError
		conn      *ConnError
	)
	switch {
	case err == nil || errors.As(err, &seen):
		return false
	case errors.As(err, &throttled):
		return throttled.How == bookmaker.TooManyRequests
	case errors.As(err, &status):
		switch status.Status {
		case http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	case errors.As(err, &conn):
		var cert *tls.CertificateVerificationError
		return !errors.As(conn.Err, &cert)
	}
	return false
}

// OutcomeOf says what a request's error, or that of reading its answer, means to the limiter.
func OutcomeOf(err error) limit.Outcome {
	var (
		seen      *observedError
		throttled *bookmaker.Throttled
		status    *StatusError
		conn      *ConnError
		rejected  *odds.Rejected
	)
	switch {
	case err == nil:
		return limit.Outcome{Kind: limit.OK}
	case errors.As(err, &seen):
		return limit.Outcome{}
	case errors.As(err, &throttled):
		return limit.Outcome{Kind: limit.Throttled, RetryAfter: throttled.RetryAfter}
	case errors.As(err, &status):
		return statusOutcome(status)
	case errors.As(err, &conn):
		return limit.Outcome{Kind: limit.Failed}
	case errors.Is(err, context.DeadlineExceeded):
		return limit.Outcome{Kind: limit.Failed} // so slow that the event's time ran out
	case errors.Is(err, context.Canceled):
		return limit.Outcome{}
	case errors.As(err, &rejected) && rejected.Reason == odds.NotOffered:
		return limit.Outcome{Kind: limit.NotFound}
	case errors.As(err, &rejected) && rejected.Reason != odds.NotJSON:
		return limit.Outcome{Kind: limit.OK} // a proper answer, if not one that we can use
	default:
		return limit.Outcome{}
	}
}

// statusOutcome tells what a status means to the limiter. Whoever says when to come back has turned us away, whatever
// the status is.
func statusOutcome(e *StatusError) limit.Outcome {
	switch {
	case e.RetryAfter > 0:
		return limit.Outcome{Kind: limit.Throttled, RetryAfter: e.RetryAfter}
	case e.Status == http.StatusNotFound:
		return limit.Outcome{Kind: limit.NotFound}
	case e.Status >= 500:
		return limit.Outcome{Kind: limit.Failed}
	default:
		return limit.Outcome{}
	}
}

// throttlingOf says how an attempt was turned away and how long the bookmaker asked to be left alone.
func throttlingOf(err error) (how bookmaker.Throttling, retryAfter time.Duration) {
	var (
		throttled *bookmaker.Throttled
		status    *StatusError
	)
	switch {
	case errors.As(err, &throttled):
		return throttled.How, throttled.RetryAfter
	case errors.As(err, &status):
		return "", status.RetryAfter
	default:
		return "", 0
	}
}

// resultOf names how an attempt ended, for Attempt.
func resultOf(err error) Result {
	var (
		status *StatusError
		conn   *ConnError
	)
	switch {
	case err == nil:
		return Answered
	case errors.Is(err, bookmaker.ErrThrottled):
		return TurnedAway
	case errors.As(err, &status):
		return BadStatus
	case errors.As(err, &conn) && conn.Timeout():
		return TimedOut
	case errors.As(err, &conn) && conn.Cut():
		return CutOff
	case errors.As(err, &conn):
		return NoConnection
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Abandoned
	default:
		return Unusable
	}
}
