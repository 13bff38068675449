package betpawa

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

// The fixed parts of the API. The third version of it answers 404 on every path since August 2026.
const (
	defaultBaseURL = "https://www.betpawa.ng"
	defaultBrand   = "betpawa-nigeria"
	apiPath        = "/api/sportsbook/v4"
)

// userAgent is a desktop browser's; the site turns others away.
const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
	"Chrome/139.0.0.0 Safari/537.36"

// Config says where BetPawa is. The zero value is the live site.
type Config struct {
	// BaseURL is scheme and host; the paths are fixed. Default https://www.betpawa.ng.
	BaseURL string
	// Brand has to be the one of the host's country. Default betpawa-nigeria.
	Brand string
	// HTTP bounds the requests.
	HTTP fetch.Config
	// Now is the clock that tells upcoming events from begun ones. Default time.Now.
	Now func() time.Time
}

// detailDecoder reads an event's detail. It keeps nothing of body.
type detailDecoder interface {
	Detail(body []byte, asked bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error)
}

// Client is BetPawa. It implements bookmaker.Client.
type Client struct {
	fetcher *fetch.Fetcher
	limiter *limit.Limiter
	decoder detailDecoder
	now     func() time.Time
	past    discovery.Past
	known   knownIDs
}

// NewClient makes a client that asks through the limiter and reports to the observer, which may be nil. Close closes
// it.
func NewClient(cfg Config, decoder detailDecoder, limiter *limit.Limiter, observer fetch.Observer) (*Client, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultBaseURL
	}
	if cfg.Brand == "" {
		cfg.Brand = defaultBrand
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	header := make(http.Header)
	header.Set("X-Pawa-Brand", cfg.Brand)
	header.Set("Devicetype", "web")
	// With */* the list of events comes as protobuf.
	header.Set("Accept", "application/json")
	header.Set("Accept-Language", "en-GB,en-US;q=0.9,en;q=0.8")
	header.Set("User-Agent", userAgent)
	fetcher, err := fetch.New(cfg.HTTP, cfg.BaseURL, header, limiter, observer)
	if err != nil {
		return nil, err
	}
	return &Client{fetcher: fetcher, limiter: limiter, decoder: decoder, now: cfg.Now}, nil
}

// Bookmaker is betpawa.
func (c *Client) Bookmaker() odds.Bookmaker { return odds.BetPawa }

// Close drops idle connections.
func (c *Client) Close() { c.fetcher.Close() }

// Fetch reads one event and remembers its SportRadar id for the listings that lack it. Errors are those of
// bookmaker.Client; an event that BetPawa does not know (404) is refused as NOT_OFFERED. With a refusal comes what
// the decoder counted before it.
func (c *Client) Fetch(ctx context.Context, asked bookmaker.Target) (bookmaker.Detail, error) {
	answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.DetailCall, Path: detailPath(asked.EventID)})
	if err != nil {
		var status *fetch.StatusError
		if errors.As(err, &status) && status.Status == http.StatusNotFound {
			return bookmaker.Detail{}, odds.Refuse(odds.NotOffered, "event %.40q: status 404", asked.EventID)
		}
		return bookmaker.Detail{}, err
	}
	defer answer.Release()
	detail, err := c.decoder.Detail(answer.Body, asked, answer.RequestedAt, answer.CapturedAt)
	detail.Snapshot.Request = answer.Request
	// An answer that is refused, for want of markets or for another id than the one asked for, tells the id too.
	refused, _ := errors.AsType[*odds.Refused](err)
	if detail.Listing.EventID == asked.EventID && (detail.Listing.SrID != "" || refused != nil && refused.Reason == odds.NoSrID) {
		c.known.learn(asked.EventID, detail.Listing.SrID)
	}
	if err != nil {
		return detail, fmt.Errorf("reading event %.40q: %w", asked.EventID, err)
	}
	return detail, nil
}

// Discover lists the upcoming football events, competition by competition.
func (c *Client) Discover(ctx context.Context) (bookmaker.Discovery, error) {
	s := discovery.New(c.limiter, &c.past, c.now)
	competitions, err := c.competitions(ctx, s)
	if err != nil {
		return bookmaker.Discovery{Blocked: s.Blocked()}, fmt.Errorf("listing competitions: %w", err)
	}
	now := c.now()
	found, err := s.Each(ctx, competitions, func(ctx context.Context, t bookmaker.Tournament) (discovery.Page, error) {
		return c.events(ctx, s, t, now)
	})
	if err != nil {
		return found, fmt.Errorf("listing events: %w", err)
	}
	if !found.Partial() {
		var refused []string
		for _, t := range found.Tournaments {
			refused = append(refused, t.RefusedIDs...)
		}
		c.known.keep(found.Listings, refused)
	}
	return found, nil
}
