package sim

import (
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// Simulated reality, eSoccer and virtual matches: played by computers, and listed among football by bookmakers with
// ids like those of real matches. They are in the world only while a bookmaker has the fault SimulatedEvents, and all
// bookmakers that have it list the same ones.

// pretence is one kind of match that is none.
type pretence struct {
	category, categoryID   string // SportyBet's; the other bookmakers have the name and ids of their own
	tournament, sportyID   string
	suffixHome, suffixAway string // what tells the teams from real ones
}

// pretences are the kinds. Words and ids of the first are SportyBet's own; the ids of categories 2123 and 1033 and the
// names of the second were reported of its siblings; what is not known is our own.
func pretences() []pretence {
	return []pretence{
		{"Simulated Reality League", "sr:category:2123", "Cup SRL", "sr:tournament:33055", " SRL", " SRL"},
		{"eSoccer", "sr:category:1033", "eSoccer Battle - 8 mins play", "sr:tournament:34757", " (Nick)", " (Alexander)"},
		{"Virtual Football", "sr:category:1111", "Zoom Soccer", "sr:tournament:35001", "", ""},
	}
}

// eachPretence is how many matches of each kind there are.
const eachPretence = 2

// newPretences makes their tournaments.
func newPretences(from int) []*tournament {
	var all []*tournament
	for i, p := range pretences() {
		n := 990_000 + i
		all = append(all, &tournament{
			index: from + i, sport: catalogue.Football, pretence: &p, name: p.tournament, country: p.category,
			nineID: n, nineCtry: n + 1000,
			ids:        [book.Count]string{strconv.Itoa(n), p.sportyID, strconv.Itoa(n)},
			countryIDs: [book.Count]string{strconv.Itoa(n + 1000), p.categoryID, strconv.Itoa(n + 1000)},
		})
	}
	return all
}

// simulates reports whether a bookmaker lists such matches, all or some of them.
func (g *gate) simulates() *ruled {
	faults := g.faults.Load()
	for i := range faults.inside {
		if f := &faults.inside[i]; f.Kind == SimulatedEvents {
			return f
		}
	}
	return nil
}

// showSimulated makes the matches appear and vanish with the faults.
func (w *World) showSimulated() {
	w.mu.Lock()
	defer w.mu.Unlock()
	wanted := false
	for b := range book.Count {
		wanted = wanted || w.gates[b].simulates() != nil
	}
	if !wanted {
		w.leave(func(f *fixture) bool { return f.tournament.pretence != nil })
		return
	}
	w.fillSimulated(w.Now())
	for _, f := range w.fixtures {
		if f.tournament.pretence != nil {
			w.offerSimulated(f)
		}
	}
}

// fillSimulated makes the matches that are missing. They begin within the next hours, as they do all day long.
func (w *World) fillSimulated(at time.Time) {
	there := make(map[*tournament]int)
	for _, f := range w.fixtures {
		if f.kickoff.After(at) {
			there[f.tournament]++
		}
	}
	for _, t := range w.tournaments {
		if t.pretence == nil {
			continue
		}
		for n := there[t]; n < eachPretence; n++ {
			kickoff := at.Add(time.Duration(1+w.key.Of(uint64(w.serial), 75).Below(180)) * time.Minute).Truncate(time.Minute)
			f := w.newFixtureIn(t, kickoff)
			for b := range book.Count {
				f.home[b] += t.pretence.suffixHome
				f.away[b] += t.pretence.suffixAway
			}
			w.offerSimulated(f)
			w.enter(f)
		}
	}
}

// offerSimulated lets those bookmakers list a match whose fault strikes it.
func (w *World) offerSimulated(f *fixture) {
	for b := range book.Count {
		g := w.gates[b]
		fault := g.simulates()
		f.listings[b].offered = fault != nil && fault.hits(g.key, routeEvents, f.srID, 0)
		f.listings[b].revision++
	}
}
