package sim

import (
	"math"
	"strconv"
	"strings"
)

// rule settles one outcome: which part of the stake wins and which part loses when the match ends with s. What is
// left is handed back. line is in goals, seen from the home side for handicaps.
type rule func(line float64, s score) (win, lose float64)

// rules makes the rule of an outcome from its name, which in every market says what it bets on.
type rules func(name string) rule

// when wins if the condition holds and loses otherwise.
func when(holds func(score) bool) rule {
	return func(_ float64, s score) (float64, float64) {
		if holds(s) {
			return 1, 0
		}
		return 0, 1
	}
}

// likely wins with a probability that the score alone does not settle, such as who scored first.
func likely(p func(score) float64) rule {
	return func(_ float64, s score) (float64, float64) {
		q := p(s)
		return q, 1 - q
	}
}

// result settles "1", "X", "2" and their pairs "1X", "X2", "12" by the sides' difference.
func result(name string) rule {
	return when(func(s score) bool { return inResult(name, s.home()-s.away()) })
}

// inResult reports whether a difference is in a set of results.
func inResult(set string, difference int) bool {
	switch {
	case difference > 0:
		return strings.Contains(set, "1")
	case difference < 0:
		return strings.Contains(set, "2")
	default:
		return strings.Contains(set, "X")
	}
}

// withoutResult settles two results against each other and hands the stake back on the third, void.
func withoutResult(void string) rules {
	return func(name string) rule {
		return func(_ float64, s score) (float64, float64) {
			d := s.home() - s.away()
			switch {
			case inResult(void, d):
				return 0, 0
			case inResult(name, d):
				return 1, 0
			default:
				return 0, 1
			}
		}
	}
}

// europeanRule settles "1", "X", "2" after the home side's handicap.
func europeanRule(name string) rule {
	return func(line float64, s score) (float64, float64) {
		if inResult(name, s.home()-s.away()+int(line)) {
			return 1, 0
		}
		return 0, 1
	}
}

// asian settles "1" and "2" after the home side's handicap; whole lines may be handed back, quarter lines are half
// each of the lines beside them.
func asian(name string) rule {
	sign := 1.0
	if name == "2" {
		sign = -1
	}
	return func(line float64, s score) (float64, float64) {
		return quarters(line, func(l float64) float64 { return sign * (float64(s.home()-s.away()) + l) })
	}
}

// overUnder settles "Over" and "Under" of a count.
func overUnder(count func(score) int) rules {
	return func(name string) rule {
		sign := 1.0
		if name == "Under" {
			sign = -1
		}
		return func(line float64, s score) (float64, float64) {
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

// yesNo settles "Yes" and "No" of a condition.
func yesNo(holds func(score) bool) rules {
	return func(name string) rule {
		return when(func(s score) bool { return holds(s) == (name == "Yes") })
	}
}

// oddEven settles "Odd" and "Even" of a count.
func oddEven(count func(score) int) rules {
	return func(name string) rule {
		return when(func(s score) bool { return (count(s)%2 == 1) == (name == "Odd") })
	}
}

// ranges settles "2", "2-3", "3+" and "No goal" of a count.
func ranges(count func(score) int) rules {
	return func(name string) rule {
		low, high := rangeOf(name)
		return when(func(s score) bool { n := count(s); return low <= n && n <= high })
	}
}

// rangeOf reads the name of a range of counts.
func rangeOf(name string) (low, high int) {
	if strings.EqualFold(name, "no goal") {
		return 0, 0
	}
	if open, ok := strings.CutSuffix(name, "+"); ok {
		return mustInt(open), math.MaxInt
	}
	if from, to, ok := strings.Cut(name, "-"); ok {
		return mustInt(from), mustInt(to)
	}
	return mustInt(name), mustInt(name)
}

// mustInt reads a number out of the catalogue, which is part of the program: a wrong one is a fault of ours.
func mustInt(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("bookiesim: reading the catalogue: " + err.Error())
	}
	return n
}

// both settles names of two parts, each by its own rules: both have to win.
func both(separator string, first, second rules) rules {
	return func(name string) rule {
		a, b, _ := strings.Cut(name, separator)
		left, right := first(a), second(b)
		return func(line float64, s score) (float64, float64) {
			w1, _ := left(line, s)
			w2, _ := right(line, s)
			return w1 * w2, 1 - w1*w2
		}
	}
}
