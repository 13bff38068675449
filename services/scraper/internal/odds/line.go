package odds

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrLine is what every error about a line wraps.
var ErrLine = errors.New("line is not a multiple of 0.25 within ±1000")

// maxQuarters bounds a line: no market of any sport that we map comes near 1000.
const maxQuarters = 4000

// Line is what a market's outcomes are measured against, in quarters of a goal (or corner, or booking), so that it
// compares exactly and −0 is 0. For handicaps it is seen from the home side. The zero value is "no line", which is
// not line 0.
type Line struct {
	quarters int32
	set      bool
}

// QuarterLine makes a line of n quarters. It returns ErrLine beyond ±1000.
func QuarterLine(n int) (Line, error) {
	if n < -maxQuarters || n > maxQuarters {
		return Line{}, fmt.Errorf("%d quarters: %w", n, ErrLine)
	}
	return Line{quarters: int32(n), set: true}, nil
}

// FloatLine makes a line of f goals. It returns ErrLine for NaN, infinities and whatever lies off the quarter grid.
func FloatLine(f float64) (Line, error) {
	q := f * 4
	if math.IsNaN(q) || math.Abs(q) > maxQuarters || q != math.Trunc(q) {
		return Line{}, fmt.Errorf("%g: %w", f, ErrLine)
	}
	return Line{quarters: int32(q), set: true}, nil
}

// ParseLine reads a decimal such as "2.5", "-1" or "+0.25". It returns ErrLine for anything else.
func ParseLine(s string) (Line, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return Line{}, fmt.Errorf("%.40q: %w", s, ErrLine)
	}
	return FloatLine(f)
}

// IsSet reports whether there is a line at all.
func (l Line) IsSet() bool { return l.set }

// Quarters is the line in quarters; 0 without a line.
func (l Line) Quarters() int { return int(l.quarters) }

// Float is the line in goals; 0 without a line.
func (l Line) Float() float64 { return float64(l.quarters) / 4 }

// Neg is the line seen from the other side.
func (l Line) Neg() Line { return Line{quarters: -l.quarters, set: l.set} }

// Compare orders lines: none first, then ascending.
func (l Line) Compare(m Line) int {
	switch {
	case l.set != m.set && m.set:
		return -1
	case l.set != m.set:
		return 1
	default:
		return int(l.quarters) - int(m.quarters)
	}
}

// String is the line as a decimal, "-" without one.
func (l Line) String() string {
	if !l.set {
		return "-"
	}
	return strconv.FormatFloat(l.Float(), 'f', -1, 64)
}
