package cycle

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestLaggardsAreCutOff(t *testing.T) {
	t.Parallel()
	const forever = time.Hour
	for _, tt := range []struct {
		name   string
		took   map[odds.Bookmaker]time.Duration // by themselves
		before map[odds.Bookmaker]time.Duration // in the cycle before
		want   map[odds.Bookmaker]time.Duration // until their end
		cut    []odds.Bookmaker
	}{
		{
			"all are quick",
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 16 * time.Second},
			nil,
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 16 * time.Second},
			nil,
		},
		{
			"one hangs",
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 4 * time.Second, odds.SportyBet: forever, odds.Bet9ja: 16 * time.Second},
			nil,
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 4 * time.Second, odds.SportyBet: laggardLeast, odds.Bet9ja: 16 * time.Second},
			[]odds.Bookmaker{odds.SportyBet},
		},
		{
			"one always takes its time",
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 70 * time.Second},
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 40 * time.Second},
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 70 * time.Second},
			nil,
		},
		{
			"all are slow",
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 50 * time.Second, odds.Bet9ja: 60 * time.Second},
			nil,
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 50 * time.Second, odds.Bet9ja: 50 * time.Second},
			[]odds.Bookmaker{odds.Bet9ja},
		},
		{
			"one that is alone",
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 50 * time.Second},
			nil,
			map[odds.Bookmaker]time.Duration{odds.BetPawa: 50 * time.Second},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &laggards{
					began: time.Now(), limits: make(map[odds.Bookmaker]time.Duration), cut: make(map[odds.Bookmaker]context.CancelCauseFunc),
					done: make(chan odds.Bookmaker, len(tt.took)),
				}
				type end struct {
					bookmaker odds.Bookmaker
					after     time.Duration
					cut       bool
				}
				ends := make(chan end, len(tt.took))
				for b, took := range tt.took {
					l.limits[b] = max(laggardLeast, laggardShare*tt.before[b])
					l.discover(t.Context(), b, func(ctx context.Context) {
						select {
						case <-time.After(took):
						case <-ctx.Done():
						}
						ends <- end{b, time.Since(l.began), errors.Is(context.Cause(ctx), errLaggard)}
					})
				}
				l.wait()
				close(ends)
				got := make(map[odds.Bookmaker]time.Duration)
				var cut []odds.Bookmaker
				for e := range ends {
					if got[e.bookmaker] = e.after; e.cut {
						cut = append(cut, e.bookmaker)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("ends (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.cut, cut); diff != "" {
					t.Errorf("cut off (-want +got):\n%s", diff)
				}
			})
		})
	}
}
