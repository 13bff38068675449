// Package chance draws numbers that depend on a seed and on names alone, in any order.
package chance

import "math"

// Chance is a deterministic source: the same numbers for the same seed and parts, in any order of asking. It is what
// makes the world a function of seed and clock. It is not for secrets.
type Chance uint64

// Of derives the source for a named thing below c.
func (c Chance) Of(parts ...uint64) Chance {
	h := uint64(c)
	for _, p := range parts {
		h = Mix(h ^ Mix(p+0x9e3779b97f4a7c15))
	}
	return Chance(h)
}

// OfText derives the source for something named by text (FNV-1a, then mixed).
func (c Chance) OfText(text string) Chance {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return c.Of(h)
}

// Unit is a number in [0, 1).
func (c Chance) Unit() float64 { return float64(Mix(uint64(c))>>11) / (1 << 53) }

// Below is a number in [0, n).
func (c Chance) Below(n int) int { return int(Mix(uint64(c)) % uint64(n)) }

// Between is a number in [low, high).
func (c Chance) Between(low, high float64) float64 { return low + (high-low)*c.Unit() }

// Gap is how many steps pass until something that happens in share of all steps happens next, at least one. It is
// geometric, so that "happens in 5 % of the steps" needs one number an occurrence instead of one a step.
func (c Chance) Gap(share float64) int64 {
	if share <= 0 {
		return math.MaxInt64 / 4
	}
	if share >= 1 {
		return 1
	}
	steps := math.Log(1-c.Unit()) / math.Log(1-share)
	return 1 + int64(math.Min(steps, 1e12))
}

// Mix is the finalizer of splitmix64.
func Mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
