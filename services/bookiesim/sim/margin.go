package sim

import (
	"math"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// marginOf is what a bookmaker adds to the probabilities of a two- or three-way market.
func marginOf(b book.Book, outcomes int) float64 {
	m := traitsOf(b).margin
	if outcomes > 3 {
		m *= 1.2 // markets of many outcomes carry more
	}
	return m
}

// longest is the longest price a bookmaker shows, in hundredths.
func longest(b book.Book) int32 { return traitsOf(b).mostOdds }

// shade raises probabilities to a common power so that their sum grows by margin. Like real books it takes more from
// long shots than from favourites, so that no favourite is pushed to a price of 1 or below.
func shade(p []float64, margin float64) []float64 {
	logs, want := make([]float64, len(p)), 0.0
	for i, v := range p {
		logs[i] = math.Log(max(v, 1e-6))
		want += v
	}
	want = min(want*(1+margin), 0.98*float64(len(p)))
	k := 1.0
	for range 6 { // Newton's method; the sum is convex in k, so it converges from 1
		sum, slope := -want, 0.0
		for _, l := range logs {
			e := math.Exp(k * l)
			sum, slope = sum+e, slope+l*e
		}
		if slope > -1e-9 {
			break
		}
		k = max(k-sum/slope, 0.05)
	}
	out := make([]float64, len(p))
	for i, l := range logs {
		out[i] = math.Exp(k * l)
	}
	return out
}
