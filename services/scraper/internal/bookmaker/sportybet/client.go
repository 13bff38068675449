package sportybet

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// The fixed parts of the API: the country is a segment of the path.
const (
	defaultBaseURL = "https://www.sportybet.com"
	apiPath        = "/api/ng/factsCenter"
)

// userAgent is a desktop browser's.
const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
	"Chrome/139.0.0.0 Safari/537.36"

// Config says where SportyBet is. The zero value is the live site.
type Config struct {
	// BaseURL is scheme and host; the paths are fixed. Default https://www.sportybet.com.
	BaseURL string
	// HTTP bounds the requests.
	HTTP fetch.Config
	// Now is the clock that tells upcoming events from begun ones. Default time.Now.
	Now func() time.Time
}

// detailDecoder reads an event's detail. It keeps nothing of body.
type detailDecoder interface {
	Detail(body []byte, asked bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error)
}

// Client is SportyBet. It implements bookmaker.Client.
type Client struct {
	fetcher *fetch.Fetcher
	limiter *limit.Limiter
	decoder detailDecoder
	now     func() time.Time
	past    discovery.Past
}

// NewClient makes a client that asks through the limiter and reports to the observer, which may be nil. Close closes
// it.
func NewClient(cfg Config, decoder detailDecoder, limiter *limit.Limiter, observer fetch.Observer) (*Client, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultBaseURL
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	header := make(http.Header)
	header.Set("Clientid", "web")
	header.Set("Operid", "2") // Nigeria
	header.Set("Platform", "web")
	header.Set("Accept", "*/*")
	header.Set("Accept-Language", "en")
	header.Set("User-Agent", userAgent)
	fetcher, err := fetch.New(cfg.HTTP, cfg.BaseURL, header, limiter, observer)
	if err != nil {
		return nil, err
	}
	return &Client{fetcher: fetcher, limiter: limiter, decoder: decoder, now: cfg.Now}, nil
}

// Bookmaker is sportybet.
func (c *Client) Bookmaker() odds.Bookmaker { return odds.SportyBet }

// Close drops idle connections.
func (c *Client) Close() { c.fetcher.Close() }

// Fetch reads one event. Errors are those of bookmaker.Client; an event that SportyBet does not know has an answer
// of its own (another bizCode), which the decoder refuses as NOT_OFFERED. With a refusal comes what the decoder
// counted before it.
func (c *Client) Fetch(ctx context.Context, asked bookmaker.Target) (bookmaker.Detail, error) {
	answer, err := c.fetcher.Fetch(ctx, fetch.Request{Call: fetch.DetailCall, Path: detailPath(asked.EventID, c.now())})
	if err != nil {
		return bookmaker.Detail{}, err
	}
	defer answer.Release()
	detail, err := c.decoder.Detail(answer.Body, asked, answer.RequestedAt, answer.CapturedAt)
	detail.Snapshot.Request = answer.Request
	if err != nil {
		return detail, fmt.Errorf("reading event %.40q: %w", asked.EventID, err)
	}
	return detail, nil
}

// Discover lists the upcoming football events, tournament by tournament.
func (c *Client) Discover(ctx context.Context) (bookmaker.Discovery, error) {
	s := discovery.New(c.limiter, &c.past, c.now)
	tournaments, err := c.tournaments(ctx, s)
	if err != nil {
		return bookmaker.Discovery{Blocked: s.Blocked()}, fmt.Errorf("listing tournaments: %w", err)
	}
	now := c.now()
	found, err := s.Each(ctx, tournaments, func(ctx context.Context, t bookmaker.Tournament) (discovery.Page, error) {
		return c.events(ctx, s, t, now)
	})
	if err != nil {
		return found, fmt.Errorf("listing events: %w", err)
	}
	return found, nil
}
