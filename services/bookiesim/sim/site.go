package sim

import "net/http"

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
		betPawa:   {paths: []string{"/api/sportsbook/"}, route: (*World).betpawaRoute, serve: (*exchange).betpawa},
		sportyBet: {paths: sportyPaths(), route: (*World).sportyRoute, serve: (*exchange).sporty},
		bet9ja:    {paths: []string{"/desktop/"}, route: (*World).nineRoute, serve: (*exchange).nine},
	}
}
