// Package client reads a bookmaker: it sends requests with permits and headers, lists events tournament by tournament,
// page by page where a site has pages, and reads details. What differs between bookmakers is a Site.
//
// It is not for the shapes of any one bookmaker, which the packages betpawa, sportybet and so on hold, nor for limits
// and retries (limit, fetch).
package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Config says where a site is and how it is read.
type Config struct {
	// URL is scheme and host; the paths are the Site's.
	URL string
	// HTTP bounds the requests.
	HTTP fetch.Config
	// Now is the clock by which events are upcoming or have begun. Default time.Now.
	Now func() time.Time
}

// Client reads one bookmaker. It implements bookmaker.Client.
type Client struct {
	site    Site
	fetcher *fetch.Fetcher
	limiter *limit.Limiter
	now     func() time.Time
	past    discovery.Past
	known   knownIDs
}

var _ bookmaker.Client = (*Client)(nil)

// New makes a client whose requests go through the limiter and are reported to the observer, which may be nil. Close
// closes it.
func New(site Site, cfg Config, limiter *limit.Limiter, observer fetch.Observer) (*Client, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	fetcher, err := fetch.New(cfg.HTTP, cfg.URL, site.Header, limiter, observer)
	if err != nil {
		return nil, err
	}
	return &Client{site: site, fetcher: fetcher, limiter: limiter, now: cfg.Now}, nil
}

// Bookmaker is whom it reads.
func (c *Client) Bookmaker() odds.Bookmaker { return c.site.Bookmaker }

// Close drops idle connections.
func (c *Client) Close() { c.fetcher.Close() }

// Fetch reads one event. The caller holds a permit. Errors are those of bookmaker.Client; with a refusal comes what was
// counted before it.
func (c *Client) Fetch(ctx context.Context, target bookmaker.Target) (bookmaker.Detail, error) {
	request := c.site.Detail(target.EventID, c.now())
	request.Call = fetch.DetailCall
	answer, err := c.fetcher.Fetch(ctx, request)
	if err != nil {
		status, ok := errors.AsType[*fetch.StatusError](err)
		if ok && c.site.NotFound && status.Status == http.StatusNotFound {
			return bookmaker.Detail{}, odds.Reject(odds.NotOffered, "event %.40q: status 404", target.EventID)
		}
		return bookmaker.Detail{}, err
	}
	defer answer.Release()
	detail, err := c.site.ReadDetail(answer.Body, target, answer.RequestedAt, answer.CapturedAt)
	detail.Snapshot.Request = answer.Request
	if c.site.SparseIDs {
		c.learn(target, detail, err)
	}
	if err != nil {
		return detail, fmt.Errorf("reading event %.40q: %w", target.EventID, err)
	}
	return detail, nil
}

// learn remembers the SportRadar id of an event. An answer that is refused, for want of markets or for another id than
// the target's, has one too.
func (c *Client) learn(target bookmaker.Target, detail bookmaker.Detail, err error) {
	rejected, _ := errors.AsType[*odds.Rejected](err)
	unlinked := rejected != nil && rejected.Reason == odds.NoSrID
	if detail.Listing.EventID == target.EventID && (detail.Listing.SrID != "" || unlinked) {
		c.known.learn(target.EventID, detail.Listing.SrID)
	}
}

// Discover lists the upcoming football events, tournament by tournament.
func (c *Client) Discover(ctx context.Context) (bookmaker.Discovery, error) {
	run := discovery.Begin(c.limiter, &c.past, c.now)
	tournaments, err := c.tournaments(ctx, run)
	if err != nil {
		return bookmaker.Discovery{Blocked: run.Blocked()}, fmt.Errorf("listing tournaments: %w", err)
	}
	now := c.now()
	found, err := run.Each(ctx, tournaments, func(ctx context.Context, t bookmaker.Tournament) (discovery.Page, error) {
		return c.events(ctx, run, t, now)
	})
	if err != nil {
		return found, fmt.Errorf("listing events: %w", err)
	}
	if c.site.SparseIDs && !found.Partial() {
		c.known.keep(found)
	}
	return found, nil
}

// tournaments reads which tournaments there are.
func (c *Client) tournaments(ctx context.Context, run *discovery.Run) (found []bookmaker.Tournament, err error) {
	request := c.site.Tournaments(c.now())
	request.Call = fetch.TournamentsCall
	err = c.read(ctx, run, request, func(body []byte) (err error) {
		var total int
		found, total, err = c.site.ReadTournaments(body)
		run.SetTotal(total)
		return err
	})
	return found, err
}

// events reads what a tournament lists. What was read before an error is returned with it.
func (c *Client) events(
	ctx context.Context, run *discovery.Run, t bookmaker.Tournament, now time.Time,
) (page discovery.Page, err error) {
	next := func(skip int) error {
		request := c.site.Events(t, skip)
		request.Call = fetch.EventsCall
		return c.read(ctx, run, request, func(body []byte) error { return c.site.ReadEvents(body, t, now, &page) })
	}
	if c.site.PageSize > 0 {
		err = page.Pages(t, c.site.PageSize, next)
	} else {
		err = next(0)
	}
	if c.site.SparseIDs {
		c.known.fill(&page)
	}
	return page, err
}

// read sends one request of a discovery with a permit and reads its answer.
func (c *Client) read(ctx context.Context, run *discovery.Run, r fetch.Request, decode func(body []byte) error) error {
	return run.Call(ctx, func(ctx context.Context) error {
		answer, err := c.fetcher.Fetch(ctx, r)
		if err != nil {
			return err
		}
		defer answer.Release()
		return decode(answer.Body)
	})
}
