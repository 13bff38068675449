package cycle

import (
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/sides"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// swappedCycles is how many cycles in a row a snapshot is refused for its sides before what is committed of it is
// withdrawn: its prices are confirmed by nobody.
const swappedCycles = 3

// majorityOf is of how many accounts at the least a majority is asked where the reference does not list the event.
const majorityOf = 3

// committedSnapshots is what is committed of snapshots. A store.Writer is one.
type committedSnapshots interface {
	Committed(b odds.Bookmaker, eventID string) (store.CommittedSnapshot, bool)
}

// offered are the committed markets that prices are compared in; none when nothing readable is committed.
func offered(c committedSnapshots, id own) []odds.Market {
	s, ok := c.Committed(id.bookmaker, id.eventID)
	if !ok {
		return nil
	}
	markets, err := s.Offered(sides.Sided)
	if err != nil {
		return nil // the store says so itself as soon as the snapshot is written
	}
	return markets
}

// swap is why a snapshot is refused for its sides.
type swap struct {
	reference odds.Bookmaker
	finding   sides.Finding
}

// err is the refusal.
func (s swap) err() *odds.Refused {
	return odds.Refuse(odds.SidesSwapped, "compared with %s: %v", s.reference, s.finding)
}

// account is what is known of the event at one bookmaker.
type account struct {
	id    own
	said  sides.Account
	fresh bool // its markets were fetched now
}

// swapped finds those of the fetched snapshots whose sides are swapped. They are compared with the reference's, or
// where it does not list the event with the first bookmaker's that does. A reference that was not fetched is taken as
// committed. Of three and more without the reference, the majority is right.
func (t *target) swapped(answers map[odds.Bookmaker]*odds.Snapshot, committed committedSnapshots) map[odds.Bookmaker]swap {
	return swappedAmong(t.accounts(answers), committed)
}

// swappedAmong does so for accounts in the order of precedence.
func swappedAmong(accounts []account, committed committedSnapshots) map[odds.Bookmaker]swap {
	if len(accounts) < 2 {
		return nil
	}
	first := accounts[0]
	if !first.id.bookmaker.Reference() && len(accounts) >= majorityOf {
		against := compareAll(first, accounts, committed, true)
		if 2*len(against) > len(accounts) {
			for _, a := range accounts {
				if _, swapped := against[a.id.bookmaker]; swapped {
					first = a
					break
				}
			}
		}
	}
	return compareAll(first, accounts, committed, false)
}

// compareAll returns the accounts that are swapped against the reference; those alone that were fetched, or all.
func compareAll(reference account, accounts []account, committed committedSnapshots, all bool) map[odds.Bookmaker]swap {
	reference = reference.filled(committed)
	found := make(map[odds.Bookmaker]swap)
	for _, a := range accounts {
		if a.id == reference.id || !a.fresh && !all {
			continue
		}
		if f := sides.Compare(reference.said, a.filled(committed).said); f.Swapped() {
			found[a.id.bookmaker] = swap{reference.id.bookmaker, f}
		}
	}
	return found
}

// filled has the committed markets where none were fetched.
func (a account) filled(committed committedSnapshots) account {
	if !a.fresh {
		a.said.Markets = offered(committed, a.id)
	}
	return a
}

// accounts are what the bookmakers say that list the event, now or as far as is known, in the order of precedence.
// The committed names are the word of the first of them.
func (t *target) accounts(answers map[odds.Bookmaker]*odds.Snapshot) []account {
	known := make(map[odds.Bookmaker]string)
	if t.committed != nil {
		known = ownIDs(*t.committed)
	}
	var all []account
	for _, b := range odds.Bookmakers() {
		l, listed := t.listings[b]
		eventID, before := known[b]
		if !listed && !before {
			continue
		}
		a := account{id: own{b, eventID}}
		if listed {
			a.id.eventID = l.EventID
			a.said.Home, a.said.Away = l.HomeTeam, l.AwayTeam
		}
		if len(all) == 0 && before && (a.said.Home == "" || a.said.Away == "") {
			a.said.Home, a.said.Away = t.committed.HomeTeam, t.committed.AwayTeam
		}
		if s := answers[b]; s != nil {
			a.said.Markets, a.fresh = s.Markets, true
		}
		all = append(all, a)
	}
	return all
}

// withdrawal withdraws what is committed of a refused snapshot, if it must not stay: at once when it has the
// refused one's sides, else when it was refused in enough cycles in a row. false when it may stay, or nothing is offered.
func withdrawal(s *odds.Snapshot, cycles int, committed committedSnapshots) (store.Absence, bool) {
	id := own{s.Bookmaker, s.EventID}
	before, ok := committed.Committed(s.Bookmaker, s.EventID)
	if !ok || before.Available == 0 {
		return store.Absence{}, false
	}
	if cycles < swappedCycles && sides.Nearer(offered(committed, id), s.Markets) != sides.Straight {
		return store.Absence{}, false
	}
	return store.Absence{
		Bookmaker: s.Bookmaker, EventID: s.EventID, Request: s.Request, RequestedAt: s.RequestedAt, SeenAt: s.CapturedAt,
	}, true
}

// silence takes the names of a bookmaker with swapped sides out of the event: they would stand for the other side.
func (t *target) silence(b odds.Bookmaker) {
	if l, listed := t.listings[b]; listed {
		l.Name, l.HomeTeam, l.AwayTeam = "", "", ""
		t.listings[b] = l
	}
}
