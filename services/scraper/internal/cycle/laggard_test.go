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
	type times = map[odds.Bookmaker]time.Duration
	for _, tt := range []struct {
		name   string
		took   times // by themselves
		before map[odds.Bookmaker]pastDiscovery
		want   times // until their end
		cut    []odds.Bookmaker
	}{
		{
			name: "all are quick",
			took: times{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 16 * time.Second},
			want: times{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 16 * time.Second},
		},
		{
			name: "one hangs that is new",
			took: times{odds.BetPawa: 4 * time.Second, odds.SportyBet: forever, odds.Bet9ja: 16 * time.Second},
			want: times{odds.BetPawa: 4 * time.Second, odds.SportyBet: 4*time.Second + laggardMost, odds.Bet9ja: 16 * time.Second},
			cut:  []odds.Bookmaker{odds.SportyBet},
		},
		{
			name:   "one hangs that was quick before",
			took:   times{odds.BetPawa: 4 * time.Second, odds.SportyBet: forever},
			before: map[odds.Bookmaker]pastDiscovery{odds.SportyBet: {whole: 3 * time.Second}},
			want:   times{odds.BetPawa: 4 * time.Second, odds.SportyBet: 4*time.Second + laggardLeast},
			cut:    []odds.Bookmaker{odds.SportyBet},
		},
		{
			name:   "one always takes its time",
			took:   times{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 70 * time.Second},
			before: map[odds.Bookmaker]pastDiscovery{odds.Bet9ja: {whole: 40 * time.Second}},
			want:   times{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 70 * time.Second},
		},
		{
			name:   "the machine is slow",
			took:   times{odds.BetPawa: 50 * time.Second, odds.Bet9ja: 59 * time.Second},
			before: map[odds.Bookmaker]pastDiscovery{odds.BetPawa: {whole: time.Second}, odds.Bet9ja: {whole: time.Second}},
			want:   times{odds.BetPawa: 50 * time.Second, odds.Bet9ja: 59 * time.Second},
		},
		{
			name: "one that is alone",
			took: times{odds.BetPawa: 50 * time.Second},
			want: times{odds.BetPawa: 50 * time.Second},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				l := &laggards{
					limits: make(map[odds.Bookmaker]time.Duration), cut: make(map[odds.Bookmaker]context.CancelCauseFunc),
					done: make(chan odds.Bookmaker, len(tt.took)),
				}
				type end struct {
					bookmaker odds.Bookmaker
					after     time.Duration
					cut       bool
				}
				ends := make(chan end, len(tt.took))
				for b, took := range tt.took {
					l.limits[b] = tt.before[b].limit()
					l.discover(t.Context(), b, func(ctx context.Context) {
						select {
						case <-time.After(took):
						case <-ctx.Done():
						}
						ends <- end{b, time.Since(began), errors.Is(context.Cause(ctx), errLaggard)}
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

func TestLimitGrowsWithEachCut(t *testing.T) {
	t.Parallel()
	var p pastDiscovery
	for _, step := range []struct {
		took       time.Duration
		whole, cut bool
		want       time.Duration // may the next one take longer than the first
	}{
		{took: 3 * time.Second, want: laggardMost}, // incomplete, so nothing is known yet
		{took: 3 * time.Second, whole: true, want: laggardLeast},
		{took: 13 * time.Second, cut: true, want: 2 * laggardLeast},
		{took: time.Second, want: 2 * laggardLeast}, // failed at once
		{took: 23 * time.Second, cut: true, want: laggardMost},
		{took: 43 * time.Second, cut: true, want: laggardMost},
		{took: 38 * time.Second, whole: true, want: 76 * time.Second}, // slower for good, and whole again
		{took: 80 * time.Second, cut: true, want: 76 * time.Second},
		{took: 2 * time.Second, whole: true, want: laggardLeast},
	} {
		p = p.after(step.took, step.whole, step.cut)
		if got := p.limit(); got != step.want {
			t.Fatalf("after one of %v (whole %t, cut off %t) the next may take %v, want %v", step.took, step.whole, step.cut, got, step.want)
		}
	}
}
