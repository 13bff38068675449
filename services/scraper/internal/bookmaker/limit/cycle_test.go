package limit_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// load is a bookmaker in a simulated cycle: how many of the events it offers and how long it takes for one.
type load struct {
	offers int
	mean   time.Duration
	cfg    limit.Config
	down   bool // turns every request away after its latency
}

// The sizes, latencies and limits that were measured with the previous system.
func measured() map[odds.Bookmaker]load {
	return map[odds.Bookmaker]load{
		odds.BetPawa:   {offers: 1121, mean: 380 * time.Millisecond, cfg: limit.Config{Slots: 50}},
		odds.SportyBet: {offers: 1276, mean: 589 * time.Millisecond, cfg: limit.Config{Slots: 50}},
		odds.Bet9ja:    {offers: 1225, mean: 641 * time.Millisecond, cfg: limit.Config{Slots: 15, Spacing: 25 * time.Millisecond}},
	}
}

// cycle sends the details of 1,291 events with so many events at work at a time, and says how long it took and how
// many requests each bookmaker answered.
func cycle(t *testing.T, loads map[odds.Bookmaker]load, atWork int) (took time.Duration, answered map[odds.Bookmaker]int) {
	t.Helper()
	const events = 1291
	configs := make(map[odds.Bookmaker]limit.Config)
	for b, l := range loads {
		configs[b] = l.cfg
	}
	g := group(t, configs)
	random := rand.New(rand.NewPCG(1, 2))
	work := make(chan []odds.Bookmaker)
	latency := make(chan float64)
	answered = make(map[odds.Bookmaker]int)
	var mu sync.Mutex // guards answered
	start := time.Now()
	var running sync.WaitGroup
	for range atWork {
		running.Go(func() {
			for books := range work {
				permits, _ := acquireAll(t.Context(), t, g, books, 500*time.Millisecond)
				var event sync.WaitGroup
				for _, p := range permits {
					l := loads[p.Bookmaker()]
					factor := <-latency
					event.Go(func() {
						<-time.After(time.Duration(float64(l.mean) * factor))
						if l.down {
							p.Release(throttled())
							return
						}
						p.Release(good())
						mu.Lock()
						defer mu.Unlock()
						answered[p.Bookmaker()]++
					})
				}
				event.Wait()
			}
		})
	}
	done := make(chan struct{})
	go func() { // between half and one and a half times the mean; ends with done
		for {
			select {
			case latency <- 0.5 + random.Float64():
			case <-done:
				return
			}
		}
	}()
	for i := range events {
		var books []odds.Bookmaker
		for b, l := range loads {
			if (i*7919)%events < l.offers {
				books = append(books, b)
			}
		}
		work <- books
	}
	close(work)
	running.Wait()
	close(done)
	return time.Since(start), answered
}

// Taking all slots of an event together costs next to nothing: the slowest bookmaker sets the pace.
func TestCycleIsCloseToItsBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const atWork = 80 // enough to fill the slots of the widest
		loads := measured()
		took, answered := cycle(t, loads, atWork)
		var bound time.Duration
		for b, l := range loads {
			if answered[b] != l.offers {
				t.Errorf("%s answered %d of %d", b, answered[b], l.offers)
			}
			bound = max(bound, time.Duration(l.offers)*max(l.mean/time.Duration(l.cfg.Slots), l.cfg.Spacing))
		}
		t.Logf("took %s, bound %s, ratio %.3f", took.Round(time.Millisecond), bound, float64(took)/float64(bound))
		if float64(took) > 1.08*float64(bound) {
			t.Errorf("took %s, more than 1.08 times the bound of %s", took, bound)
		}
	})
}

// One bookmaker that turns everything away, or answers only just in time, slows nobody else.
func TestCycleWithOneBookmakerFailing(t *testing.T) {
	t.Parallel()
	faults := map[string]func(*load){
		"down": func(l *load) { l.down = true },
		"slow": func(l *load) { l.mean = 6 * time.Second },
	}
	for _, failing := range books() {
		for name, fault := range faults {
			synctest.Test(t, func(t *testing.T) {
				loads := measured()
				l := loads[failing]
				fault(&l)
				loads[failing] = l
				took, answered := cycle(t, loads, 115)
				var bound time.Duration
				for b, l := range loads {
					if b == failing {
						continue
					}
					if answered[b] != l.offers {
						t.Errorf("%s %s: %s answered %d of %d", failing, name, b, answered[b], l.offers)
					}
					bound = max(bound, time.Duration(l.offers)*max(l.mean/time.Duration(l.cfg.Slots), l.cfg.Spacing))
				}
				// A first volley of slow answers is waited for before anybody can know, and the last one comes when
				// all others are done.
				most := bound*115/100 + 2*loads[failing].mean*3/2
				t.Logf("%s %s: took %s, bound of the others %s, it answered %d",
					failing, name, took.Round(time.Millisecond), bound, answered[failing])
				if took > most {
					t.Errorf("%s %s: took %s, more than %s", failing, name, took, most)
				}
			})
		}
	}
}
