package sim

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

// World is the simulated bookmakers' common world. All methods may be called concurrently. A world holds no goroutine
// and no resource: it moves on when it is asked something.
type World struct {
	cfg         Config
	key         chance.Chance
	start       time.Time
	markets     []*catalogue.Market
	sideMarkets [catalogue.SportCount][]*catalogue.Market
	tournaments []*tournament
	sites       Each[site]
	gates       [book.Count]*gate
	closers     [book.Count]*closer
	pools       *pools

	// mu guards what follows. It is taken before any fixture's mu.
	mu       sync.RWMutex
	tick     int64 // how far the clock is
	moved    int64 // how far the odds are: behind tick by the ticks spent frozen
	frozen   bool
	fixtures []*fixture
	bySrID   map[string]*fixture
	byID     [book.Count]map[string]*fixture
	serial   int
	srIDs    int
	eventIDs [book.Count]int
}

// New makes a world that begins now.
func New(cfg Config) (*World, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring the simulated bookmakers: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	w := &World{
		pools: newPools(), cfg: cfg, sites: sites(), key: chance.Chance(cfg.Seed).Of(1),
		markets: catalogue.Markets(), bySrID: make(map[string]*fixture),
	}
	w.closers = newClosers(cfg.Closings)
	w.start = cfg.Now().UTC().Truncate(time.Second)
	for s := catalogue.Basketball; s < catalogue.SportCount; s++ {
		w.sideMarkets[s] = catalogue.OtherSports(s)
		nineRows(w.sideMarkets[s])
	}
	nineRows(w.markets)
	w.tournaments = newTournaments(&cfg, w.key)
	for b := range book.Count {
		w.byID[b] = make(map[string]*fixture)
		w.gates[b] = newGate(b, &cfg)
	}
	w.found()
	w.SetFaults(cfg.Faults...)
	return w, nil
}

// found makes the first events.
func (w *World) found() {
	n := w.cfg.Events
	var events []*fixture
	for i := range n {
		events = append(events, w.newFixture(catalogue.Football, w.firstKickoff(i)))
	}
	// A bookmaker misses exactly as many events as the configuration says: a stretch each of one shuffled circle.
	// BetPawa's and SportyBet's stretches lie side by side, so that no event is missed by everybody; Bet9ja's begins
	// inside BetPawa's, so that some events are SportyBet's alone.
	order := slices.Clone(events)
	slices.SortFunc(order, func(a, b *fixture) int { return cmp.Compare(a.key.Of(41).Unit(), b.key.Of(41).Unit()) })
	var missed [book.Count]int
	for b, offered := range w.cfg.Offered {
		missed[b] = n - offered
	}
	from := [book.Count]int{book.SportyBet: missed[book.BetPawa], book.Bet9ja: max(missed[book.BetPawa]-missed[book.Bet9ja]/3, 0)}
	for b := range book.Count {
		for i := missed[b]; i < n; i++ {
			order[(from[b]+i)%n].listings[b].offered = true
		}
	}
	for _, f := range events {
		w.enter(f)
	}
	for s := catalogue.Basketball; s < catalogue.SportCount; s++ {
		for i := range w.cfg.OtherSports {
			w.enter(w.everywhere(w.newFixture(s, w.start.Add(time.Duration(3+5*i)*time.Hour))))
		}
	}
}

// firstKickoff spreads the kickoffs of the first events: 2 % within half an hour, 4 % within two hours, the rest over
// the horizon, on the five minutes as real ones are.
func (w *World) firstKickoff(i int) time.Time {
	k, u := w.key.Of(uint64(i), 51), w.key.Of(uint64(i), 52).Unit()
	switch share := float64(i) / float64(w.cfg.Events); {
	case share < 0.02:
		return w.start.Add(time.Duration(4+k.Below(25)) * time.Minute).Truncate(time.Minute)
	case share < 0.06:
		return w.start.Add(time.Duration(35+k.Below(80)) * time.Minute).Truncate(time.Minute)
	default:
		return w.laterKickoff(w.start, u)
	}
}

// laterKickoff is a kickoff between two hours after an instant and the horizon.
func (w *World) laterKickoff(after time.Time, u float64) time.Time {
	spread := w.cfg.Horizon - 125*time.Minute
	return after.Add(2*time.Hour + time.Duration(u*float64(spread))).Truncate(5 * time.Minute).Add(5 * time.Minute)
}

// everywhere lets every bookmaker offer an event.
func (w *World) everywhere(f *fixture) *fixture {
	for b := range book.Count {
		f.listings[b].offered = true
	}
	return f
}

// enter adds an event to the world's indexes.
func (w *World) enter(f *fixture) {
	w.fixtures = append(w.fixtures, f)
	w.bySrID[f.srID] = f
	for b := range book.Count {
		w.byID[b][f.listings[b].eventID] = f
	}
}

// leave removes the events for which gone holds.
func (w *World) leave(gone func(*fixture) bool) {
	w.fixtures = slices.DeleteFunc(w.fixtures, func(f *fixture) bool {
		if !gone(f) {
			return false
		}
		delete(w.bySrID, f.srID)
		for b := range book.Count {
			if id := f.listings[b].eventID; w.byID[b][id] == f {
				delete(w.byID[b], id)
			}
		}
		return true
	})
}

// Now is the world's time.
func (w *World) Now() time.Time { return w.cfg.Now().UTC() }

// Freeze stops everything that happens by chance: odds, lists and new events stand still until Unfreeze. Kickoffs
// still pass, and what a test asks for still happens.
func (w *World) Freeze() { w.setFrozen(true) }

// Unfreeze lets the world go on from where it stood.
func (w *World) Unfreeze() { w.setFrozen(false) }

func (w *World) setFrozen(frozen bool) {
	w.catchUp()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = frozen
}

// catchUp moves the world to the clock, a tick at a time, and returns the instant it stands at.
func (w *World) catchUp() time.Time {
	now := w.Now()
	target := int64(now.Sub(w.start) / w.cfg.Tick)
	w.mu.RLock()
	behind := w.tick < target
	w.mu.RUnlock()
	if !behind {
		return now
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.tick < target {
		w.tick++
		if !w.frozen {
			w.moved++
			w.live()
		}
	}
	return now
}
