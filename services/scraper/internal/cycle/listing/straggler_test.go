package listing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestStragglersAreCutOff(t *testing.T) {
	t.Parallel()
	const forever = time.Hour
	type times = map[odds.Bookmaker]time.Duration
	for _, tt := range []struct {
		name   string
		took   times // by themselves
		before map[odds.Bookmaker]Past
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
			want: times{odds.BetPawa: 4 * time.Second, odds.SportyBet: 4*time.Second + maxAllowance, odds.Bet9ja: 16 * time.Second},
			cut:  []odds.Bookmaker{odds.SportyBet},
		},
		{
			name:   "one hangs that was quick before",
			took:   times{odds.BetPawa: 4 * time.Second, odds.SportyBet: forever},
			before: map[odds.Bookmaker]Past{odds.SportyBet: {complete: 3 * time.Second}},
			want:   times{odds.BetPawa: 4 * time.Second, odds.SportyBet: 4*time.Second + minAllowance},
			cut:    []odds.Bookmaker{odds.SportyBet},
		},
		{
			name:   "one always takes its time",
			took:   times{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 70 * time.Second},
			before: map[odds.Bookmaker]Past{odds.Bet9ja: {complete: 40 * time.Second}},
			want:   times{odds.BetPawa: 4 * time.Second, odds.Bet9ja: 70 * time.Second},
		},
		{
			name:   "the machine is slow",
			took:   times{odds.BetPawa: 50 * time.Second, odds.Bet9ja: 59 * time.Second},
			before: map[odds.Bookmaker]Past{odds.BetPawa: {complete: time.Second}, odds.Bet9ja: {complete: time.Second}},
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
				allowances := make(map[odds.Bookmaker]time.Duration)
				for b := range tt.took {
					allowances[b] = tt.before[b].Allowance()
				}
				g := NewGroup(allowances)
				type end struct {
					bookmaker odds.Bookmaker
					after     time.Duration
					cut       bool
				}
				ends := make(chan end, len(tt.took))
				for b, took := range tt.took {
					g.Go(t.Context(), b, func(ctx context.Context) {
						select {
						case <-time.After(took):
						case <-ctx.Done():
						}
						ends <- end{b, time.Since(began), errors.Is(context.Cause(ctx), ErrStraggler)}
					})
				}
				g.Wait()
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

func TestAllowanceGrowsWithEachCut(t *testing.T) {
	t.Parallel()
	var p Past
	for _, step := range []struct {
		took          time.Duration
		complete, cut bool
		want          time.Duration // may the next one take longer than the first
	}{
		{took: 3 * time.Second, want: maxAllowance}, // incomplete, so nothing is known yet
		{took: 3 * time.Second, complete: true, want: minAllowance},
		{took: 13 * time.Second, cut: true, want: 2 * minAllowance},
		{took: time.Second, want: 2 * minAllowance}, // failed at once
		{took: 23 * time.Second, cut: true, want: maxAllowance},
		{took: 43 * time.Second, cut: true, want: maxAllowance},
		{took: 38 * time.Second, complete: true, want: 76 * time.Second}, // slower for good, and whole again
		{took: 80 * time.Second, cut: true, want: 76 * time.Second},
		{took: 2 * time.Second, complete: true, want: minAllowance},
	} {
		p = p.After(step.took, step.complete, step.cut)
		if got := p.Allowance(); got != step.want {
			t.Fatalf("after one of %v (complete %t, cut off %t) the next may take %v, want %v", step.took, step.complete, step.cut, got, step.want)
		}
	}
}
