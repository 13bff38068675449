package main

import (
	"math"
	"testing"
)

func TestFitLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		values   []float64
		mean     float64
		change   float64
		relative float64
	}{
		{"flat", []float64{5, 5, 5}, 5, 0, 0},
		{"rising", []float64{1, 2, 3, 4, 5}, 3, 4, 4. / 3},
		{"with a hole", []float64{1, math.NaN(), 3}, 2, 2, 1},
		{"one figure", []float64{7}, 7, 0, 0},
		{"none", nil, 0, 0, 0},
	} {
		f := fitLine(tt.values)
		if math.Abs(f.mean-tt.mean) > 1e-9 || math.Abs(f.change-tt.change) > 1e-9 || math.Abs(f.relative()-tt.relative) > 1e-9 {
			t.Errorf("%s: mean %v, change %v, relative %v; want %v, %v, %v", tt.name, f.mean, f.change, f.relative(), tt.mean, tt.change, tt.relative)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	if got := median([]float64{9, math.NaN(), 1, 4, 2}); got != 3 {
		t.Errorf("got %v, want 3", got)
	}
}
