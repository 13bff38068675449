package limit

import "time"

// Kind says what came of a request, as far as the limiter cares.
type Kind int

// The kinds.
const (
	// Unknown changes nothing: the request was never sent, or was cancelled by our own side.
	Unknown Kind = iota
	// OK is an answer that shows the bookmaker at ease, and helps it to recover.
	OK
	// NotFound is an answer that the event is not offered. One is normal; a burst is how some bookmakers throttle.
	NotFound
	// Failed is a time-out, a broken connection or a 5xx. A burst means that the bookmaker is overloaded or down.
	Failed
	// Throttled is a request turned away for reasons of load or suspicion.
	Throttled
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case OK:
		return "ok"
	case NotFound:
		return "not_found"
	case Failed:
		return "failed"
	case Throttled:
		return "pushed_back"
	default:
		return "unknown"
	}
}

// Outcome is what a permit is released with.
type Outcome struct {
	Kind Kind
	// RetryAfter is how long the bookmaker wants no requests; 0 when it does not say.
	RetryAfter time.Duration
}
