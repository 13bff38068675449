package score

import (
	"math"
	"strconv"
	"strings"
)

// Rule settles one outcome: which part of the stake wins and which part loses when the match ends with s. What is
// left is handed back. line is in goals, seen from the home side for handicaps.
type Rule func(line float64, s Score) (win, lose float64)

// Rules makes the rule of an outcome from its name, which in every market says what it bets on.
type Rules func(name string) Rule

// When wins if the condition holds and loses otherwise.
func When(holds func(Score) bool) Rule {
	return func(_ float64, s Score) (float64, float64) {
		if holds(s) {
			return 1, 0
		}
		return 0, 1
	}
}

// likely wins with a probability that the score alone does not settle, such as who scored first.
func likely(p func(Score) float64) Rule {
	return func(_ float64, s Score) (float64, float64) {
		q := p(s)
		return q, 1 - q
	}
}

// Result settles "1", "X", "2" and their pairs "1X", "X2", "12" by the sides' difference.
func Result(name string) Rule {
	return When(func(s Score) bool { return InResult(name, s.Home()-s.Away()) })
}

// InResult reports whether a difference is in a set of results.
func InResult(set string, difference int) bool {
	switch {
	case difference > 0:
		return strings.Contains(set, "1")
	case difference < 0:
		return strings.Contains(set, "2")
	default:
		return strings.Contains(set, "X")
	}
}

// WithoutResult settles two results against each other and hands the stake back on the third, void.
func WithoutResult(void string) Rules {
	return func(name string) Rule {
		return func(_ float64, s Score) (float64, float64) {
			d := s.Home() - s.Away()
			switch {
			case InResult(void, d):
				return 0, 0
			case InResult(name, d):
				return 1, 0
			default:
				return 0, 1
			}
		}
	}
}

// EuropeanRule settles "1", "X", "2" after the home side's handicap.
func EuropeanRule(name string) Rule {
	return func(line float64, s Score) (float64, float64) {
		if InResult(name, s.Home()-s.Away()+int(line)) {
			return 1, 0
		}
		return 0, 1
	}
}

// Asian settles "1" and "2" after the home side's handicap; whole lines may be handed back, quarter lines are half
// each of the lines beside them.
func Asian(name string) Rule {
	sign := 1.0
	if name == "2" {
		sign = -1
	}
	return func(line float64, s Score) (float64, float64) {
		return quarters(line, func(l float64) float64 { return sign * (float64(s.Home()-s.Away()) + l) })
	}
}

// OverUnder settles "Over" and "Under" of a count.
func OverUnder(count func(Score) int) Rules {
	return func(name string) Rule {
		sign := 1.0
		if name == "Under" {
			sign = -1
		}
		return func(line float64, s Score) (float64, float64) {
			return quarters(line, func(l float64) float64 { return sign * (float64(count(s)) - l) })
		}
	}
}

// quarters settles by the sign of a margin; a line between the half and whole ones is the mean of its neighbours.
func quarters(line float64, margin func(line float64) float64) (win, lose float64) {
	settle := func(l float64) {
		switch m := margin(l); {
		case m > 0:
			win += 0.5
		case m < 0:
			lose += 0.5
		}
	}
	if line*2 == math.Trunc(line*2) {
		settle(line)
		settle(line)
		return win, lose
	}
	settle(line - 0.25)
	settle(line + 0.25)
	return win, lose
}

// YesNo settles "Yes" and "No" of a condition.
func YesNo(holds func(Score) bool) Rules {
	return func(name string) Rule {
		return When(func(s Score) bool { return holds(s) == (name == "Yes") })
	}
}

// OddEven settles "Odd" and "Even" of a count.
func OddEven(count func(Score) int) Rules {
	return func(name string) Rule {
		return When(func(s Score) bool { return (count(s)%2 == 1) == (name == "Odd") })
	}
}

// Ranges settles "2", "2-3", "3+" and "No goal" of a count.
func Ranges(count func(Score) int) Rules {
	return func(name string) Rule {
		low, high := RangeOf(name)
		return When(func(s Score) bool { n := count(s); return low <= n && n <= high })
	}
}

// RangeOf reads the name of a range of counts.
func RangeOf(name string) (low, high int) {
	if strings.EqualFold(name, "no goal") {
		return 0, 0
	}
	if open, ok := strings.CutSuffix(name, "+"); ok {
		return MustInt(open), math.MaxInt
	}
	if from, to, ok := strings.Cut(name, "-"); ok {
		return MustInt(from), MustInt(to)
	}
	return MustInt(name), MustInt(name)
}

// MustInt reads a number out of the catalogue, which is part of the program: a wrong one is a fault of ours.
func MustInt(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("bookiesim: reading the catalogue: " + err.Error())
	}
	return n
}

// Both settles names of two parts, each by its own rules: both have to win.
func Both(separator string, first, second Rules) Rules {
	return func(name string) Rule {
		a, b, _ := strings.Cut(name, separator)
		left, right := first(a), second(b)
		return func(line float64, s Score) (float64, float64) {
			w1, _ := left(line, s)
			w2, _ := right(line, s)
			return w1 * w2, 1 - w1*w2
		}
	}
}
