package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// drainBytes is how much of a body that nobody reads is taken off the wire to keep the connection.
const drainBytes = 64 << 10

// run is one request with its retries.
type run struct {
	fetcher *Fetcher
	request Request
	tries   int   // attempts begun
	last    error // of the attempt before
}

// errPaused ends the wait for the moment to send again.
var errPaused = errors.New("the bookmaker stays paused")

// try makes one attempt; all but the first wait for the limiter first. The limiter hears of a failure at once when
// another attempt follows, and from whoever holds the permit when none does.
func (r *run) try(ctx context.Context) (*Answer, error) {
	if r.tries > 0 {
		if err := r.pace(ctx); err != nil {
			return nil, err
		}
	}
	answer, err := r.once(ctx)
	r.last = err
	return answer, err
}

// pace waits for the moment to send again, no longer than a pause may be that a retry sits out: others that fail
// meanwhile make a pause longer, and whoever waits holds up its event's other bookmakers.
func (r *run) pace(ctx context.Context) error {
	within, cancel := context.WithTimeoutCause(ctx, r.fetcher.cfg.MaxRetryAfter, errPaused)
	defer cancel()
	err := r.fetcher.limiter.Pace(within)
	if err != nil && ctx.Err() == nil {
		return &observedError{r.last}
	}
	return err
}

// once makes one attempt.
func (r *run) once(ctx context.Context) (*Answer, error) {
	f := r.fetcher
	r.tries++
	seen := Attempt{Bookmaker: f.bookmaker, Call: r.request.Call, Retry: r.tries - 1}
	number, sent := NextRequest(), time.Now()
	answer, err := f.attempt(ctx, r.request, sent, &seen)
	seen.Latency, seen.Result = time.Since(sent), resultOf(err)
	seen.Throttling, seen.RetryAfter = throttlingOf(err)
	f.observer.Observed(seen)
	if err == nil {
		// The Date that came with it has been compared: the stamp is taken after that, and the other one from it.
		answer.Request, answer.CapturedAt = number, f.cfg.Clock.Now()
		answer.RequestedAt = answer.CapturedAt.Add(-seen.Latency)
		return answer, nil
	}
	if r.tries > f.cfg.Retries || !retryable(err) {
		return nil, err
	}
	f.limiter.Observe(sent, OutcomeOf(err))
	if until, _ := f.limiter.BackedOff(); time.Until(until) > f.cfg.MaxRetryAfter {
		return nil, &observedError{err}
	}
	return nil, err
}

// attempt sends the request once and reads the answer.
func (f *Fetcher) attempt(ctx context.Context, r Request, sent time.Time, seen *Attempt) (*Answer, error) {
	tryCtx, cancel := context.WithTimeoutCause(ctx, f.cfg.Timeout, errTimeout)
	defer cancel()
	req, err := f.newRequest(tryCtx, r)
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, transportError(ctx, tryCtx, sending, err)
	}
	defer resp.Body.Close()
	seen.Status = resp.StatusCode
	date, dated := dateOf(resp.Header)
	if dated {
		f.cfg.Clock.ObserveBookmaker(string(f.bookmaker), sent, date)
	} else {
		date = f.cfg.Clock.Now()
	}
	if err := checkStatus(resp, date); err != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, drainBytes) // only to keep the connection
		return nil, err
	}
	// Bodies are read into memory that earlier ones used: at full speed they are a gigabyte a minute.
	buf, _ := f.bodies.Get().(*bytes.Buffer) // the pool holds nothing else
	buf.Reset()
	answer := &Answer{buf: buf, pool: &f.bodies}
	// One byte more than allowed tells a body of exactly the limit from a longer one. The limit is on what gzip gives.
	_, err = buf.ReadFrom(io.LimitReader(resp.Body, f.cfg.MaxBody+1))
	seen.Bytes = buf.Len()
	switch {
	case err != nil:
		err = transportError(ctx, tryCtx, readingBody, err)
	case int64(buf.Len()) > f.cfg.MaxBody:
		err = odds.Reject(odds.TooLarge, "body of more than %d bytes", f.cfg.MaxBody)
	default:
		err = checkBody(resp.StatusCode, buf.Bytes())
	}
	if err != nil {
		answer.Release()
		return nil, err
	}
	answer.Body = buf.Bytes()
	return answer, nil
}

// newRequest makes the request anew for each attempt, since a body can be read once only. Gzip is not asked for here:
// the transport does, and unpacks only what it asked for itself.
func (f *Fetcher) newRequest(ctx context.Context, r Request) (*http.Request, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if r.Body != nil {
		method, body = http.MethodPost, bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, method, f.base+r.Path, body)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	maps.Copy(req.Header, f.header)
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// dateOf is the time at which an answer left: its Date, and how long caches have kept it since.
func dateOf(h http.Header) (at time.Time, ok bool) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}, false
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		at = at.Add(time.Duration(age) * time.Second)
	}
	return at, true
}

// checkStatus gives the error of a status that carries no answer; date is the answer's.
func checkStatus(resp *http.Response, date time.Time) error {
	after := retryAfter(resp.Header.Get("Retry-After"), date)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		return &bookmaker.Throttled{How: bookmaker.TooManyRequests, Status: code, RetryAfter: after}
	case code == http.StatusForbidden:
		return &bookmaker.Throttled{How: bookmaker.Forbidden, Status: code, RetryAfter: after}
	case code < 200 || code > 299:
		return &StatusError{Status: code, RetryAfter: after}
	}
	return nil
}

// checkBody tells an answer from a wall: bookmakers that turn a request away with a 2xx send nothing, or a page.
func checkBody(status int, body []byte) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	body = bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(body) == 0:
		return &bookmaker.Throttled{How: bookmaker.EmptyAnswer, Status: status}
	case body[0] != '{' && body[0] != '[':
		return &bookmaker.Throttled{How: bookmaker.NoJSON, Status: status}
	}
	return nil
}

// maxRetryAfter bounds what a bookmaker can ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header: seconds, or an HTTP date, which is compared with the answer's own. Whatever else it
// holds is 0.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.Atoi(value); err == nil {
		return min(time.Duration(min(max(0, seconds), 1<<20))*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), maxRetryAfter)
	}
	return 0
}

// transportError says who ended the attempt: the caller, the time-out, or the connection.
func transportError(ctx, tryCtx context.Context, doing string, err error) error {
	// The caller's context first: its end also ends the attempt's.
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err // without the address, which says nothing new
	}
	if tryCtx.Err() != nil {
		err = context.Cause(tryCtx)
	}
	return &ConnError{Doing: doing, Err: err}
}
