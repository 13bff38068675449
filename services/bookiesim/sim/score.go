package sim

import "math"

// score is how a match can end: what each side had in each half. It counts goals, corners or bookings.
type score struct{ home1, away1, home2, away2 int }

func (s score) home() int  { return s.home1 + s.home2 }
func (s score) away() int  { return s.away1 + s.away2 }
func (s score) total() int { return s.home() + s.away() }

// scope is the part of a match, and the thing counted in it, that a market is about.
type scope int

const (
	fullTime   scope = iota
	firstHalf        // the half's own score stands in home1 and away1
	secondHalf       // likewise
	bothHalves       // home1 to away2 are told apart
	corners
	corners1
	bookings
	scopeCount
)

// cell is one possible score of a scope and how likely it is.
type cell struct {
	score
	p float64
}

// table holds the cells of every scope of one event.
type table [scopeCount][]cell

// rates are the means of the Poisson model of one event: what each side is expected to have in the whole match.
type rates struct {
	homeGoals, awayGoals       float64
	homeCorners, awayCorners   float64
	homeBookings, awayBookings float64
}

// reversed is the rates when the teams have changed places.
func (r rates) reversed() rates {
	return rates{
		homeGoals: r.awayGoals, awayGoals: r.homeGoals, homeCorners: r.awayCorners, awayCorners: r.homeCorners,
		homeBookings: r.awayBookings, awayBookings: r.homeBookings,
	}
}

// firstShare is the part of the goals that falls in the first half; real leagues lie between 0.44 and 0.46.
const firstShare = 0.45

// newTable computes all scopes of an event.
func newTable(r rates) *table {
	const halfGoals = 7 // more than six goals of one side in one half are left out: below 1e-4 for every rate here
	h1, a1 := poisson(r.homeGoals*firstShare, halfGoals), poisson(r.awayGoals*firstShare, halfGoals)
	h2, a2 := poisson(r.homeGoals*(1-firstShare), halfGoals), poisson(r.awayGoals*(1-firstShare), halfGoals)
	var t table
	t[firstHalf] = joint(h1, a1)
	t[secondHalf] = joint(h2, a2)
	t[fullTime] = joint(convolve(h1, h2), convolve(a1, a2))
	for _, first := range t[firstHalf] {
		for _, second := range t[secondHalf] {
			if p := first.p * second.p; p > 1e-8 {
				s := score{home1: first.home1, away1: first.away1, home2: second.home1, away2: second.away1}
				t[bothHalves] = append(t[bothHalves], cell{score: s, p: p})
			}
		}
	}
	t[corners] = joint(poisson(r.homeCorners, 18), poisson(r.awayCorners, 18))
	t[corners1] = joint(poisson(r.homeCorners*firstShare, 12), poisson(r.awayCorners*firstShare, 12))
	t[bookings] = joint(poisson(r.homeBookings, 12), poisson(r.awayBookings, 12))
	return &t
}

// poisson is the distribution of 0 to n-1 with the given mean, scaled to a sum of one.
func poisson(mean float64, n int) []float64 {
	p := make([]float64, n)
	sum, term := 0.0, math.Exp(-mean)
	for k := range p {
		p[k] = term
		sum += term
		term *= mean / float64(k+1)
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// convolve is the distribution of the sum of two independent numbers.
func convolve(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, p := range a {
		for j, q := range b {
			out[i+j] += p * q
		}
	}
	return out
}

// joint is the distribution of two independent sides.
func joint(home, away []float64) []cell {
	cells := make([]cell, 0, len(home)*len(away))
	for h, p := range home {
		for a, q := range away {
			if p*q > 1e-9 {
				cells = append(cells, cell{score: score{home1: h, away1: a}, p: p * q})
			}
		}
	}
	return cells
}
