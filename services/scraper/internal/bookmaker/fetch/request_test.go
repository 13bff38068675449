package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestPostIsSentAgainWithItsBody(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	b := newBench(t, quick(), func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 100)
		size, _ := r.Body.Read(buf)
		if got := string(buf[:size]); got != `["x"]` || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %q %v", r.Method, got, r.Header)
		}
		if n.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, `{}`)
	})
	answer, err := b.fetcher.Fetch(t.Context(), fetch.Request{Call: fetch.EventsCall, Path: "/x", Body: []byte(`["x"]`)})
	if err != nil {
		t.Fatal(err)
	}
	answer.Release()
}

func TestLongRetryAfterIsLeftToTheLimiter(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, quick(), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "20")
				w.WriteHeader(status)
			})
			permit, err := b.limiter.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.fetcher.Fetch(t.Context(), detail())
			if got := b.hits.Load(); got != 1 || err == nil {
				t.Errorf("%d attempts, error %v", got, err)
			}
			permit.Release(fetch.OutcomeOf(err))
			s := b.limiter.Stats()
			if left := time.Until(s.PausedUntil); left < 15*time.Second || left > 20*time.Second || s.Cuts != 1 {
				t.Errorf("paused for %s: %+v", left, s)
			}
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, 10)
	b := newBench(t, quick(), func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }() // ends with the request's arrival
	if _, err := b.fetcher.Fetch(ctx, detail()); !errors.Is(err, context.Canceled) || fetch.OutcomeOf(err).Kind != limit.Unknown {
		t.Errorf("cancelled: %v, outcome %s", err, fetch.OutcomeOf(err).Kind)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := b.fetcher.Fetch(ctx, detail())
	if !errors.Is(err, context.DeadlineExceeded) || fetch.OutcomeOf(err).Kind != limit.Failed {
		t.Errorf("out of time: %v, outcome %s", err, fetch.OutcomeOf(err).Kind)
	}
	if got := b.hits.Load(); got > 2 {
		t.Errorf("%d requests, want 2 at most: what the caller ended is not tried again", got)
	}
}

func TestNewRejects(t *testing.T) {
	t.Parallel()
	group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{odds.BetPawa: {Slots: 50}})
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"", "www.betpawa.ng", "ftp://x", "https://x/api", "https://x?y=1", "https://", "://"} {
		if _, err := fetch.New(fetch.Config{}, base, nil, group.Limiter(odds.BetPawa), nil); err == nil {
			t.Errorf("address %q was taken", base)
		}
	}
	if _, err := fetch.New(fetch.Config{Timeout: -1}, "https://x", nil, group.Limiter(odds.BetPawa), nil); err == nil {
		t.Error("a negative time-out was taken")
	}
}
