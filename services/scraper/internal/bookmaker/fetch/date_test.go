package fetch_test

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
)

// TestDates has a machine whose clock is wrong and a bookmaker whose answers say so: the stamps of the very first answer
// are right already, whatever the answer's status, and from a cache with the age it gives.
func TestDates(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		own    time.Duration // ahead
		age    time.Duration
		status int
		undate bool
		want   time.Duration // ahead
	}{
		{"right", 0, 0, 200, false, 0},
		{"ahead", 30 * time.Hour, 0, 200, false, 0},
		{"ahead, turned away", 30 * time.Hour, 0, 429, false, 0},
		{"ahead, from a cache", 30 * time.Hour, 2 * time.Hour, 200, false, 0},
		{"ahead, and no Date", 30 * time.Hour, 0, 200, true, 30 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := clock.New(func() time.Time { return time.Now().Add(test.own) })
			cfg := quick()
			cfg.Clock, cfg.Retries = c, -1
			b := newBench(t, cfg, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(-test.age).UTC().Format(http.TimeFormat))
				if test.age > 0 {
					w.Header().Set("Age", strconv.Itoa(int(test.age.Seconds())))
				}
				if test.undate {
					w.Header()["Date"] = nil
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(`{}`))
			})
			answer, err := b.fetcher.Fetch(t.Context(), detail())
			at := c.Now()
			if err == nil {
				at = answer.CapturedAt
				if answer.RequestedAt.After(at) || at.Sub(answer.RequestedAt) > time.Minute {
					t.Errorf("requested at %v, captured at %v", answer.RequestedAt, at)
				}
				answer.Release()
			}
			if got := time.Until(at).Round(time.Minute); got != test.want || (err == nil) != (test.status == 200) {
				t.Errorf("the time is %v ahead, want %v; error %v", got, test.want, err)
			}
		})
	}
}

// Requests are numbered as they are sent, over all fetchers, and a retry is a request of its own.
func TestRequestsAreNumbered(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	b := newBench(t, quick(), func(w http.ResponseWriter, _ *http.Request) {
		if sent.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(`{}`))
	})
	last := fetch.NextRequest() + 1 // the attempt that fails has a number too
	for range 3 {
		answer, err := b.fetcher.Fetch(t.Context(), detail())
		if err != nil {
			t.Fatal(err)
		}
		if answer.Request <= last {
			t.Errorf("request %d after %d", answer.Request, last)
		}
		last = answer.Request
		answer.Release()
	}
}
