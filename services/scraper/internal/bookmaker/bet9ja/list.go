package bet9ja

import (
	"context"
	"net/url"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
)

// groupsPath lists all sports with their groups.
const groupsPath = apiPath + "/GetSports?DISP=0&" + cacheVersion

// eventsPath asks for all events of one group; there are no pages.
func eventsPath(groupID string) string {
	return apiPath + "/GetEventsInGroupV2?GROUPID=" + url.QueryEscape(groupID) + "&DISP=0&GROUPMARKETID=1&" + cacheVersion
}

func detailPath(eventID string) string {
	return apiPath + "/GetEvent?EVENTID=" + url.QueryEscape(eventID) + "&" + cacheVersion
}

func (c *Client) groups(ctx context.Context, s *discovery.Sweep) (found []bookmaker.Tournament, err error) {
	err = s.Call(ctx, func(ctx context.Context) error {
		answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.TournamentsCall, Path: groupsPath})
		if err != nil {
			return err
		}
		defer answer.Release()
		var said int
		found, said, err = decodeGroups(answer.Body)
		s.Said(said)
		return err
	})
	return found, err
}

func (c *Client) events(
	ctx context.Context, s *discovery.Sweep, t bookmaker.Tournament, now time.Time,
) (p discovery.Page, err error) {
	err = s.Call(ctx, func(ctx context.Context) error {
		answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.EventsCall, Path: eventsPath(t.ID)})
		if err != nil {
			return err
		}
		defer answer.Release()
		p, err = decodeEvents(answer.Body, t, now)
		return err
	})
	return p, err
}
