package fetch_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick retries without waiting.
func quick() fetch.Config {
	return fetch.Config{
		RetryDelay: time.Millisecond, MaxRetryDelay: 2 * time.Millisecond, Timeout: 5 * time.Second, MaxBody: 1 << 16,
	}
}

// bench is a fetcher in front of a server on loopback.
type bench struct {
	fetcher *fetch.Fetcher
	limiter *limit.Limiter
	stats   *fetch.Stats
	hits    atomic.Int64
}

func newBench(t *testing.T, cfg fetch.Config, handler http.HandlerFunc) *bench {
	t.Helper()
	b := &bench{stats: new(fetch.Stats)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.hits.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{
		odds.SportyBet: {Slots: 8, FirstPause: time.Millisecond, Widening: time.Nanosecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.limiter = group.Limiter(odds.SportyBet)
	b.fetcher, err = fetch.New(cfg, server.URL, http.Header{"Clientid": {"web"}}, b.limiter, b.stats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.fetcher.Close)
	return b
}

func detail() fetch.Request { return fetch.Request{Call: fetch.DetailCall, Path: "/event?id=1"} }

func report(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// drop ends the connection after sending what is given, with a reset when nothing is.
func drop(w http.ResponseWriter, sent string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if sent == "" {
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	fmt.Fprint(conn, sent)
	_ = conn.Close()
}

func truncatedGzip(w http.ResponseWriter, _ *http.Request) {
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, `{"data":"`, strings.Repeat("0123456789", 500), `"}`)
	_ = z.Close()
	w.Header().Set("Content-Encoding", "gzip")
	fmt.Fprint(w, packed.String()[:packed.Len()/2])
}

func TestEveryWayToFail(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handler  http.HandlerFunc
		cfg      func(*fetch.Config)
		attempts int64
		result   fetch.Result
		kind     limit.Kind
		push     bookmaker.Throttling // when the error is a *bookmaker.Throttled
		status   int                  // when the error is a *fetch.StatusError
		rejected odds.Reason          // when the error wraps an *odds.Rejected
	}{
		"HTML": {
			handler: report(200, "\n<!doctype html><title>Welcome</title>"), attempts: 1,
			result: fetch.TurnedAway, kind: limit.Throttled, push: bookmaker.NoJSON, rejected: odds.NotJSON,
		},
		"plain text": {
			handler: report(200, "blocked"), attempts: 1,
			result: fetch.TurnedAway, kind: limit.Throttled, push: bookmaker.NoJSON, rejected: odds.NotJSON,
		},
		"empty 202": {
			handler: report(202, ""), attempts: 1,
			result: fetch.TurnedAway, kind: limit.Throttled, push: bookmaker.EmptyAnswer, rejected: odds.NotJSON,
		},
		"blank 200": {
			handler: report(200, "\xef\xbb\xbf \n"), attempts: 1,
			result: fetch.TurnedAway, kind: limit.Throttled, push: bookmaker.EmptyAnswer, rejected: odds.NotJSON,
		},
		"403": {
			handler: report(403, "{}"), attempts: 1,
			result: fetch.TurnedAway, kind: limit.Throttled, push: bookmaker.Forbidden,
		},
		"429": {
			handler: report(429, "{}"), attempts: 3,
			result: fetch.TurnedAway, kind: limit.Throttled, push: bookmaker.TooManyRequests,
		},
		"400": {handler: report(400, "{}"), attempts: 1, result: fetch.BadStatus, kind: limit.Unknown, status: 400},
		"404": {handler: report(404, "{}"), attempts: 1, result: fetch.BadStatus, kind: limit.NotFound, status: 404},
		"500": {handler: report(500, "{}"), attempts: 3, result: fetch.BadStatus, kind: limit.Failed, status: 500},
		"501": {handler: report(501, "{}"), attempts: 1, result: fetch.BadStatus, kind: limit.Failed, status: 501},
		"502": {handler: report(502, "{}"), attempts: 3, result: fetch.BadStatus, kind: limit.Failed, status: 502},
		"503": {handler: report(503, "{}"), attempts: 3, result: fetch.BadStatus, kind: limit.Failed, status: 503},
		"504": {handler: report(504, "<html>"), attempts: 3, result: fetch.BadStatus, kind: limit.Failed, status: 504},
		"redirect": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere", http.StatusPermanentRedirect)
			}, attempts: 1,
			result: fetch.BadStatus, kind: limit.Unknown, status: 308,
		},
		"no retries": {
			handler: report(500, "{}"), cfg: func(c *fetch.Config) { c.Retries = -1 }, attempts: 1,
			result: fetch.BadStatus, kind: limit.Failed, status: 500,
		},
		"slow": {
			handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			cfg:     func(c *fetch.Config) { c.Timeout = 20 * time.Millisecond }, attempts: 3,
			result: fetch.TimedOut, kind: limit.Failed,
		},
		"slow body": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, `{"data":`)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			},
			cfg: func(c *fetch.Config) { c.Timeout = 20 * time.Millisecond }, attempts: 3,
			result: fetch.TimedOut, kind: limit.Failed,
		},
		"reset": {
			handler: func(w http.ResponseWriter, _ *http.Request) { drop(w, "") }, attempts: 3,
			result: fetch.NoConnection, kind: limit.Failed,
		},
		"cut off": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				drop(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":")
			}, attempts: 3,
			result: fetch.CutOff, kind: limit.Failed, rejected: odds.NotJSON,
		},
		"truncated gzip": {
			handler: truncatedGzip, attempts: 3,
			result: fetch.CutOff, kind: limit.Failed, rejected: odds.NotJSON,
		},
		"no gzip at all": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				fmt.Fprint(w, `{"data":{}}`)
			}, attempts: 3,
			result: fetch.CutOff, kind: limit.Failed, rejected: odds.NotJSON,
		},
		"too large": {
			handler: report(200, `["`+strings.Repeat("x", 1<<16)+`"]`), attempts: 1,
			result: fetch.Unusable, kind: limit.OK, rejected: odds.TooLarge,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := quick()
			if tc.cfg != nil {
				tc.cfg(&cfg)
			}
			b := newBench(t, cfg, tc.handler)
			_, err := b.fetcher.Fetch(t.Context(), detail())
			if err == nil {
				t.Fatal("no error")
			}
			// An attempt may time out before the server has heard of it.
			if got := b.hits.Load(); got > tc.attempts || (got < tc.attempts && tc.result != fetch.TimedOut) {
				t.Errorf("%d requests, want %d (%v)", got, tc.attempts, err)
			}
			if got := fetch.OutcomeOf(err).Kind; got != tc.kind {
				t.Errorf("outcome %s, want %s (%v)", got, tc.kind, err)
			}
			var throttled *bookmaker.Throttled
			if errors.As(err, &throttled) != (tc.push != "") || (throttled != nil && throttled.How != tc.push) {
				t.Errorf("throttling %+v, want %q", throttled, tc.push)
			}
			if got := errors.Is(err, bookmaker.ErrThrottled); got != (tc.push != "") {
				t.Errorf("throttled: %t", got)
			}
			var status *fetch.StatusError
			if errors.As(err, &status) != (tc.status != 0) || (status != nil && status.Status != tc.status) {
				t.Errorf("status %+v, want %d", status, tc.status)
			}
			var rejected *odds.Rejected
			if errors.As(err, &rejected) != (tc.rejected != "") || (rejected != nil && rejected.Reason != tc.rejected) {
				t.Errorf("refused %+v, want %q", rejected, tc.rejected)
			}
			totals := b.stats.Totals()[odds.SportyBet]
			if diff := cmp.Diff(map[fetch.Result]int{tc.result: int(tc.attempts)}, totals.Results); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if got := totals.Retries; got != int(tc.attempts-1) {
				t.Errorf("%d retries counted, want %d", got, tc.attempts-1)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	const body = `{"data":{"eventId":"sr:match:1"}}`
	b := newBench(t, quick(), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Clientid") != "web" || r.Header.Get("Accept-Encoding") != "gzip" || r.RequestURI != "/event?id=1" {
			t.Errorf("%s with %v", r.RequestURI, r.Header)
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, body)
		_ = z.Close()
	})
	for range 3 { // the second one reads into the first one's memory
		before := time.Now()
		answer, err := b.fetcher.Fetch(t.Context(), detail())
		if err != nil {
			t.Fatal(err)
		}
		if string(answer.Body) != body {
			t.Errorf("body %s", answer.Body)
		}
		times := []time.Time{before, answer.RequestedAt, answer.CapturedAt, time.Now()}
		for i := range times[1:] {
			if times[i+1].Before(times[i]) {
				t.Errorf("times out of order: %v", times)
			}
		}
		answer.Release()
		answer.Release()
	}
	totals := b.stats.Totals()[odds.SportyBet]
	if totals.Attempts != 3 || totals.Bytes != 3*int64(len(body)) || totals.P50 <= 0 || totals.P95 < totals.P50 {
		t.Errorf("totals %+v", totals)
	}
}
