package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/clock"
)

// Config bounds requests. Zero fields get their defaults.
type Config struct {
	// Timeout bounds one attempt, from sending to the last byte of the body. Default 10 s: ten times the slowest
	// bookmaker's p95.
	Timeout time.Duration
	// Retries is how often a request is sent again at most; -1 for never. Default 2.
	Retries int
	// RetryDelay is the wait before the first retry; it doubles, with a quarter of jitter. Default 200 ms.
	RetryDelay time.Duration
	// MaxRetryDelay bounds the doubling. Default 2 s.
	MaxRetryDelay time.Duration
	// MaxRetryAfter is the longest pause of the bookmaker that a retry sits out with its slot in hand. Beyond it the
	// request fails at once. Default 3 s.
	MaxRetryAfter time.Duration
	// MaxBody bounds a body, decompressed. Default 8 MiB; the largest recorded has 1.3 MB.
	MaxBody int64
	// Clock stamps answers, and is told their Dates. Default one over time.Now.
	Clock *clock.Clock
}

// The pool, in connections. More than any limiter has slots, so that a slot never waits for a connection.
const (
	maxConns     = 200
	maxIdleConns = 100
)

// Validate reports all that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	for _, d := range []struct {
		name string
		d    time.Duration
	}{
		{"time-out", c.Timeout},
		{"retry delay", c.RetryDelay},
		{"longest retry delay", c.MaxRetryDelay},
		{"longest Retry-After", c.MaxRetryAfter},
	} {
		if d.d < 0 || d.d > time.Hour {
			errs = append(errs, fmt.Errorf("%s %s (must be 0 to 1h)", d.name, d.d))
		}
	}
	if c.Retries < -1 || c.Retries > 10 {
		errs = append(errs, fmt.Errorf("retries %d (must be -1 to 10)", c.Retries))
	}
	if c.MaxBody < 0 {
		errs = append(errs, fmt.Errorf("largest body %d (must not be negative)", c.MaxBody))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		d   *time.Duration
		def time.Duration
	}{
		{&c.Timeout, 10 * time.Second},
		{&c.RetryDelay, 200 * time.Millisecond},
		{&c.MaxRetryDelay, 2 * time.Second},
		{&c.MaxRetryAfter, 3 * time.Second},
	} {
		if *d.d == 0 {
			*d.d = d.def
		}
	}
	c.MaxRetryDelay = max(c.MaxRetryDelay, c.RetryDelay)
	if c.Retries == 0 {
		c.Retries = 2
	}
	if c.MaxBody == 0 {
		c.MaxBody = 8 << 20
	}
	if c.Clock == nil {
		c.Clock = clock.New(nil)
	}
	return c
}

// newTransport asks for gzip by itself, and unpacks it.
func newTransport(cfg Config) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: cfg.Timeout / 2, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   cfg.Timeout / 2,
		ForceAttemptHTTP2:     true,
		MaxConnsPerHost:       maxConns,
		MaxIdleConns:          maxIdleConns,
		MaxIdleConnsPerHost:   maxIdleConns,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		// One HTTP/2 connection carries everything; a dead one has to be noticed before every request times out.
		HTTP2: &http.HTTP2Config{SendPingTimeout: cfg.Timeout, PingTimeout: cfg.Timeout / 2},
	}
}
