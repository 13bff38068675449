package sides

import "fmt"

// Thresholds of names: how alike the teams must be on average, from 0 to 1, and how much more alike than the other way
// round.
const (
	alike     = 0.6
	alikeMore = 0.3
)

// Names is how alike the names of the teams are, from 0 to 1, as they are and with the sides swapped.
type Names struct {
	known             bool
	straight, reverse float64
}

// compareNames compares two offers' names.
func compareNames(reference, other Offer) Names {
	if reference.Home == "" || reference.Away == "" || other.Home == "" || other.Away == "" {
		return Names{}
	}
	home, away := teams(reference.Home, reference.Away)
	otherHome, otherAway := teams(other.Home, other.Away)
	return Names{
		known:    true,
		straight: (home.similarity(otherHome) + away.similarity(otherAway)) / 2,
		reverse:  (home.similarity(otherAway) + away.similarity(otherHome)) / 2,
	}
}

// Fit is what the names say.
func (n Names) Fit() Fit {
	switch {
	case n.straight >= alike && n.straight-n.reverse >= alikeMore:
		return Straight
	case n.reverse >= alike && n.reverse-n.straight >= alikeMore:
		return Reversed
	default:
		return Unclear
	}
}

// String is the fit with the numbers.
func (n Names) String() string {
	if !n.known {
		return "missing"
	}
	return fmt.Sprintf("%s (%.2f as they are, %.2f reversed)", n.Fit(), n.straight, n.reverse)
}
