package failpoint

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	points, err := parse("a.b=kill; c=stall:2s@3;d=stop@2;")
	if err != nil {
		t.Fatal(err)
	}
	if len(points) != 3 || points["a.b"].action != Kill || points["c"].stall != 2*time.Second || points["c"].left != 3 || points["d"].left != 2 {
		t.Errorf("points are %v", points)
	}
	for _, text := range []string{"a", "a=b", "a=stall", "a=kill@0", "a=kill@x"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestPointsActOnce(t *testing.T) {
	t.Parallel()
	p := &point{left: 3}
	for visit, want := range []bool{false, false, true, false, false} {
		if got := p.visit(); got != want {
			t.Errorf("visit %d acts: %v", visit, got)
		}
	}
}
