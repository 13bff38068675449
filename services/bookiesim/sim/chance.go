package sim

import "math"

// chance is a deterministic source: the same numbers for the same seed and parts, in any order of asking. It is what
// makes the world a function of seed and clock. It is not for secrets.
type chance uint64

// of derives the source for a named thing below c.
func (c chance) of(parts ...uint64) chance {
	h := uint64(c)
	for _, p := range parts {
		h = mix(h ^ mix(p+0x9e3779b97f4a7c15))
	}
	return chance(h)
}

// ofText derives the source for something named by text (FNV-1a, then mixed).
func (c chance) ofText(text string) chance {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return c.of(h)
}

// unit is a number in [0, 1).
func (c chance) unit() float64 { return float64(mix(uint64(c))>>11) / (1 << 53) }

// below is a number in [0, n).
func (c chance) below(n int) int { return int(mix(uint64(c)) % uint64(n)) }

// between is a number in [low, high).
func (c chance) between(low, high float64) float64 { return low + (high-low)*c.unit() }

// gap is how many steps pass until something that happens in share of all steps happens next, at least one. It is
// geometric, so that "happens in 5 % of the steps" needs one number an occurrence instead of one a step.
func (c chance) gap(share float64) int64 {
	if share <= 0 {
		return math.MaxInt64 / 4
	}
	if share >= 1 {
		return 1
	}
	steps := math.Log(1-c.unit()) / math.Log(1-share)
	return 1 + int64(math.Min(steps, 1e12))
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
