package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// TestClockSteps sets clocks wrong for one cycle, each way of the issue, then right: nothing that has not begun is evicted,
// every price moves in every cycle, and each cycle says what it was.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, step := range []time.Duration{3 * hour, 30 * hour, 72 * hour, -3 * hour} {
		for _, where := range []string{"scraper", "database", "both"} {
			for _, restarts := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %v restarts %v", where, step, restarts), func(t *testing.T) {
					t.Parallel()
					c := newClocks(t)
					now := time.Now()
					events := []odds.Event{
						storetest.Event("1", now.Add(hour), "p1"), storetest.Event("2", now.Add(50*hour), "p2"), storetest.Event("3", now.Add(-3*hour), "p3"),
					}
					price := 1.0
					cycle := func() store.Cycle {
						t.Helper()
						price++
						id := c.begin(t)
						c.dates()
						c.refresh(t, events, map[string]float64{"1": price, "2": price})
						return c.end(t, id)
					}
					if first := cycle(); first.Status != store.Succeeded || first.EvictedEvents != 1 || len(first.Clocks) != 5 {
						t.Fatalf("before the step: %+v", first)
					}
					events[2].Kickoff = now.Add(-150 * time.Minute)
					var own, database time.Duration
					if where != "database" {
						own = step
					}
					if where != "scraper" {
						database = step
					}
					c.set(t, own, database)
					if restarts {
						c.restart(t)
					}
					wrong := cycle()
					if wrong.Status != store.Partial || !wrong.Skewed || !strings.HasPrefix(wrong.Reason, "CLOCK_SKEW: ") || wrong.EvictedEvents != 0 {
						t.Errorf("during the step: %+v", wrong)
					}
					if age := time.Since(wrong.FinishedAt); age < -time.Minute || wrong.StartedAt.After(wrong.FinishedAt) {
						t.Errorf("the cycle began at %v and ended at %v, it is %v", wrong.StartedAt, wrong.FinishedAt, time.Now())
					}
					c.nothingAhead(t)
					c.set(t, 0, 0)
					if restarts {
						c.restart(t)
					}
					if right := cycle(); right.Status != store.Succeeded || right.Reason != "" || right.EvictedEvents != 1 {
						t.Errorf("after the step: %+v", right)
					}
					c.nothingAhead(t)
					c.CheckRestore(t)
				})
			}
		}
	}
}
