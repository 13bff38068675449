package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

func TestLatencyMeetsItsThreeFigures(t *testing.T) {
	t.Parallel()
	for b, l := range RealLatency() {
		var all []time.Duration
		sum := 0.0
		const n = 200_000
		for i := range n {
			d := l.draw(chance.Chance(7).Of(uint64(i), uint64(b)))
			all = append(all, d)
			sum += float64(d)
		}
		slices.Sort(all)
		for _, figure := range []struct {
			name      string
			got, want float64
			within    float64
		}{
			{"mean", sum / n, float64(l.Mean), 0.02},
			{"median", float64(all[n/2]), float64(l.P50), 0.01},
			{"95th percentile", float64(all[n*95/100]), float64(l.P95), 0.01},
		} {
			if math.Abs(figure.got/figure.want-1) > figure.within {
				t.Errorf("%s: %s %s, want %s", book.Book(b), figure.name, time.Duration(figure.got), time.Duration(figure.want))
			}
		}
		if all[0] < 50*time.Millisecond {
			t.Errorf("%s: shortest %s", book.Book(b), all[0])
		}
	}
	if d := (Latency{}).draw(1); d != 0 {
		t.Errorf("no latency takes %s", d)
	}
}

func TestGapIsGeometric(t *testing.T) {
	t.Parallel()
	sum := 0.0
	const n = 50_000
	for i := range n {
		g := chance.Chance(3).Of(uint64(i)).Gap(0.05)
		if g < 1 {
			t.Fatalf("gap %d", g)
		}
		sum += float64(g)
	}
	if mean := sum / n; math.Abs(mean-20) > 0.5 {
		t.Errorf("mean gap %.2f, want 20", mean)
	}
	if chance.Chance(1).Gap(0) < 1<<40 || chance.Chance(1).Gap(1) != 1 {
		t.Error("never and always are not so")
	}
}
