package client

import (
	"net/http"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// UserAgent is a desktop browser's; sites turn others away.
const UserAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
	"Chrome/139.0.0.0 Safari/537.36"

// Country is a bookmaker's site for one country.
type Country struct {
	Code string // ISO 3166, lower case
	// URL is scheme and host; the paths are the Site's.
	URL string
	// ID is what the site itself calls the country in its requests; empty where it has one country only.
	ID string
}

// Site is what differs between bookmakers: the requests and the shapes of the answers. Its functions may be called
// concurrently, and those that read an answer keep nothing of body. Requests need no Call.
type Site struct {
	Bookmaker odds.Bookmaker
	// Header goes with every request.
	Header http.Header

	// Tournaments is the request for all football tournaments. ReadTournaments reads the answer: each tournament once,
	// and how many events the site says that there are in all, 0 when it does not say. One that cannot be read has its
	// Err. An answer without tournaments is an error, unless it says that there are none.
	Tournaments     func(now time.Time) fetch.Request
	ReadTournaments func(body []byte) (found []bookmaker.Tournament, total int, err error)

	// Events is the request for the events of one tournament behind the first skip ones. ReadEvents enters those of an
	// answer into page. An event that cannot be read is entered with a reason; an error is for the answer as a whole.
	Events     func(t bookmaker.Tournament, skip int) fetch.Request
	ReadEvents func(body []byte, t bookmaker.Tournament, now time.Time, page *discovery.Page) error
	// PageSize is how many events one answer holds at most; 0 when every answer holds all.
	PageSize int

	// Detail is the request for one event with its markets. ReadDetail reads the answer; it returns an *odds.Rejected,
	// with what was read and counted before, when the answer cannot be used.
	Detail     func(eventID string, now time.Time) fetch.Request
	ReadDetail func(body []byte, target bookmaker.Target, requestedAt, capturedAt time.Time) (bookmaker.Detail, error)
	// NotFound says that status 404 means an event that is not offered. Sites that say so in another way leave it out.
	NotFound bool
	// SparseIDs says that lists leave out SportRadar ids that details have. The client remembers those.
	SparseIDs bool
}
