package limit_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Outcomes that tests release permits with.
func good() limit.Outcome      { return limit.Outcome{Kind: limit.OK} }
func throttled() limit.Outcome { return limit.Outcome{Kind: limit.Throttled} }
func notFound() limit.Outcome  { return limit.Outcome{Kind: limit.NotFound} }
func failed() limit.Outcome    { return limit.Outcome{Kind: limit.Failed} }

func group(t *testing.T, configs map[odds.Bookmaker]limit.Config) *limit.Group {
	t.Helper()
	g, err := limit.NewGroup(configs)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// one is a limiter alone in its group.
func one(t *testing.T, cfg limit.Config) *limit.Limiter {
	t.Helper()
	return group(t, map[odds.Bookmaker]limit.Config{odds.Bet9ja: cfg}).Limiter(odds.Bet9ja)
}

// take acquires a permit that has to be there at once.
func take(t *testing.T, l *limit.Limiter) *limit.Permit {
	t.Helper()
	p, ok := l.TryAcquire()
	if !ok {
		t.Fatalf("no permit; %+v", l.Stats())
	}
	return p
}

// acquire waits for a permit.
func acquire(t *testing.T, l *limit.Limiter) *limit.Permit {
	t.Helper()
	p, err := l.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// answer sends a request, lets it take d, and releases it with the outcome.
func answer(t *testing.T, l *limit.Limiter, d time.Duration, o limit.Outcome) {
	t.Helper()
	p := acquire(t, l)
	<-time.After(d)
	p.Release(o)
}

// acquireAll runs AcquireAll and checks that permits and missing together are what was asked for.
func acquireAll(
	ctx context.Context, t *testing.T, g *limit.Group, books []odds.Bookmaker, waitTimeout time.Duration,
) ([]*limit.Permit, []odds.Bookmaker) {
	t.Helper()
	permits, missing, err := g.AcquireAll(ctx, books, waitTimeout)
	if err != nil {
		t.Errorf("acquiring %v: %v", books, err)
		return nil, nil
	}
	if len(permits)+len(missing) != len(books) {
		t.Errorf("acquiring %v: %d permits, missing %v", books, len(permits), missing)
	}
	return permits, missing
}

func names(permits []*limit.Permit) []odds.Bookmaker {
	var all []odds.Bookmaker
	for _, p := range permits {
		all = append(all, p.Bookmaker())
	}
	return all
}
