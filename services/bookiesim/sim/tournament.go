package sim

import "strconv"

// sport tells football from the sports that are there to be left alone.
type sport int

const (
	football sport = iota
	basketball
	tennis
	sportCount
)

// sportWords is how the bookmakers call a sport.
type sportWords struct {
	betpawaID, betpawaName string
	sportyID, sportyName   string
	nineID, nineName       string
	ninePrefix             string // of Bet9ja's market keys
}

func (s sport) words() sportWords {
	return [sportCount]sportWords{
		{"2", "Football", "sr:sport:1", "Football", "1", "Soccer", "S_"},
		{"3", "Basketball", "sr:sport:2", "Basketball", "2", "Basketball", "B_"},
		{"452", "Tennis", "sr:sport:5", "Tennis", "5", "Tennis", "T_"},
	}[s]
}

// tournament is one league or cup with every bookmaker's ids. A bookmaker's tree holds those with index below its
// number of tournaments.
type tournament struct {
	index            int
	sport            sport
	name, country    string
	ids, countryIDs  [bookCount]string
	nineID, nineCtry int       // Bet9ja's ids as it sends them in events
	pretence         *pretence // what is played there when it is no football; nil for real matches
}

// lists reports whether a bookmaker's tree has a tournament.
func (w *World) lists(t *tournament, b book) bool {
	if t.pretence != nil {
		return w.gates[b].simulates() != nil
	}
	return t.sport != football || t.index < w.cfg.Tournaments[b]
}

// newTournaments makes as many football tournaments as the largest tree has, and one for each other sport.
func newTournaments(cfg *Config, key chance) []*tournament {
	names := countries()
	var all []*tournament
	for i := range max(cfg.Tournaments[0], cfg.Tournaments[1], cfg.Tournaments[2]) {
		c := i % len(names)
		all = append(all, newTournament(i, football, leagueOf(names[c], i/len(names)), names[c], c, key))
	}
	all = append(all,
		newTournament(len(all), basketball, "National Basketball League", "Argentina", 36, key),
		newTournament(len(all)+1, tennis, "ATP Open, Men Singles", "International", 0, key))
	return append(all, newPretences(len(all))...)
}

func newTournament(i int, s sport, name, country string, c int, key chance) *tournament {
	k := key.of(uint64(i), 5)
	t := &tournament{
		index: i, sport: s, name: name, country: country,
		nineID: 900_000 + 1237*i + k.below(1000), nineCtry: 11_000 + 100*int(s)*50 + 37*c,
	}
	t.ids = [bookCount]string{
		strconv.Itoa(11_900 + 3*i), "sr:tournament:" + strconv.Itoa(17+23*i+k.of(1).below(20)), strconv.Itoa(t.nineID),
	}
	t.countryIDs = [bookCount]string{
		strconv.Itoa(100 + c), "sr:category:" + strconv.Itoa(1000*int(s)+c+1), strconv.Itoa(t.nineCtry),
	}
	return t
}
