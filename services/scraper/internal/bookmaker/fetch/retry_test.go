package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// script answers requests one after another, in a synctest bubble where no socket can be.
type script struct {
	answers []string // "status retry-after"
	sent    []time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var status, after int
	if _, err := fmt.Sscan(s.answers[min(len(s.sent), len(s.answers)-1)], &status, &after); err != nil {
		return nil, err
	}
	s.sent = append(s.sent, time.Now())
	resp := &http.Response{StatusCode: status, Header: make(http.Header), Request: r, Body: io.NopCloser(strings.NewReader("{}"))}
	if after > 0 {
		resp.Header.Set("Retry-After", fmt.Sprint(after))
	}
	return resp, nil
}

func scripted(t *testing.T, cfg Config, s *script) *Fetcher {
	t.Helper()
	group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{odds.Bet9ja: {Slots: 8, Spacing: 100 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(cfg, "http://bookmaker.test", nil, group.Limiter(odds.Bet9ja), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.client.Transport = s
	return f
}

func TestRetriesAreSpacedOut(t *testing.T) {
	t.Parallel()
	for range 20 { // jitter is random
		synctest.Test(t, func(t *testing.T) {
			s := &script{answers: []string{"503 0", "502 0", "200 0"}}
			f := scripted(t, Config{}, s)
			permit, err := f.limiter.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			answer, err := f.Fetch(t.Context(), Request{Call: DetailCall, Path: "/"})
			permit.Release(OutcomeOf(err))
			if err != nil || len(s.sent) != 3 {
				t.Fatalf("%d attempts: %v", len(s.sent), err)
			}
			if !answer.RequestedAt.Equal(s.sent[2]) {
				t.Errorf("requested at %s, want when the last attempt was sent, %s", answer.RequestedAt, s.sent[2])
			}
			for i, base := range []time.Duration{200 * time.Millisecond, 400 * time.Millisecond} {
				got := s.sent[i+1].Sub(s.sent[i])
				if got < base*3/4 || got > base*5/4 {
					t.Errorf("retry %d after %s, want %s within a quarter", i+1, got, base)
				}
			}
		})
	}
}

// A request that is given up between two attempts says so alone: the limiter has heard of the attempt already.
func TestGivenUpWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []string{"503 0"}}
		f := scripted(t, Config{RetryDelay: time.Second}, s)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := f.Fetch(ctx, Request{Call: DetailCall, Path: "/"})
		if _, ok := errors.AsType[*StatusError](err); ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that of the context", err)
		}
		if took := time.Since(began); took != 100*time.Millisecond || len(s.sent) != 1 {
			t.Errorf("%d requests sent within %v, want one and an end with the context", len(s.sent), took)
		}
	})
}

func TestShortRetryAfterIsSatOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []string{"429 2", "200 0"}}
		f := scripted(t, Config{}, s)
		if _, err := f.Fetch(t.Context(), Request{Call: DetailCall, Path: "/"}); err != nil {
			t.Fatal(err)
		}
		if got := s.sent[1].Sub(s.sent[0]); got != 2*time.Second {
			t.Errorf("retried after %s, want the 2s asked for", got)
		}
		if got := f.limiter.Stats().Cuts; got != 1 {
			t.Errorf("the limiter heard of %d throttlings, want 1", got)
		}
	})
}

// A bookmaker that is down costs each request one attempt, once its limiter pauses for long.
func TestNoRetriesIntoALongPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []string{"500 0"}}
		f := scripted(t, Config{}, s)
		var last int
		for range 12 {
			permit, err := f.limiter.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			before := len(s.sent)
			_, err = f.Fetch(t.Context(), Request{Call: DetailCall, Path: "/"})
			last = len(s.sent) - before
			if _, ok := errors.AsType[*StatusError](err); !ok {
				t.Fatalf("error %v, want the status", err)
			}
			permit.Release(OutcomeOf(err))
		}
		if last != 1 {
			t.Errorf("the last request made %d attempts, want 1: %+v", last, f.limiter.Stats())
		}
	})
}

func TestRetryAfterHeader(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"3":                             3 * time.Second,
		" 3 ":                           3 * time.Second,
		"-5":                            0,
		"99999999":                      24 * time.Hour,
		"1.5":                           0,
		"soon":                          0,
		"Wed, 06 May 2026 11:00:30 GMT": 30 * time.Second,
		"Wed, 06 May 2026 10:00:00 GMT": 0,
		"Wed, 06 May 2099 10:00:00 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	var h histogram
	if got := h.quantile(0.5); got != 0 {
		t.Errorf("nothing counted, p50 %s", got)
	}
	for ms := 1; ms <= 1000; ms++ {
		h.add(time.Duration(ms) * time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.95: 950 * time.Millisecond, 1: time.Second} {
		if got := h.quantile(q); got < want || float64(got) > float64(want)*1.05 {
			t.Errorf("quantile %g is %s, want %s within 5%%", q, got, want)
		}
	}
	h.add(-1)
	h.add(1000 * time.Hour)
	if got := h.quantile(1); got < time.Hour {
		t.Errorf("longest %s", got)
	}
}

// A pause that others make longer while a request waits to be sent again is not sat out with its slot in hand.
func TestRetryLeavesAGrowingPauseToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []string{"503 0", "200 0"}}
		f := scripted(t, Config{RetryDelay: time.Second, MaxRetryAfter: 3 * time.Second}, s)
		permit, err := f.limiter.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		time.AfterFunc(500*time.Millisecond, func() {
			f.limiter.Observe(time.Now(), limit.Outcome{Kind: limit.Throttled, RetryAfter: time.Minute})
		})
		_, err = f.Fetch(t.Context(), Request{Call: DetailCall, Path: "/"})
		var status *StatusError
		if !errors.As(err, &status) || status.Status != http.StatusServiceUnavailable {
			t.Errorf("error %v, want that of the first attempt", err)
		}
		if took := time.Since(began); took > 5*time.Second || len(s.sent) != 1 {
			t.Errorf("%d requests sent within %v, want one and an end after 3 s of waiting", len(s.sent), took)
		}
		if o := OutcomeOf(err); o.Kind != limit.Unknown {
			t.Errorf("the limiter is told %v again", o)
		}
		permit.Release(OutcomeOf(err))
	})
}
