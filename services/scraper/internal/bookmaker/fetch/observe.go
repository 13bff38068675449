package fetch

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Result says how an attempt ended, as far as HTTP can tell. The spelling is the one of metrics.
type Result string

// The results.
const (
	Answered     Result = "answered"      // a body that begins as JSON
	TurnedAway   Result = "turned_away"   // 429, 403, an empty or a non-JSON 2xx
	BadStatus    Result = "bad_status"    // any other status
	TimedOut     Result = "timed_out"     // no complete answer in time
	NoConnection Result = "no_connection" // refused, reset, unknown host
	CutOff       Result = "cut_off"       // a body that ended too early or could not be unpacked
	Unusable     Result = "unusable"      // a body that is too large
	Abandoned    Result = "abandoned"     // the caller gave up
)

// Attempt is one request as it went over the wire.
type Attempt struct {
	Bookmaker odds.Bookmaker
	Call      Call
	Result    Result
	Status    int           // 0 when there was none
	Latency   time.Duration // from sending to the last byte, or to the error
	Bytes     int           // of the body, unpacked
	Retry     int           // 0 for the first attempt
	// Throttling is how it was turned away, and RetryAfter how long the bookmaker asked to be left alone; 0 when it did
	// not say. Both are TurnedAway's, and RetryAfter also that of a BadStatus.
	Throttling bookmaker.Throttling
	RetryAfter time.Duration
}

// Observer hears of every attempt. Observed is called concurrently and must not block.
type Observer interface {
	Observed(a Attempt)
}

// Observers passes every attempt on to all of them.
func Observers(all ...Observer) Observer { return observers(all) }

type observers []Observer

// Observed tells them in their order.
func (all observers) Observed(a Attempt) {
	for _, o := range all {
		o.Observed(a)
	}
}
