package store_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// TestClockModel lets clocks go wrong at any moment, and processes end.
func TestClockModel(t *testing.T) {
	t.Parallel()
	c := newClocks(t)
	steps := []time.Duration{-30 * time.Hour, -3 * time.Hour, -5 * time.Minute, 5 * time.Minute, 3 * time.Hour, 72 * time.Hour}
	cycles, skewed, evicted := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c.set(t, 0, 0)
		c.restart(t)
		kickoffs := map[string]time.Time{}
		prices := map[string]float64{}
		request := func() {
			var events []odds.Event
			for srID := range prices {
				delete(prices, srID) // of those that have begun nothing is asked
			}
			for _, srID := range []string{"1", "2", "3", "4"} {
				if _, held := kickoffs[srID]; !held || rapid.IntRange(0, 5).Draw(t, "postponed") == 0 {
					kickoffs[srID] = time.Now().Add(time.Duration(rapid.IntRange(-40, 80).Draw(t, "kickoff")) * 10 * time.Minute)
				}
				events = append(events, storetest.Event(srID, kickoffs[srID], "p"+srID))
				if kickoffs[srID].After(time.Now()) {
					prices[srID] = rapid.SampledFrom([]float64{1.5, 2, 3}).Draw(t, "price")
				}
			}
			c.dates()
			c.refresh(t, events, prices)
		}
		for range rapid.IntRange(2, 6).Draw(t, "cycles") {
			wrong := false
			move := func(often int) {
				if rapid.IntRange(0, often).Draw(t, "moved") > 0 {
					return
				}
				var own, database time.Duration
				which := rapid.IntRange(0, 3).Draw(t, "wrong") // bits: own, database
				if which&1 != 0 {
					own = rapid.SampledFrom(steps).Draw(t, "own")
				}
				if which&2 != 0 {
					database = rapid.SampledFrom(steps).Draw(t, "database")
				}
				if which == 3 && rapid.Bool().Draw(t, "together") {
					database = own
				}
				c.set(t, own, database)
				wrong = wrong || own != 0
				c.clock.Now()
			}
			move(2)
			if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
				c.restart(t)
			}
			wrong = c.own.Load() != 0
			shift := func() (d time.Duration) {
				if err := c.Pool.QueryRow(t.Context(), "SELECT shift FROM shifted.clock").Scan(&d); err != nil {
					t.Fatal(err)
				}
				return d
			}
			wrong = wrong || shift() != 0
			id := c.begin(t)
			request()
			move(4)
			request()
			wrong = wrong || shift() != 0
			ended := c.end(t, id)
			cycles++
			if ended.Skewed != wrong || wrong && (ended.Status != store.Partial || ended.EvictedEvents > 0) || !wrong && ended.Status != store.Succeeded {
				t.Fatalf("clocks wrong %v: %+v", wrong, ended)
			}
			if wrong {
				skewed++
			}
			c.nothingAhead(t)
			cutoff := time.Now().Add(-2 * time.Hour)
			for srID, kickoff := range kickoffs {
				_, held := c.Event(srID)
				switch {
				case !held && kickoff.After(cutoff.Add(clock.Tolerance)):
					t.Fatalf("event %s is gone, %v after its kickoff", srID, time.Since(kickoff))
				case held && !wrong && kickoff.Before(cutoff.Add(-clock.Tolerance)):
					t.Fatalf("event %s is there, %v after its kickoff", srID, time.Since(kickoff))
				case !held:
					delete(kickoffs, srID)
					evicted++
				}
			}
		}
	})
	t.Logf("%d cycles, %d of them with clocks that differ, %d events evicted", cycles, skewed, evicted)
	if skewed == 0 || evicted == 0 || skewed == cycles {
		t.Error("the model has not seen everything")
	}
}
