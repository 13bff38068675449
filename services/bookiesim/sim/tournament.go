package sim

import (
	"strconv"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

// tournament is one league or cup with every bookmaker's ids. A bookmaker's tree holds those with index below its
// number of tournaments.
type tournament struct {
	index            int
	sport            catalogue.Sport
	name, country    string
	ids, countryIDs  [book.Count]string
	nineID, nineCtry int       // Bet9ja's ids as it sends them in events
	pretence         *pretence // what is played there when it is no football; nil for real matches
}

// lists reports whether a bookmaker's tree has a tournament.
func (w *World) lists(t *tournament, b book.Book) bool {
	if t.pretence != nil {
		return w.gates[b].simulates() != nil
	}
	return t.sport != catalogue.Football || t.index < w.cfg.Tournaments[b]
}

// newTournaments makes as many football tournaments as the largest tree has, and one for each other sport.
func newTournaments(cfg *Config, key chance.Chance) []*tournament {
	names := countries()
	var all []*tournament
	for i := range max(cfg.Tournaments[0], cfg.Tournaments[1], cfg.Tournaments[2]) {
		c := i % len(names)
		all = append(all, newTournament(i, catalogue.Football, leagueOf(names[c], i/len(names)), names[c], c, key))
	}
	all = append(all,
		newTournament(len(all), catalogue.Basketball, "National Basketball League", "Argentina", 36, key),
		newTournament(len(all)+1, catalogue.Tennis, "ATP Open, Men Singles", "International", 0, key))
	return append(all, newPretences(len(all))...)
}

func newTournament(i int, s catalogue.Sport, name, country string, c int, key chance.Chance) *tournament {
	k := key.Of(uint64(i), 5)
	t := &tournament{
		index: i, sport: s, name: name, country: country,
		nineID: 900_000 + 1237*i + k.Below(1000), nineCtry: 11_000 + 100*int(s)*50 + 37*c,
	}
	t.ids = [book.Count]string{
		strconv.Itoa(11_900 + 3*i), "sr:tournament:" + strconv.Itoa(17+23*i+k.Of(1).Below(20)), strconv.Itoa(t.nineID),
	}
	t.countryIDs = [book.Count]string{
		strconv.Itoa(100 + c), "sr:category:" + strconv.Itoa(1000*int(s)+c+1), strconv.Itoa(t.nineCtry),
	}
	return t
}
