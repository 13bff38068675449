package main

import (
	"math"
	"slices"
)

// fit is a straight line through figures, by least squares.
type fit struct {
	mean   float64
	change float64 // from the first to the last figure, along the line
	n      int
}

// relative is the change as a part of the mean; 0 without figures.
func (f fit) relative() float64 {
	if f.mean == 0 {
		return 0
	}
	return f.change / f.mean
}

// fitLine fits a line to figures of equal distance; NaN stands for one that is missing.
func fitLine(values []float64) fit {
	var n, sumX, sumY, sumXX, sumXY float64
	for i, y := range values {
		if math.IsNaN(y) {
			continue
		}
		x := float64(i)
		n, sumX, sumY, sumXX, sumXY = n+1, sumX+x, sumY+y, sumXX+x*x, sumXY+x*y
	}
	f := fit{n: int(n)}
	if n == 0 {
		return f
	}
	f.mean = sumY / n
	if spread := n*sumXX - sumX*sumX; spread > 0 {
		f.change = (n*sumXY - sumX*sumY) / spread * float64(len(values)-1)
	}
	return f
}

// median is the middle of figures, NaN left out; 0 without any.
func median(values []float64) float64 {
	sorted := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(sorted) == 0 {
		return 0
	}
	slices.Sort(sorted)
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
