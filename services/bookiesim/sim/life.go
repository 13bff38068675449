package sim

import (
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// playing is how long after its kickoff an event still has a detail, as one in play.
const playing = 3 * time.Hour

// live is what happens by chance in one tick. Everything follows from the seed, the tick and the event. w.mu is held.
func (w *World) live() {
	at := w.start.Add(time.Duration(w.tick) * w.cfg.Tick)
	days := float64(w.cfg.Tick) / float64(24*time.Hour)
	upcoming, ended, simulated, others := 0, false, false, [catalogue.SportCount]int{}
	for _, f := range w.fixtures {
		simulated = simulated || f.tournament.pretence != nil
		if !f.kickoff.After(at) {
			ended = ended || at.Sub(f.kickoff) > playing
			continue
		}
		if f.tournament.pretence != nil {
			continue
		}
		if f.sport != catalogue.Football {
			others[f.sport]++
			continue
		}
		upcoming++
		w.happen(f, at, days)
	}
	if ended {
		w.leave(func(f *fixture) bool { return at.Sub(f.kickoff) > playing })
	}
	for ; upcoming < w.cfg.Events; upcoming++ {
		w.spawn(catalogue.Football, at)
	}
	for s := catalogue.Basketball; s < catalogue.SportCount; s++ {
		for ; others[s] < w.cfg.OtherSports; others[s]++ {
			w.spawn(s, at)
		}
	}
	if simulated {
		w.fillSimulated(at)
	}
}

// happen lets chance at one upcoming event. days is how much of a day the tick is.
func (w *World) happen(f *fixture, at time.Time, days float64) {
	luck := f.key.Of(uint64(w.tick), 61)
	for b := range book.Count {
		if l := &f.listings[b]; l.returns > 0 && l.returns <= w.tick {
			l.hidden, l.returns = false, 0
			l.revision++
		}
	}
	hit := func(kind uint64, rate float64) bool { return rate > 0 && luck.Of(kind).Unit() < rate*days }
	// Of the two bookmakers with ids of their own, one by chance.
	either := book.BetPawa
	if luck.Of(1).Below(2) == 1 {
		either = book.Bet9ja
	}
	if b := book.Book(luck.Of(2).Below(int(book.Count))); hit(3, w.cfg.Life.Vanish) && f.listings[b].shown() {
		hours := luck.Of(4).Between(1, 6)
		f.listings[b].hidden = true
		f.listings[b].returns = w.tick + int64(hours*float64(time.Hour)/float64(w.cfg.Tick)) + 1
		f.listings[b].revision++
	}
	if hit(5, w.cfg.Life.Postpone) {
		w.postpone(f, f.kickoff.Add(time.Duration(24+luck.Of(6).Below(48))*time.Hour))
	}
	if hit(7, w.cfg.Life.Recreate) && f.listings[either].shown() {
		w.recreate(f, either)
	}
	if hit(8, w.cfg.Life.ChangeSrID) && f.listings[either].shown() {
		w.changeSrID(f, either, w.nextSrID())
	}
	if l := &f.listings[book.BetPawa]; !l.offered && hit(9, w.cfg.Life.LateListing) && f.kickoff.Sub(at) > time.Hour {
		l.offered = true
		l.revision++
	}
}

// spawn lets a new event appear. Bookmakers offer it in the proportions of the first ones.
func (w *World) spawn(s catalogue.Sport, at time.Time) {
	u := w.key.Of(uint64(w.serial), 71).Unit()
	f := w.newFixture(s, w.laterKickoff(at, u))
	if s != catalogue.Football {
		w.enter(w.everywhere(f))
		return
	}
	none := true
	for b := range book.Count {
		share := float64(w.cfg.Offered[b]) / float64(w.cfg.Events)
		f.listings[b].offered = f.key.Of(72, uint64(b)).Unit() < share
		none = none && !f.listings[b].offered
	}
	if none {
		f.listings[book.SportyBet].offered = true
	}
	w.enter(f)
}

// postpone moves the kickoff at every bookmaker.
func (w *World) postpone(f *fixture, kickoff time.Time) {
	f.kickoff = kickoff
	for b := range book.Count {
		f.listings[b].kickoff = kickoff
		f.listings[b].revision++
	}
}

// recreate gives a listing a new id of the bookmaker's own; the old one is unknown from now on.
func (w *World) recreate(f *fixture, b book.Book) {
	l := &f.listings[b]
	w.rename(f, b, w.nextEventID(b, l.srID))
}

// changeSrID ties a listing to another SportRadar id. An own id that is made of it changes along.
func (w *World) changeSrID(f *fixture, b book.Book, srID string) {
	l := &f.listings[b]
	l.srID = srID
	l.revision++
	if fromSrID(b) {
		w.rename(f, b, w.nextEventID(b, srID))
	}
}

// rename moves a listing to another id in the index.
func (w *World) rename(f *fixture, b book.Book, eventID string) {
	l := &f.listings[b]
	if w.byID[b][l.eventID] == f {
		delete(w.byID[b], l.eventID)
	}
	l.eventID = eventID
	l.revision++
	w.byID[b][eventID] = f
}
