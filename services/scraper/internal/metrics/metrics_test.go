package metrics

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	book "github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// is compares one series with what it should be.
func is(t *testing.T, what string, c prometheus.Collector, want float64) {
	t.Helper()
	if got := testutil.ToFloat64(c); got != want {
		t.Errorf("%s: got %g, want %g", what, got, want)
	}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	a := NewAttempts()
	a.Observed(fetch.Attempt{Bookmaker: odds.Bet9ja, Call: fetch.DetailCall, Result: fetch.Answered, Latency: time.Second, Bytes: 100})
	for range 2 {
		a.Observed(fetch.Attempt{
			Bookmaker: odds.Bet9ja, Call: fetch.DetailCall, Result: fetch.TurnedAway, Status: 429, Retry: 1,
			Throttling: book.TooManyRequests, RetryAfter: 3 * time.Second,
		})
	}
	is(t, "answered", a.requests.WithLabelValues("bet9ja", "detail", "answered"), 1)
	is(t, "turned away", a.requests.WithLabelValues("bet9ja", "detail", "turned_away"), 2)
	is(t, "push-backs", a.throttled.WithLabelValues("bet9ja", "TOO_MANY_REQUESTS"), 2)
	is(t, "retry after", a.retryAfter.WithLabelValues("bet9ja"), 6)
	is(t, "retries", a.retries.WithLabelValues("bet9ja"), 2)
	is(t, "bytes", a.bytes.WithLabelValues("bet9ja"), 100)
	is(t, "another bookmaker", a.requests.WithLabelValues("betpawa", "detail", "answered"), 0)
}

func TestCycles(t *testing.T) {
	t.Parallel()
	c := NewCycles()
	before := testutil.CollectAndCount(c)
	began := time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC)
	c.CycleBegan(began)
	is(t, "running", c.running, 1)
	c.BatchStored(store.BatchResult{MarketsChanged: 7, EventsChanged: 2, CommitMS: 250})
	c.CycleEnded(cycle.Summary{
		Cycle: store.Cycle{
			Status: store.Partial, StartedAt: began, FinishedAt: began.Add(time.Minute), Took: 59 * time.Second, Events: 9, EvictedEvents: 3,
			Clocks: []clock.Offset{{Clock: clock.Scraper, Seconds: 10800}, {Clock: "betpawa", Seconds: -1}}, Skewed: true,
			Bookmakers: []store.BookmakerResult{{
				Bookmaker: odds.BetPawa, Fetched: 5, Tournaments: 4, TournamentsFailed: 1, Rejections: odds.Rejections{odds.YieldCollapsed: 6},
			}},
		},
		Bound: 40 * time.Second, Absent: 2, Short: map[odds.Bookmaker]bool{odds.BetPawa: true},
	})
	is(t, "running", c.running, 0)
	is(t, "ended", c.ended.WithLabelValues("PARTIAL"), 1)
	is(t, "finished", c.finished.WithLabelValues("PARTIAL"), float64(began.Unix()+60))
	is(t, "took", c.took, 59)
	is(t, "the scraper's clock", c.clocks.WithLabelValues(clock.Scraper), 10800)
	is(t, "betpawa's clock", c.clocks.WithLabelValues("betpawa"), -1)
	is(t, "skew", c.skew, 1)
	is(t, "cycles with skew", c.skewed, 1)
	is(t, "bound", c.bound, 40)
	is(t, "evicted", c.evicted, 3)
	is(t, "absent", c.absent, 2)
	is(t, "markets", c.markets, 7)
	is(t, "fetched", c.last.WithLabelValues("betpawa", "fetched"), 5)
	is(t, "fetched in all", c.sum.WithLabelValues("betpawa", "fetched"), 5)
	is(t, "refused", c.rejections.WithLabelValues("betpawa", "YIELD_COLLAPSED"), 6)
	is(t, "tournaments", c.tournaments.WithLabelValues("betpawa", "answered"), 3)
	is(t, "short", c.short.WithLabelValues("betpawa"), 1)
	if after := testutil.CollectAndCount(c); after != before {
		t.Errorf("%d series before the first cycle, %d after it: some did not exist from the start", before, after)
	}
}

// measured is a database that cannot be measured the first time.
type measured struct{ calls int }

func (m *measured) DaysAhead(context.Context) (int, error) { return 1, nil }

func (m *measured) Sizes(context.Context) (upkeep.Sizes, error) {
	if m.calls++; m.calls == 1 {
		return upkeep.Sizes{}, errors.New("away")
	}
	return upkeep.Sizes{
		DatabaseBytes: 1000, Tables: []upkeep.TableSize{{Table: "events", Rows: 5, Bytes: 50}},
		Days: []upkeep.Day{{Day: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)}, {}, {}, {}},
	}, nil
}

// TestDatabase measures a database again after a measurement that failed, which knew the days ahead all the same.
func TestDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := NewDatabase(14 * 24 * time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); d.Run(ctx, &measured{}, slog.New(slog.DiscardHandler)) }() // ends with ctx
		synctest.Wait()
		is(t, "ahead", d.ahead, 1)
		is(t, "bytes", d.bytes, 0)
		<-time.After(measureRetry + time.Second)
		is(t, "failed", d.failed, 1)
		is(t, "bytes", d.bytes, 1000)
		is(t, "rows", d.rows.WithLabelValues("events"), 5)
		is(t, "partitions", d.days, 4)
		if age := testutil.ToFloat64(d.age); age < 2*86400 || age > 3*86400 {
			t.Errorf("the oldest day is %g s old", age)
		}
		cancel()
		<-ended
	})
}
