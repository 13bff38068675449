package api

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Page sizes: of ListCycles and of ListUnmappedMarkets.
const (
	defaultCycles  = 20
	maxCycles      = 200
	defaultMarkets = 50
	maxMarkets     = 1000
)

// pageSize brings a page size into its limits; negative ones are rejected.
func pageSize(requested int32, otherwise, limit int) (int, error) {
	switch {
	case requested < 0:
		return 0, rpcerr.Invalid("page_size", "must not be negative").WithLimit(0)
	case requested == 0:
		return otherwise, nil
	default:
		return min(int(requested), limit), nil
	}
}

func validCycleID(field, id string) error {
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return rpcerr.Invalid(field, "must be a UUID as RunCycle and ListCycles answer it")
	}
	return nil
}

// validBookmaker allows the bookmakers that are read, and none.
func validBookmaker(b string) error {
	if b != "" && !registry.Known(odds.Bookmaker(b)) {
		return rpcerr.Invalid("bookmaker", "must be one of %v, or empty", registry.Names())
	}
	return nil
}

// pageToken names the last cycle of a page.
func pageToken(cycleID string) string { return base64.RawURLEncoding.EncodeToString([]byte(cycleID)) }

// readPageToken returns the cycle that a page begins after; empty for the first page.
func readPageToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	id, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || validCycleID("page_token", string(id)) != nil {
		return "", badToken()
	}
	return string(id), nil
}

// offsetToken names a position within a list that belongs to a filter and a cycle.
func offsetToken(offset int, filter, cycleID string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(offset) + " " + filter + " " + cycleID))
}

// readOffsetToken returns the position; 0 for the first page. The list of another cycle is another list, so its
// tokens are rejected.
func readOffsetToken(token, filter, cycleID string) (int, error) {
	if token == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, badToken()
	}
	offset, rest, _ := strings.Cut(string(text), " ")
	n, err := strconv.Atoi(offset)
	if err != nil || n < 0 || rest != filter+" "+cycleID {
		return 0, badToken()
	}
	return n, nil
}

func badToken() error {
	return rpcerr.Invalid("page_token", "must be the next_page_token of the page before, with the same filters and before a newer cycle")
}
