package sportybet

import (
	"encoding/json"
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

// The ids of the API.
const (
	footballID  = "sr:sport:1"
	prematch    = "3"                      // productId; 1 is live
	listMarkets = "1,18,10,29,11,26,36,14" // the markets that the site's own list is filled with
)

// Site is SportyBet in a country, which is a segment of the path; its ID is the operator's.
func Site(country client.Country, column mapping.Column) client.Site {
	header := make(http.Header)
	header.Set("Clientid", "web")
	header.Set("Operid", country.ID)
	header.Set("Platform", "web")
	header.Set("Accept", "*/*")
	header.Set("Accept-Language", "en")
	header.Set("User-Agent", client.UserAgent)
	api := api("/api/" + url.PathEscape(country.Code) + "/factsCenter")
	return client.Site{
		Bookmaker: odds.SportyBet, Header: header,
		Tournaments: api.tournaments, ReadTournaments: decodeTournaments,
		Events: api.events, ReadEvents: decodeEvents,
		Detail: api.detail, ReadDetail: NewDecoder(column).Detail,
	}
}

// api is the path that the requests have in common.
type api string

func (a api) tournaments(now time.Time) fetch.Request {
	return fetch.Request{Path: string(a) + "/popularAndSportList?sportId=" + url.QueryEscape(footballID) +
		"&timeline=&productId=" + prematch + "&_t=" + millis(now)}
}

// events lists all events of one tournament; there are no pages.
func (a api) events(t bookmaker.Tournament, _ int) fetch.Request {
	type query struct {
		SportID      string     `json:"sportId"`
		MarketID     string     `json:"marketId"`
		TournamentID [][]string `json:"tournamentId"`
	}
	body, _ := json.Marshal([]query{{footballID, listMarkets, [][]string{{t.ID}}}}) //nolint:errchkjson // strings can always be written
	return fetch.Request{Path: string(a) + "/pcEvents", Body: body}
}

func (a api) detail(eventID string, now time.Time) fetch.Request {
	return fetch.Request{Path: string(a) + "/event?eventId=" + url.QueryEscape(eventID) +
		"&productId=" + prematch + "&_t=" + millis(now)}
}

// millis is the time that the site appends against caches.
func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
