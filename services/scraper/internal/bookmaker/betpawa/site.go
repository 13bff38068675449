package betpawa

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// apiPath is the path of the API's fourth version. The third answers 404 on every path since August 2026.
const apiPath = "/api/sportsbook/v4"

// footballCategory is BetPawa's id of the sport.
const footballCategory = "2"

// pageSize is the largest page known to be answered; a site may answer with fewer.
const pageSize = 100

// Site is BetPawa in a country, whose ID is its brand: the one of the host.
func Site(country client.Country, column mapping.Column) client.Site {
	header := make(http.Header)
	header.Set("X-Pawa-Brand", country.ID)
	header.Set("Devicetype", "web")
	// With */* the list of events comes as protobuf.
	header.Set("Accept", "application/json")
	header.Set("Accept-Language", "en-GB,en-US;q=0.9,en;q=0.8")
	header.Set("User-Agent", client.UserAgent)
	return client.Site{
		Bookmaker: odds.BetPawa, Header: header,
		Tournaments: competitionsRequest, ReadTournaments: decodeCompetitions,
		Events: eventsRequest, ReadEvents: decodeEvents, PageSize: pageSize,
		Detail: detailRequest, ReadDetail: NewDecoder(column).Detail,
		NotFound: true, SparseIDs: true,
	}
}

// competitionsRequest lists all competitions with the regions that they belong to.
func competitionsRequest(time.Time) fetch.Request {
	return fetch.Request{Path: apiPath + "/categories/list/" + footballCategory + "?includeRegions=true"}
}

// eventsRequest lists a page of a competition's upcoming events. The query is JSON in one parameter, encoded once.
func eventsRequest(t bookmaker.Tournament, skip int) fetch.Request {
	q := `{"queries":[{"query":{"eventType":"UPCOMING","categories":["` + footballCategory + `"],` +
		`"zones":{"competitions":[` + strconv.Quote(t.ID) + `]},"hasOdds":true},` +
		`"view":{},"skip":` + strconv.Itoa(skip) + `,"take":` + strconv.Itoa(pageSize) + `}]}`
	return fetch.Request{Path: apiPath + "/events/lists/by-queries?q=" + url.QueryEscape(q)}
}

func detailRequest(eventID string, _ time.Time) fetch.Request {
	return fetch.Request{Path: apiPath + "/events/" + url.PathEscape(eventID)}
}
