package sim

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
	"github.com/oddscache/oddscache/services/bookiesim/internal/score"
)

// fixture is one event of the world with what each bookmaker makes of it. Its listings are guarded by the world's
// lock, its offers by mu.
type fixture struct {
	serial     int
	key        chance.Chance
	sport      catalogue.Sport
	tournament *tournament
	srID       string // under which the world knows it; a bookmaker may show another
	geniusID   string
	home, away [book.Count]string
	sides      [2]int // numbers of the teams, for the bookmakers' team ids
	rates      score.Rates
	kickoff    time.Time // when it is really played; the bookmakers may say otherwise
	listings   [book.Count]listing

	mu     sync.Mutex
	offers [book.Count]*offer
	bodies [book.Count]body
}

// listing is how one bookmaker lists an event.
type listing struct {
	offered  bool // the bookmaker has the event at all
	hidden   bool // it does not show it for now
	eventID  string
	srID     string
	kickoff  time.Time
	returns  int64  // the tick at which a listing that vanished by itself comes back; 0 when it does not
	revision uint64 // grows with every change of the listing
}

// shown reports whether the bookmaker lists the event.
func (l *listing) shown() bool { return l.offered && !l.hidden }

// body is a rendered detail, kept until something of it changes.
type body struct {
	offer, listing uint64
	live           bool
	gzip           []byte
}

// newFixture makes the event with a serial number. Which bookmakers offer it is decided by the caller.
func (w *World) newFixture(s catalogue.Sport, kickoff time.Time) *fixture {
	return w.newFixtureIn(w.pickTournament(s, w.key.Of(uint64(w.serial+1), 11)), kickoff)
}

// newFixtureIn makes it in a tournament.
func (w *World) newFixtureIn(t *tournament, kickoff time.Time) *fixture {
	w.serial++
	key, s := w.key.Of(uint64(w.serial), 11), t.sport
	f := &fixture{
		serial: w.serial, key: key, sport: s, tournament: t, kickoff: kickoff,
		geniusID: strconv.Itoa(13_000_000 + 37*w.serial),
		rates: score.Rates{
			HomeGoals: key.Of(1).Between(0.8, 2.5), AwayGoals: key.Of(2).Between(0.6, 2.1),
			HomeCorners: key.Of(3).Between(4.2, 6.4), AwayCorners: key.Of(4).Between(3.6, 5.6),
			HomeBookings: key.Of(5).Between(1.4, 2.4), AwayBookings: key.Of(6).Between(1.6, 2.7),
		},
	}
	f.srID = w.nextSrID()
	f.sides = [2]int{2*w.serial*7%4793 + 1, (2*w.serial*7+7*601)%4793 + 1}
	for b := range book.Count {
		if s == catalogue.Tennis {
			f.home[b], f.away[b] = playerOf(f.sides[0]), playerOf(f.sides[1])
		} else {
			f.home[b], f.away[b] = clubOf(f.sides[0])[b], clubOf(f.sides[1])[b]
		}
		f.listings[b] = listing{eventID: w.nextEventID(b, f.srID), srID: f.srID, kickoff: kickoff}
	}
	return f
}

// pickTournament chooses where an event is played: the first tournament has its own large share, the rest fall off.
func (w *World) pickTournament(s catalogue.Sport, key chance.Chance) *tournament {
	if s != catalogue.Football {
		return w.tournaments[slices.IndexFunc(w.tournaments, func(t *tournament) bool { return t.sport == s })]
	}
	// Every bookmaker's tree has the tournaments that are played in, so that an event can be anywhere.
	played := min(w.cfg.Tournaments[0], w.cfg.Tournaments[1], w.cfg.Tournaments[2])
	if played == 1 || key.Of(7).Unit() < w.cfg.LargestShare {
		return w.tournaments[0]
	}
	u := key.Of(8).Unit()
	return w.tournaments[1+int(u*u*float64(played-1))]
}

// nextSrID hands out a SportRadar id.
func (w *World) nextSrID() string {
	w.srIDs += 1 + w.key.Of(uint64(w.srIDs), 21).Below(19)
	return strconv.Itoa(68_000_000 + w.srIDs)
}

// nextEventID hands out an id of a bookmaker's own. Some are made of the SportRadar id.
func (w *World) nextEventID(b book.Book, srID string) string {
	if fromSrID(b) {
		return "sr:match:" + srID
	}
	w.eventIDs[b] += 1 + w.key.Of(uint64(w.eventIDs[b]), 22, uint64(b)).Below(9)
	return strconv.Itoa(traitsOf(b).firstID + w.eventIDs[b])
}

// offerShown is what a bookmaker offers, with the prices that an answer says. The world's lock and f.mu are held.
func (w *World) offerShown(f *fixture, b book.Book, s reported) *offer {
	o := w.offerLocked(f, b, w.moved)
	if s.reversed {
		o.reverse(score.NewTable(f.rates.Reversed()))
	}
	return o
}

// offerLocked is what a bookmaker offers, with its prices moved up to a tick. f.mu is held.
func (w *World) offerLocked(f *fixture, b book.Book, tick int64) *offer {
	if f.offers[b] == nil {
		markets := w.markets
		if f.sport != catalogue.Football {
			markets = w.sideMarkets[f.sport]
		}
		scores := score.NewTable(f.rates)
		for each := range book.Count {
			f.offers[each] = newOffer(each, f.key.Of(31), markets, scores, &w.cfg, w.closers[each])
		}
	}
	o := f.offers[b]
	o.advance(tick)
	return o
}
