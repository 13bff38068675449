// Package score has the scores that a match can end with, how likely each is, and the rules that settle bets by them.
package score

import "math"

// Score is how a match can end: what each side had in each half. It counts goals, corners or bookings.
type Score struct{ Home1, Away1, Home2, Away2 int }

// Home is the home side's count in both halves.
func (s Score) Home() int { return s.Home1 + s.Home2 }

// Away is the away side's count in both halves.
func (s Score) Away() int { return s.Away1 + s.Away2 }

// Total is both sides' count.
func (s Score) Total() int { return s.Home() + s.Away() }

// Scope is the part of a match, and the thing counted in it, that a market is about.
type Scope int

// The scopes.
const (
	FullTime   Scope = iota
	FirstHalf        // the half's own score stands in Home1 and Away1
	SecondHalf       // likewise
	BothHalves       // Home1 to Away2 are told apart
	Corners
	Corners1
	Bookings
	scopeCount
)

// Cell is one possible score of a scope and how likely it is.
type Cell struct {
	Score
	P float64
}

// Table holds the cells of every scope of one event.
type Table [scopeCount][]Cell

// Rates are the means of the Poisson model of one event: what each side is expected to have in the whole match.
type Rates struct {
	HomeGoals, AwayGoals       float64
	HomeCorners, AwayCorners   float64
	HomeBookings, AwayBookings float64
}

// Reversed is the rates when the teams have changed places.
func (r Rates) Reversed() Rates {
	return Rates{
		HomeGoals: r.AwayGoals, AwayGoals: r.HomeGoals, HomeCorners: r.AwayCorners, AwayCorners: r.HomeCorners,
		HomeBookings: r.AwayBookings, AwayBookings: r.HomeBookings,
	}
}

// firstShare is the part of the goals that falls in the first half; real leagues lie between 0.44 and 0.46.
const firstShare = 0.45

// NewTable computes all scopes of an event.
func NewTable(r Rates) *Table {
	const halfGoals = 7 // more than six goals of one side in one half are left out: below 1e-4 for every rate here
	h1, a1 := poisson(r.HomeGoals*firstShare, halfGoals), poisson(r.AwayGoals*firstShare, halfGoals)
	h2, a2 := poisson(r.HomeGoals*(1-firstShare), halfGoals), poisson(r.AwayGoals*(1-firstShare), halfGoals)
	var t Table
	t[FirstHalf] = joint(h1, a1)
	t[SecondHalf] = joint(h2, a2)
	t[FullTime] = joint(convolve(h1, h2), convolve(a1, a2))
	for _, first := range t[FirstHalf] {
		for _, second := range t[SecondHalf] {
			if p := first.P * second.P; p > 1e-8 {
				s := Score{Home1: first.Home1, Away1: first.Away1, Home2: second.Home1, Away2: second.Away1}
				t[BothHalves] = append(t[BothHalves], Cell{Score: s, P: p})
			}
		}
	}
	t[Corners] = joint(poisson(r.HomeCorners, 18), poisson(r.AwayCorners, 18))
	t[Corners1] = joint(poisson(r.HomeCorners*firstShare, 12), poisson(r.AwayCorners*firstShare, 12))
	t[Bookings] = joint(poisson(r.HomeBookings, 12), poisson(r.AwayBookings, 12))
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
func joint(home, away []float64) []Cell {
	cells := make([]Cell, 0, len(home)*len(away))
	for h, p := range home {
		for a, q := range away {
			if p*q > 1e-9 {
				cells = append(cells, Cell{Score: Score{Home1: h, Away1: a}, P: p * q})
			}
		}
	}
	return cells
}
