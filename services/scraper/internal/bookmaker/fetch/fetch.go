// Package fetch talks HTTP to one bookmaker: it sends requests, retries what can be retried, tells being turned away
// from being answered, and reports every attempt.
//
// It is not for deciding when a request may be sent (package limit does, and whoever calls holds its permit), nor
// for what is inside an answer: a body that begins as JSON is handed on as it is.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Call says what a request is for; metrics tell requests apart by it.
type Call string

// The calls.
const (
	TournamentsCall Call = "tournaments" // which tournaments there are
	EventsCall      Call = "events"      // the events of one tournament
	DetailCall      Call = "detail"      // one event with its markets
)

// Request is one question to the bookmaker. A body makes it a POST of JSON.
type Request struct {
	Call Call
	Path string // from the host's root, with the encoded query
	Body []byte
}

// requests numbers every request that this process sends: what was asked later has the higher number, whatever any
// clock says.
var requests atomic.Uint64 //nolint:gochecknoglobals // one order for all bookmakers, and for all that ask them

// NextRequest takes the number of a request that is about to be sent. Whoever concludes something from the answers to
// many, such as that an event is not listed, takes one before the first of them.
func NextRequest() uint64 { return requests.Add(1) }

// Answer is a complete body that begins as JSON. Its owner calls Release when nothing refers to Body any more.
type Answer struct {
	Body []byte
	// Request numbers the request that was answered, after a retry the last one, in the order in which requests are
	// sent. See NextRequest.
	Request uint64
	// RequestedAt is when that request was sent, by the clock of Config.
	RequestedAt time.Time
	CapturedAt  time.Time // when the body was complete

	buf  *bytes.Buffer
	pool *sync.Pool
}

// pooledBytes bounds the buffers that are kept: the largest detail recorded is 1.3 MB.
const pooledBytes = 2 << 20

// Release gives the body's memory back; Body is not valid after it.
func (a *Answer) Release() {
	if a.buf != nil && a.buf.Cap() <= pooledBytes {
		a.pool.Put(a.buf)
	}
	a.Body, a.buf = nil, nil
}

// Fetcher asks one bookmaker. It may be used concurrently.
type Fetcher struct {
	bookmaker odds.Bookmaker
	cfg       Config
	base      string // scheme and host
	header    http.Header
	limiter   *limit.Limiter
	observer  Observer
	client    *http.Client
	transport *http.Transport
	bodies    sync.Pool
}

// New makes a fetcher for the bookmaker of the limiter. base is scheme and host; header goes with every request;
// observer may be nil. Close closes it.
func New(cfg Config, base string, header http.Header, limiter *limit.Limiter, observer Observer) (*Fetcher, error) {
	cfg = cfg.withDefaults()
	b := limiter.Bookmaker()
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("reading the address of %s: %w", b, err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return nil, fmt.Errorf("address %q of %s (must be a scheme, http or https, and a host only)", base, b)
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("fetching from %s: %w", b, err)
	}
	if observer == nil {
		observer = Observers()
	}
	f := &Fetcher{
		bookmaker: b,
		cfg:       cfg,
		base:      u.Scheme + "://" + u.Host,
		header:    header.Clone(),
		limiter:   limiter,
		observer:  observer,
		transport: newTransport(cfg),
	}
	f.client = &http.Client{
		Transport: f.transport,
		// A redirect leads to another country's site or to a login page, never to odds.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	f.bodies.New = func() any { return new(bytes.Buffer) }
	return f, nil
}

// Bookmaker is who is asked.
func (f *Fetcher) Bookmaker() odds.Bookmaker { return f.bookmaker }

// Fetch sends the request, and again if that can help. The caller holds a permit and releases it with OutcomeOf of
// the error. The error wraps bookmaker.ErrThrottled when the request was turned away, is a *StatusError for any
// other status but 2xx, wraps an *odds.Rejected when the body was cut off or too large, and the error of ctx when
// that ended.
func (f *Fetcher) Fetch(ctx context.Context, r Request) (*Answer, error) {
	run := &run{fetcher: f, request: r}
	answer, err := f.retry(ctx, func() (*Answer, error) { return run.try(ctx) })
	if err != nil {
		if ctxErr := ctx.Err(); ctxErr != nil && !errors.Is(err, ctxErr) {
			err = errors.Join(ctxErr, err)
		}
		return nil, fmt.Errorf("asking %s for %s: %w", f.bookmaker, r.Call, err)
	}
	return answer, nil
}

// Close drops the idle connections. Requests under way end by their contexts.
func (f *Fetcher) Close() { f.transport.CloseIdleConnections() }
