package feedmodel

import (
	"errors"
	"flag"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/test/repeat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// histories is how many a run has: FEEDMODEL_HISTORIES, else what an ordinary test run has time for.
func histories(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FEEDMODEL_HISTORIES")
	if text == "" && testing.Short() {
		return 40 // of which rapid runs a fifth with -short
	}
	if text == "" && racing {
		return 40 // each takes ten times as long; `make model-test` runs more without the detector
	}
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("FEEDMODEL_HISTORIES is %q (must be a number)", text)
	}
	return n
}

// inBubble runs a history in a bubble of its own. It never fails t: whoever drew the history does, outside.
func inBubble(t *testing.T, ops []Op, rules Rules, drops bool) (c *coverage, err error) {
	t.Helper()
	err = errors.New("the bubble did not end")
	synctest.Test(t, func(*testing.T) { c, err = runHistory(ops, rules, drops) })
	return c, err
}

// shares is how many histories run at once.
const shares = 4

func TestReplicasAreTheModel(t *testing.T) {
	n := histories(t)
	for name, value := range map[string]string{
		"rapid.checks":     strconv.Itoa((n + shares - 1) / shares),
		"rapid.nofailfile": "true", // the history is printed, and goroutines do not run in the same order again
	} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var sum Coverage
	began := time.Now()
	t.Run("histories", func(t *testing.T) {
		for share := range shares {
			t.Run(strconv.Itoa(share), func(t *testing.T) {
				t.Parallel()
				failed := false
				rapid.Check(repeat.Rapid(t, "FEEDMODEL_HISTORIES="+strconv.Itoa(n)), func(rt *rapid.T) {
					ops := Histories(false).Draw(rt, "history")
					c, err := inBubble(t, ops, Rules{}, false)
					if err != nil {
						failed = true
						rt.Fatalf("%v\n%s", err, Show(ops))
					}
					if failed {
						return // shrinking
					}
					mu.Lock()
					defer mu.Unlock()
					sum.Add(c)
				})
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("%v in %v", &sum, time.Since(began).Round(time.Millisecond))
	if missing := sum.Missing(); len(missing) > 0 && n >= 200 { // fewer may miss what one in a hundred has
		t.Errorf("fewer than 1 %% of the histories have: %v", missing)
	}
	if sum.Median() < 60 && !testing.Short() {
		t.Errorf("the median history has %d operations, want 60", sum.Median())
	}
}
