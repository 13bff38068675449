package review

import (
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/sides"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// swappedCycles is how many cycles in a row a snapshot is rejected for its sides before what is committed of it is
// withdrawn: its prices are confirmed by nobody.
const swappedCycles = 3

// majorityOf is from how many offers on the majority decides where the reference does not list the event.
const majorityOf = 3

// Snapshots finds committed snapshots. A store.Writer is one.
type Snapshots interface {
	Committed(b odds.Bookmaker, eventID string) (store.CommittedSnapshot, bool)
}

// committedMarkets are the committed markets that prices are compared in; nil when nothing readable is committed.
func committedMarkets(committed Snapshots, id odds.EventKey) []odds.Market {
	s, ok := committed.Committed(id.Bookmaker, id.EventID)
	if !ok {
		return nil
	}
	markets, err := s.Offered(sides.Sided)
	if err != nil {
		return nil // the store reports it as soon as the snapshot is written
	}
	return markets
}

// swap is why a snapshot is rejected for its sides.
type swap struct {
	reference odds.Bookmaker
	finding   sides.Finding
}

func (s swap) err() *odds.Rejected {
	return odds.Reject(odds.SidesSwapped, "compared with %s: %v", s.reference, s.finding)
}

// offer is what one bookmaker says of the event.
type offer struct {
	id odds.EventKey
	sides.Offer
	fetched bool // its markets are new; otherwise they are the committed ones, see load
}

// load sets the committed markets where none were fetched.
func (o offer) load(committed Snapshots) offer {
	if !o.fetched {
		o.Markets = committedMarkets(committed, o.id)
	}
	return o
}

// swapped finds those of the fetched snapshots whose sides are swapped.
func (t *Target) swapped(fetched map[odds.Bookmaker]*odds.Snapshot, committed Snapshots) map[odds.Bookmaker]swap {
	return swappedAmong(t.offers(fetched), committed)
}

// swappedAmong compares offers, in the order of precedence, with the reference's, or where it does not list the event
// with the first bookmaker's that does. A reference that was not fetched is taken as committed. Of three and more
// without the reference, the majority is right.
func swappedAmong(offers []offer, committed Snapshots) map[odds.Bookmaker]swap {
	if len(offers) < 2 {
		return nil
	}
	first := offers[0]
	if !first.id.Bookmaker.Reference() && len(offers) >= majorityOf {
		against := compareAll(first, offers, committed, true)
		if 2*len(against) > len(offers) {
			for _, o := range offers {
				if _, swapped := against[o.id.Bookmaker]; swapped {
					first = o
					break
				}
			}
		}
	}
	return compareAll(first, offers, committed, false)
}

// compareAll returns the offers that are swapped against the reference: all of them, or only those that were fetched.
func compareAll(reference offer, offers []offer, committed Snapshots, all bool) map[odds.Bookmaker]swap {
	reference = reference.load(committed)
	found := make(map[odds.Bookmaker]swap)
	for _, o := range offers {
		if o.id == reference.id || !o.fetched && !all {
			continue
		}
		if f := sides.Compare(reference.Offer, o.load(committed).Offer); f.Swapped() {
			found[o.id.Bookmaker] = swap{reference.id.Bookmaker, f}
		}
	}
	return found
}

// offers are those of the bookmakers that list the event, now or as far as is known, in the order of precedence. The
// committed names are the word of the first of them.
func (t *Target) offers(fetched map[odds.Bookmaker]*odds.Snapshot) []offer {
	var known map[odds.Bookmaker]string
	if t.Committed != nil {
		known = t.Committed.IDs()
	}
	var all []offer
	for _, b := range registry.Names() {
		l, listed := t.Listings[b]
		eventID, before := known[b]
		if !listed && !before {
			continue
		}
		o := offer{id: odds.EventKey{Bookmaker: b, EventID: eventID}}
		if listed {
			o.id.EventID = l.EventID
			o.Home, o.Away = l.HomeTeam, l.AwayTeam
		}
		if len(all) == 0 && before && (o.Home == "" || o.Away == "") {
			o.Home, o.Away = t.Committed.HomeTeam, t.Committed.AwayTeam
		}
		if s := fetched[b]; s != nil {
			o.Markets, o.fetched = s.Markets, true
		}
		all = append(all, o)
	}
	return all
}

// withdrawal withdraws what is committed of a rejected snapshot, if it must not stay: at once when it has the rejected
// one's sides, else when that was rejected in enough cycles in a row. It reports false when it may stay, or when nothing
// is offered.
func withdrawal(s *odds.Snapshot, cycles int, committed Snapshots) (store.Absence, bool) {
	c, ok := committed.Committed(s.Bookmaker, s.EventID)
	if !ok || c.Available == 0 {
		return store.Absence{}, false
	}
	if cycles < swappedCycles {
		markets := committedMarkets(committed, odds.EventKey{Bookmaker: s.Bookmaker, EventID: s.EventID})
		if sides.Nearer(markets, s.Markets) != sides.Straight {
			return store.Absence{}, false
		}
	}
	return store.Absence{
		Bookmaker: s.Bookmaker, EventID: s.EventID, Request: s.Request, RequestedAt: s.RequestedAt, SeenAt: s.CapturedAt,
	}, true
}
