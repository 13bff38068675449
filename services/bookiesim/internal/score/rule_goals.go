package score

import "strings"

// HomeCount is the home side's count.
func HomeCount(s Score) int { return s.Home() }

// AwayCount is the away side's count.
func AwayCount(s Score) int { return s.Away() }

// TotalCount is both sides' count.
func TotalCount(s Score) int { return s.Total() }

// BothScored reports whether each side has at least one.
func BothScored(s Score) bool { return s.Home() > 0 && s.Away() > 0 }

// HomeClean reports whether the home side conceded none.
func HomeClean(s Score) bool { return s.Away() == 0 }

// AwayClean reports whether the away side conceded none.
func AwayClean(s Score) bool { return s.Home() == 0 }

// ExactScore settles "2-1"; "Other" takes whatever the bookmaker lists no price for, see the catalogue.
func ExactScore(name string) Rule {
	home, away, ok := strings.Cut(name, "-")
	if !ok {
		return When(func(Score) bool { return false })
	}
	h, a := MustInt(home), MustInt(away)
	return When(func(s Score) bool { return s.Home() == h && s.Away() == a })
}

// HalfFull settles "1/X": the result at half time and at full time.
func HalfFull(name string) Rule {
	half, full, _ := strings.Cut(name, "/")
	return When(func(s Score) bool {
		return InResult(half, s.Home1-s.Away1) && InResult(full, s.Home()-s.Away())
	})
}

// MoreGoalsIn settles which half has more of a count.
func MoreGoalsIn(first, second func(Score) int) Rules {
	return func(name string) Rule {
		return When(func(s Score) bool {
			switch d := first(s) - second(s); name {
			case "First Half":
				return d > 0
			case "Second Half":
				return d < 0
			default:
				return d == 0
			}
		})
	}
}

// Margins settles "Home by 2", "Away by 3+" and "Draw".
func Margins(name string) Rule {
	if name == "Draw" {
		return Result("X")
	}
	side, by, _ := strings.Cut(name, " by ")
	low, high := RangeOf(by)
	return When(func(s Score) bool {
		d := s.Home() - s.Away()
		if side == "Away" {
			d = -d
		}
		return low <= d && d <= high
	})
}

// WhoScored settles "No Goal", "Home", "Away" and "Both".
func WhoScored(name string) Rule {
	return When(func(s Score) bool {
		home, away := s.Home() > 0, s.Away() > 0
		switch name {
		case "Home":
			return home && !away
		case "Away":
			return away && !home
		case "Both":
			return home && away
		default:
			return !home && !away
		}
	})
}

// EdgeGoal settles who scored the first, and by symmetry the last, goal: given the score every order of the goals is
// equally likely.
func EdgeGoal(name string) Rule {
	return likely(func(s Score) float64 {
		switch total := float64(s.Total()); {
		case total == 0 && name != "1" && name != "2":
			return 1
		case total == 0:
			return 0
		case name == "1":
			return float64(s.Home()) / total
		case name == "2":
			return float64(s.Away()) / total
		default:
			return 0
		}
	})
}

// Lead settles "1" and "2" (and their pairs) early once that side was ahead by n goals at any time; the draw is
// settled at the end.
func Lead(n int) Rules {
	return func(name string) Rule {
		return likely(func(s Score) float64 {
			if InResult(name, s.Home()-s.Away()) {
				return 1
			}
			p := 0.0
			if strings.Contains(name, "1") {
				p = everAhead(s.Home(), s.Away(), n)
			}
			if strings.Contains(name, "2") {
				p = max(p, everAhead(s.Away(), s.Home(), n))
			}
			return p
		})
	}
}

// everAhead is the probability that the side with own goals was n ahead at some time of a match that ended own to
// other, every order of the goals being equally likely (the ballot problem, by reflection).
func everAhead(own, other, n int) float64 {
	if own-other >= n {
		return 1
	}
	return choose(own+other, other+n) / choose(own+other, own)
}

// choose is the binomial coefficient, 0 outside its triangle.
func choose(n, k int) float64 {
	if k < 0 || k > n {
		return 0
	}
	c := 1.0
	for i := range k {
		c = c * float64(n-i) / float64(i+1)
	}
	return c
}
