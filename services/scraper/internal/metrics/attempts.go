package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	book "github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
)

// Attempts counts requests to the bookmakers. It is the fetchers' observer.
type Attempts struct {
	collectors

	requests   *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	bytes      *prometheus.CounterVec
	retries    *prometheus.CounterVec
	throttled  *prometheus.CounterVec
	retryAfter *prometheus.CounterVec
}

// NewAttempts makes counters at zero.
func NewAttempts() *Attempts {
	a := &Attempts{
		requests: counters("requests_total",
			"Requests to bookmakers, retries included, by call and result.", bookmaker, "call", "result"),
		seconds: histograms("request_seconds", "Time from sending a request to the last byte of its answer; answered requests only.",
			[]float64{.025, .05, .1, .2, .4, .8, 1.5, 3, 6, 12}, bookmaker, "call"),
		bytes:   counters("response_bytes_total", "Bytes of answers, unpacked.", bookmaker),
		retries: counters("retries_total", "Requests that were not the first of their question.", bookmaker),
		throttled: counters("push_backs_total",
			"Requests that a bookmaker turned away, by how: 429, 403, a 2xx without body or without JSON.", bookmaker, "how"),
		retryAfter: counters("retry_after_seconds_total",
			"Time that a bookmaker asked to be left alone with Retry-After, summed over its answers.", bookmaker),
	}
	for _, b := range bookmakerLabels() {
		for _, call := range []fetch.Call{fetch.TournamentsCall, fetch.EventsCall, fetch.DetailCall} {
			a.seconds.WithLabelValues(b, string(call))
			for _, result := range []fetch.Result{
				fetch.Answered, fetch.TurnedAway, fetch.BadStatus, fetch.TimedOut, fetch.NoConnection, fetch.CutOff, fetch.Unusable, fetch.Abandoned,
			} {
				a.requests.WithLabelValues(b, string(call), string(result))
			}
		}
		for _, how := range []book.Throttling{book.TooManyRequests, book.Forbidden, book.EmptyAnswer, book.NoJSON} {
			a.throttled.WithLabelValues(b, string(how))
		}
		a.bytes.WithLabelValues(b)
		a.retries.WithLabelValues(b)
		a.retryAfter.WithLabelValues(b)
	}
	a.collectors = collectors{a.requests, a.seconds, a.bytes, a.retries, a.throttled, a.retryAfter}
	return a
}

// Observed counts an attempt.
func (a *Attempts) Observed(t fetch.Attempt) {
	b := string(t.Bookmaker)
	a.requests.WithLabelValues(b, string(t.Call), string(t.Result)).Inc()
	a.bytes.WithLabelValues(b).Add(float64(t.Bytes))
	if t.Result == fetch.Answered {
		a.seconds.WithLabelValues(b, string(t.Call)).Observe(t.Latency.Seconds())
	}
	if t.Retry > 0 {
		a.retries.WithLabelValues(b).Inc()
	}
	if t.Throttling != "" {
		a.throttled.WithLabelValues(b, string(t.Throttling)).Inc()
	}
	a.retryAfter.WithLabelValues(b).Add(t.RetryAfter.Seconds())
}
