package bet9ja

import (
	"net/http"
	"net/url"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// The fixed parts of the API.
const (
	apiPath      = "/desktop/feapi/PalimpsestAjax"
	cacheVersion = "v_cache_version=1.301.2.225" // goes with every request
)

// Site is Bet9ja, which has one country.
func Site(_ client.Country, column mapping.Column) client.Site {
	header := make(http.Header)
	header.Set("Accept", "application/json, text/plain, */*")
	header.Set("Accept-Language", "en-GB,en-US;q=0.9,en;q=0.8")
	header.Set("User-Agent", client.UserAgent)
	return client.Site{
		Bookmaker: odds.Bet9ja, Header: header,
		Tournaments: groupsRequest, ReadTournaments: decodeGroups,
		Events: eventsRequest, ReadEvents: decodeEvents,
		Detail: detailRequest, ReadDetail: NewDecoder(column).Detail,
	}
}

// groupsRequest lists all sports with their groups.
func groupsRequest(time.Time) fetch.Request {
	return fetch.Request{Path: apiPath + "/GetSports?DISP=0&" + cacheVersion}
}

// eventsRequest lists all events of one group; there are no pages.
func eventsRequest(t bookmaker.Tournament, _ int) fetch.Request {
	return fetch.Request{
		Path: apiPath + "/GetEventsInGroupV2?GROUPID=" + url.QueryEscape(t.ID) + "&DISP=0&GROUPMARKETID=1&" + cacheVersion,
	}
}

func detailRequest(eventID string, _ time.Time) fetch.Request {
	return fetch.Request{Path: apiPath + "/GetEvent?EVENTID=" + url.QueryEscape(eventID) + "&" + cacheVersion}
}
