package sportybet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
)

// The ids of the API.
const (
	footballID  = "sr:sport:1"
	prematch    = "3"                      // productId; 1 is live
	listMarkets = "1,18,10,29,11,26,36,14" // the markets that the site's own list asks for
)

func tournamentsPath(now time.Time) string {
	return apiPath + "/popularAndSportList?sportId=" + url.QueryEscape(footballID) +
		"&timeline=&productId=" + prematch + "&_t=" + millis(now)
}

func detailPath(eventID string, now time.Time) string {
	return apiPath + "/event?eventId=" + url.QueryEscape(eventID) + "&productId=" + prematch + "&_t=" + millis(now)
}

// millis is the time that the site appends against caches.
func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// eventsPath and eventsQuestion ask for all events of one tournament; there are no pages.
const eventsPath = apiPath + "/pcEvents"

func eventsQuestion(tournamentID string) ([]byte, error) {
	type question struct {
		SportID      string     `json:"sportId"`
		MarketID     string     `json:"marketId"`
		TournamentID [][]string `json:"tournamentId"`
	}
	body, err := json.Marshal([]question{{footballID, listMarkets, [][]string{{tournamentID}}}})
	if err != nil {
		return nil, fmt.Errorf("asking for tournament %.40q: %w", tournamentID, err)
	}
	return body, nil
}

func (c *Client) tournaments(ctx context.Context, s *discovery.Sweep) (found []bookmaker.Tournament, err error) {
	err = s.Call(ctx, func(ctx context.Context) error {
		answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.TournamentsCall, Path: tournamentsPath(c.now())})
		if err != nil {
			return err
		}
		defer answer.Release()
		var said int
		found, said, err = decodeTournaments(answer.Body)
		s.Said(said)
		return err
	})
	return found, err
}

func (c *Client) events(
	ctx context.Context, s *discovery.Sweep, t bookmaker.Tournament, now time.Time,
) (p discovery.Page, err error) {
	question, err := eventsQuestion(t.ID)
	if err != nil {
		return discovery.Page{}, err
	}
	err = s.Call(ctx, func(ctx context.Context) error {
		answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.EventsCall, Path: eventsPath, Body: question})
		if err != nil {
			return err
		}
		defer answer.Release()
		p, err = decodeEvents(answer.Body, t, now)
		return err
	})
	return p, err
}
