package betpawa

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/sweep"
)

// footballCategory is BetPawa's id of the sport.
const footballCategory = "2"

// Paging of a competition's events.
const (
	pageSize = 100 // the largest page known to be answered
	maxPages = 50  // no competition has 5,000 upcoming events; a list without an end is an error
)

// competitionsPath lists all competitions with the regions that they belong to.
const competitionsPath = apiPath + "/categories/list/" + footballCategory + "?includeRegions=true"

func detailPath(eventID string) string { return apiPath + "/events/" + url.PathEscape(eventID) }

// eventsPath asks for one page of a competition's upcoming events. The question is JSON in one query parameter,
// encoded once.
func eventsPath(competitionID string, skip int) string {
	q := `{"queries":[{"query":{"eventType":"UPCOMING","categories":["` + footballCategory + `"],` +
		`"zones":{"competitions":[` + strconv.Quote(competitionID) + `]},"hasOdds":true},` +
		`"view":{},"skip":` + strconv.Itoa(skip) + `,"take":` + strconv.Itoa(pageSize) + `}]}`
	return apiPath + "/events/lists/by-queries?q=" + url.QueryEscape(q)
}

func (c *Client) competitions(ctx context.Context, s *sweep.Sweep) (found []bookmaker.Tournament, err error) {
	err = s.Call(ctx, func(ctx context.Context) error {
		answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.TournamentsCall, Path: competitionsPath})
		if err != nil {
			return err
		}
		defer answer.Release()
		found, err = decodeCompetitions(answer.Body)
		return err
	})
	return found, err
}

// events reads a competition page by page until one is short. What was read before an error is returned with it.
func (c *Client) events(
	ctx context.Context, s *sweep.Sweep, t bookmaker.Tournament, now time.Time,
) (sweep.Page, error) {
	var all sweep.Page
	seen := make(map[string]bool)
	for n := range maxPages {
		var p eventPage
		err := s.Call(ctx, func(ctx context.Context) error {
			path := eventsPath(t.ID, n*pageSize)
			answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.EventsCall, Path: path})
			if err != nil {
				return err
			}
			defer answer.Release()
			p, err = decodeEvents(answer.Body, t, now)
			return err
		})
		if err != nil {
			return all, fmt.Errorf("page %d: %w", n+1, err)
		}
		c.fillSrIDs(p.Listings)
		all.Add(p.Page)
		if p.Events < pageSize {
			return all, nil
		}
		if !anyNew(seen, p.ids) {
			return all, fmt.Errorf("page %d repeats the ones before it: %w", n+1, errPaging)
		}
	}
	return all, fmt.Errorf("more than %d pages: %w", maxPages, errPaging)
}

// anyNew adds ids to seen and reports whether one of them was not there.
func anyNew(seen map[string]bool, ids []string) bool {
	before := len(seen)
	for _, id := range ids {
		seen[id] = true
	}
	return len(seen) > before
}

// fillSrIDs gives listings without a SportRadar id the one that an earlier detail told.
func (c *Client) fillSrIDs(listings []odds.Listing) {
	for i := range listings {
		if listings[i].SrID == "" {
			listings[i].SrID = c.known.srID(listings[i].EventID)
		}
	}
}
