package sim

import "strings"

// The counts that rules are made of.
func homeCount(s score) int  { return s.home() }
func awayCount(s score) int  { return s.away() }
func totalCount(s score) int { return s.total() }

func bothScored(s score) bool { return s.home() > 0 && s.away() > 0 }
func homeClean(s score) bool  { return s.away() == 0 }
func awayClean(s score) bool  { return s.home() == 0 }

// exactScore settles "2-1"; "Other" takes whatever the bookmaker lists no price for, see market.rest.
func exactScore(name string) rule {
	home, away, ok := strings.Cut(name, "-")
	if !ok {
		return when(func(score) bool { return false })
	}
	h, a := mustInt(home), mustInt(away)
	return when(func(s score) bool { return s.home() == h && s.away() == a })
}

// halfFull settles "1/X": the result at half time and at full time.
func halfFull(name string) rule {
	half, full, _ := strings.Cut(name, "/")
	return when(func(s score) bool {
		return inResult(half, s.home1-s.away1) && inResult(full, s.home()-s.away())
	})
}

// moreGoalsIn settles which half has more of a count.
func moreGoalsIn(first, second func(score) int) rules {
	return func(name string) rule {
		return when(func(s score) bool {
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

// margins settles "Home by 2", "Away by 3+" and "Draw".
func margins(name string) rule {
	if name == "Draw" {
		return result("X")
	}
	side, by, _ := strings.Cut(name, " by ")
	low, high := rangeOf(by)
	return when(func(s score) bool {
		d := s.home() - s.away()
		if side == "Away" {
			d = -d
		}
		return low <= d && d <= high
	})
}

// whoScored settles "No Goal", "Home", "Away" and "Both".
func whoScored(name string) rule {
	return when(func(s score) bool {
		home, away := s.home() > 0, s.away() > 0
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

// edgeGoal settles who scored the first, and by symmetry the last, goal: given the score every order of the goals is
// equally likely.
func edgeGoal(name string) rule {
	return likely(func(s score) float64 {
		switch total := float64(s.total()); {
		case total == 0 && name != "1" && name != "2":
			return 1
		case total == 0:
			return 0
		case name == "1":
			return float64(s.home()) / total
		case name == "2":
			return float64(s.away()) / total
		default:
			return 0
		}
	})
}

// lead settles "1" and "2" (and their pairs) early once that side was ahead by n goals at any time; the draw is
// settled at the end.
func lead(n int) rules {
	return func(name string) rule {
		return likely(func(s score) float64 {
			if inResult(name, s.home()-s.away()) {
				return 1
			}
			p := 0.0
			if strings.Contains(name, "1") {
				p = everAhead(s.home(), s.away(), n)
			}
			if strings.Contains(name, "2") {
				p = max(p, everAhead(s.away(), s.home(), n))
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
