package betpawa

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// footballCategory is BetPawa's id of the sport.
const footballCategory = "2"

// Paging of a competition's events.
const (
	pageSize = 100 // the largest page known to be answered; a site may answer with fewer
	maxPages = 200 // no competition has that many pages, of 25 events even; a list without an end is an error
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

func (c *Client) competitions(ctx context.Context, s *discovery.Sweep) (found []bookmaker.Tournament, err error) {
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

// events reads a competition page by page: on from what arrived, since a site may answer with less than was asked for,
// until it has answered what it says that there is or a page brings nothing new. What was read before an error is
// returned with it.
func (c *Client) events(
	ctx context.Context, s *discovery.Sweep, t bookmaker.Tournament, now time.Time,
) (discovery.Page, error) {
	var all discovery.Page
	seen := make(map[string]bool)
	skip, full := 0, false // full: the site answered with as much as was asked for
	for n := range maxPages {
		p, err := c.page(ctx, s, t, skip, now)
		if err != nil {
			return all, fmt.Errorf("page %d: %w", n+1, err)
		}
		skip += p.Events
		fresh := p.Fresh(seen)
		repeated := p.Events > 0 && fresh.Events == 0
		c.fillSrIDs(&fresh)
		all.Add(fresh.Page)
		full = full || p.Events >= pageSize
		switch {
		case repeated && full:
			return all, fmt.Errorf("page %d repeats the ones before it: %w", n+1, errPaging)
		case p.Events == 0, repeated, t.Said > 0 && all.Events >= t.Said && p.Events < pageSize:
			return all, nil
		}
	}
	return all, fmt.Errorf("more than %d pages: %w", maxPages, errPaging)
}

// page reads the events behind the first skip ones.
func (c *Client) page(
	ctx context.Context, s *discovery.Sweep, t bookmaker.Tournament, skip int, now time.Time,
) (p eventPage, err error) {
	err = s.Call(ctx, func(ctx context.Context) error {
		answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.EventsCall, Path: eventsPath(t.ID, skip)})
		if err != nil {
			return err
		}
		defer answer.Release()
		p, err = decodeEvents(answer.Body, t, now)
		return err
	})
	return p, err
}

// fillSrIDs gives listings without a SportRadar id the one that an earlier detail told. One of which the detail has none
// either is refused, and not asked again as long as the list says the same.
func (c *Client) fillSrIDs(p *eventPage) {
	kept := p.Listings[:0]
	for _, l := range p.Listings {
		if l.SrID == "" {
			var none bool
			if l.SrID, none = c.known.srID(l, p.widgets[l.EventID]); none {
				p.Refuse(l.EventID, odds.NoSrID)
				p.Unlinked++
				continue
			}
		}
		kept = append(kept, l)
	}
	p.Listings = kept
}
