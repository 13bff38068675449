package sim

import (
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// FaultKind is a way in which a bookmaker fails.
type FaultKind string

// The kinds of fault. A request fails as a whole.
const (
	Slow          FaultKind = "slow"           // answers after Delay
	Reset         FaultKind = "reset"          // breaks the connection without an answer
	ServerError   FaultKind = "server_error"   // Status, 503 if none is given, with a page
	HTML          FaultKind = "html"           // 200 with a page instead of JSON
	Empty         FaultKind = "empty"          // 202 without a body
	TruncatedGzip FaultKind = "truncated_gzip" // half of the compressed answer
	WrongEvent    FaultKind = "wrong_event"    // a detail about another event
	Down          FaultKind = "down"           // every request is broken off; Share and Scope do not count
	HalfDiscovery FaultKind = "half_discovery" // the lists of half of the tournaments (or Share) answer with an error
)

// Kinds of fault that answers show in what they say. Share is that of the events, unless it says otherwise.
const (
	// ShortPage answers lists with Cap events at most, 50 if none is given, whatever was asked for. BetPawa and the
	// paged list of SportyBet go on where the page ended when asked to; the others have no more pages. The bookmaker's
	// own counts are of all events. Share is that of the lists.
	ShortPage FaultKind = "short_page"
	// ShortList leaves four events of ten (or Share) out of the lists, while the bookmaker's own counts are of all.
	ShortList FaultKind = "short_list"
	// SidesSwapped names the away team first, with prices to match.
	SidesSwapped FaultKind = "sides_swapped"
	// PricesSwapped has the teams in order and the prices of the one at the other.
	PricesSwapped FaultKind = "prices_swapped"
	// ForeignNames names outcomes in French ("Plus de", "Moins de"), as BetPawa's hosts of other countries do; type ids
	// stay.
	ForeignNames FaultKind = "foreign_names"
	// PastKickoff puts the kickoff in details into the year 2001. Lists say the right one.
	PastKickoff FaultKind = "past_kickoff"
	// KickoffMoved moves the kickoff by Offset, an hour if none is given, in lists and details, or as Scope says.
	KickoffMoved FaultKind = "kickoff_moved"
	// LeadingZero puts a zero before SportRadar ids; SportyBet's own id is made of it and known with the zero too.
	LeadingZero FaultKind = "leading_zero"
	// NoSrID shows events of BetPawa's without a widget of SportRadar's: the one of Genius Sports is all they have.
	NoSrID FaultKind = "no_sr_id"
	// ClockOff sets the Date header of answers off by Offset. Share is that of what is asked for.
	ClockOff FaultKind = "clock_off"
	// SimulatedEvents lists simulated reality, eSoccer and virtual matches among football. Share is that of those.
	SimulatedEvents FaultKind = "simulated_events"
)

// kindRule is what a kind of fault can strike.
type kindRule struct {
	books  []book.Book // nil for all
	routes []route     // nil for all
	share  float64     // what a Share of 0 means
	// inside says that the answer is given and shows the fault in what it says.
	inside bool
}

// kindRules has the rule of every kind.
func kindRules() map[FaultKind]kindRule {
	lists, both := []route{routeEvents}, []route{routeEvents, routeDetail}
	return map[FaultKind]kindRule{
		Slow: {share: 1}, Reset: {share: 1}, ServerError: {share: 1}, HTML: {share: 1}, Empty: {share: 1},
		TruncatedGzip: {share: 1}, Down: {share: 1}, WrongEvent: {routes: []route{routeDetail}, share: 1},
		HalfDiscovery: {routes: lists, share: 0.5},

		ShortPage: {routes: lists, share: 1, inside: true}, ShortList: {routes: lists, share: 0.4, inside: true},
		SidesSwapped: {routes: both, share: 1, inside: true}, PricesSwapped: {routes: both, share: 1, inside: true},
		ForeignNames: {books: []book.Book{book.BetPawa}, routes: both, share: 1, inside: true},
		PastKickoff:  {routes: []route{routeDetail}, share: 1, inside: true},
		KickoffMoved: {routes: both, share: 1, inside: true}, LeadingZero: {routes: both, share: 1, inside: true},
		NoSrID:   {books: []book.Book{book.BetPawa}, routes: both, share: 1, inside: true},
		ClockOff: {share: 1, inside: true}, SimulatedEvents: {share: 1, inside: true},
	}
}

// strikes reports whether a fault of the kind can show at a bookmaker.
func (r kindRule) strikes(b book.Book) bool { return r.books == nil || slices.Contains(r.books, b) }

// cap is how many events a list of a ShortPage has.
func (f Fault) cap() int {
	if f.Cap == 0 {
		return 50
	}
	return f.Cap
}

// moved is how far a KickoffMoved is off.
func (f Fault) moved() time.Duration {
	if f.Offset == 0 {
		return time.Hour
	}
	return f.Offset
}
