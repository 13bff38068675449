package odds

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	for text, quarters := range map[string]int{
		"2.5": 10, "-1": -4, "+0.25": 1, "0": 0, "-0": 0, "3": 12, "1000": 4000, "-1000": -4000,
	} {
		line, err := ParseLine(text)
		if err != nil || !line.IsSet() || line.Quarters() != quarters {
			t.Errorf("ParseLine(%q) = %v, %v; want %d quarters", text, line, err, quarters)
		}
	}
	for _, text := range []string{"", "nan", "inf", "-Inf", "2.3", "0.1", "1000.25", "1e9", "Home -1", "0x1p2000"} {
		if line, err := ParseLine(text); !errors.Is(err, ErrLine) || line.IsSet() {
			t.Errorf("ParseLine(%q) = %v, %v; want ErrLine", text, line, err)
		}
	}
}

func TestMinusZeroIsZeroAndNoLineIsNot(t *testing.T) {
	t.Parallel()
	zero, err := FloatLine(0)
	if err != nil {
		t.Fatal(err)
	}
	negative, err := FloatLine(math.Copysign(0, -1))
	if err != nil {
		t.Fatal(err)
	}
	if zero != negative || zero.Neg() != zero || math.Signbit(negative.Float()) {
		t.Errorf("−0 is %v, 0 is %v", negative, zero)
	}
	if none := (Line{}); none == zero || none.Compare(zero) >= 0 || zero.Compare(none) <= 0 || none.String() != "-" {
		t.Errorf("no line is taken for line 0")
	}
}

func TestLinesAreExactAndOrdered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-maxQuarters, maxQuarters).Draw(t, "quarters")
		line, err := QuarterLine(n)
		if err != nil {
			t.Fatal(err)
		}
		same, err := ParseLine(line.String())
		if err != nil || same != line {
			t.Fatalf("%v reads back as %v, %v", line, same, err)
		}
		m := rapid.IntRange(-maxQuarters, maxQuarters).Draw(t, "other")
		other, err := QuarterLine(m)
		if err != nil {
			t.Fatal(err)
		}
		if (line.Compare(other) < 0) != (n < m) || (line.Float() < other.Float()) != (n < m) {
			t.Fatalf("order of %v and %v", line, other)
		}
	})
	if _, err := QuarterLine(maxQuarters + 1); !errors.Is(err, ErrLine) {
		t.Errorf("a line beyond the bound: %v", err)
	}
}
