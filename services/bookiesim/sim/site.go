package sim

import (
	"net/http"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// site is a bookmaker's form over HTTP.
type site struct {
	paths []string // what is below them on the common address is the bookmaker's
	// route says what a request is for, and a key that is the same whenever the same is requested.
	route func(*World, *http.Request) (to route, key string)
	serve func(x *exchange, to route, key string)
}

// sites is the table of them.
func sites() Each[site] {
	return Each[site]{
		book.BetPawa:   {paths: []string{"/api/sportsbook/"}, route: (*World).betpawaRoute, serve: (*exchange).betpawa},
		book.SportyBet: {paths: sportyPaths(), route: (*World).sportyRoute, serve: (*exchange).sporty},
		book.Bet9ja:    {paths: []string{"/desktop/"}, route: (*World).nineRoute, serve: (*exchange).nine},
	}
}
