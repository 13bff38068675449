package sim

import (
	"net/http"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// The bookmakers, by the names that the rest of the system uses for them.
const (
	BetPawa   = "betpawa"
	SportyBet = "sportybet"
	Bet9ja    = "bet9ja"
)

// Each is one value a bookmaker, in the order of Bookmakers.
type Each[T any] [book.Count]T

// Bookmakers lists them, the reference first.
func Bookmakers() []string { return book.Names() }

// bookmaker is what differs between the simulated bookmakers in figures. The words of their markets are in the catalogue,
// the form of what they send in the table of sites.
type bookmaker struct {
	firstID  int   // its own event ids begin behind it; 0 where they are made of the SportRadar id
	tooMany  int   // status of a request beyond the limits
	mostOdds int32 // the longest price it shows, in hundredths
	margin   float64
	latency  Latency // as measured, one request at a time
	limit    Limit   // as measured

	offered, tournaments         int // of the 320 events of DefaultConfig
	realOffered, realTournaments int // of the 1,291 events of RealConfig
}

// bookmakers is the table that everything reads: a bookmaker that joins has an entry here and one in sites. The margins
// give overrounds near those measured on the real sites: 1.05, 1.06 and 1.08.
func bookmakers() *Each[bookmaker] {
	const ms = time.Millisecond
	return &Each[bookmaker]{
		book.BetPawa: {
			firstID: 36_500_000, tooMany: http.StatusTooManyRequests, mostOdds: 100_00, margin: 0.050,
			latency: Latency{380 * ms, 337 * ms, 517 * ms}, limit: Limit{Concurrency: 50},
			offered: 278, tournaments: 40, realOffered: 1121, realTournaments: 155,
		},
		book.SportyBet: {
			tooMany: http.StatusTooManyRequests, mostOdds: 250_00, margin: 0.056,
			latency: Latency{589 * ms, 505 * ms, 979 * ms}, limit: Limit{Concurrency: 50},
			offered: 316, tournaments: 48, realOffered: 1276, realTournaments: 200,
		},
		book.Bet9ja: {
			firstID: 769_000_000, tooMany: http.StatusForbidden, mostOdds: 180_00, margin: 0.068,
			latency: Latency{641 * ms, 596 * ms, 841 * ms}, limit: Limit{Concurrency: 15},
			offered: 304, tournaments: 60, realOffered: 1225, realTournaments: 367,
		},
	}
}

// traitsOf are the figures of b.
func traitsOf(b book.Book) *bookmaker { return &traits[b] }

// traits is the table, made once: prices are drawn with it.
var traits = bookmakers() //nolint:gochecknoglobals // never written

// each makes a value of every bookmaker's traits.
func each[T any](of func(*bookmaker) T) (all Each[T]) {
	for b := range all {
		all[b] = of(&traits[b])
	}
	return all
}

// fromSrID reports whether the bookmaker's event ids are made of SportRadar's.
func fromSrID(b book.Book) bool { return traitsOf(b).firstID == 0 }
