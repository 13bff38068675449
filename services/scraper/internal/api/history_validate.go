package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/history"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Bounds of a request about history.
const (
	defaultMoments = 200
	maxMoments     = 2000
	maxMarketID    = 50 // bytes; BetPawa's own have up to 8 digits
)

// historyRequest is what the two requests about a market's history have in common: everything.
type historyRequest interface {
	GetSrId() string
	GetMarketId() string
	GetLine() float64
	GetBookmakers() []string
	GetCapturedFrom() *timestamppb.Timestamp
	GetCapturedTo() *timestamppb.Timestamp
	GetPageSize() int32
	GetPageToken() string
}

// lineOf is the request's line, nil when it has none: the getter returns 0 for both.
func lineOf(req historyRequest) *float64 {
	switch r := req.(type) {
	case *oddscachev1.ListOddsHistoryRequest:
		return r.Line
	case *oddscachev1.ListMarginHistoryRequest:
		return r.Line
	default:
		return nil
	}
}

// historyQuery checks a request, all fields at once, and makes the store's query of it.
func historyQuery(req historyRequest) (history.Query, error) {
	var errs []error
	q := history.Query{SrID: req.GetSrId(), Market: odds.MarketKey{ID: req.GetMarketId()}}
	if id, ok := bookmaker.ParseSrID(q.SrID); !ok || id != q.SrID {
		errs = append(errs, rpcerr.Invalid("sr_id", "must be a SportRadar id, digits only and the first of them not 0"))
	}
	if id := q.Market.ID; id == "" || len(id) > maxMarketID || strings.ContainsRune(id, 0) {
		bad := rpcerr.Invalid("market_id", "must be BetPawa's id of a market type, at most %d bytes", maxMarketID)
		errs = append(errs, bad.WithLimit(maxMarketID))
	}
	if line := lineOf(req); line != nil {
		var err error
		if q.Market.Line, err = odds.FloatLine(*line); err != nil {
			errs = append(errs, rpcerr.Invalid("line", "must be a multiple of 0.25 within ±1000"))
		}
	}
	for i, b := range req.GetBookmakers() {
		if b == "" || validBookmaker(b) != nil {
			errs = append(errs, rpcerr.Invalid(fmt.Sprintf("bookmakers[%d]", i), "must be one of %v", registry.Names()))
		}
		q.Bookmakers = append(q.Bookmakers, odds.Bookmaker(b))
	}
	var err error
	if q.From, err = validInstant("captured_from", req.GetCapturedFrom()); err != nil {
		errs = append(errs, err)
	}
	if q.To, err = validInstant("captured_to", req.GetCapturedTo()); err != nil {
		errs = append(errs, err)
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		errs = append(errs, rpcerr.Invalid("captured_to", "must be after captured_from"))
	}
	if q.Limit, err = pageSize(req.GetPageSize(), defaultMoments, maxMoments); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 { // a token belongs to the rest of the request
		if q.After, err = readHistoryToken(req); err != nil {
			errs = append(errs, err)
		}
	}
	return q, errors.Join(errs...)
}

// validInstant reads an instant that history can be of; the zero time when there is none.
func validInstant(field string, at *timestamppb.Timestamp) (time.Time, error) {
	if at == nil {
		return time.Time{}, nil
	}
	t := at.AsTime()
	if at.CheckValid() != nil || t.Year() < 2000 || t.Year() > 2199 {
		return time.Time{}, rpcerr.Invalid(field, "must be an instant of the years 2000 to 2199")
	}
	return t, nil
}

// historyToken names the last moment of a page and the request that the page belongs to.
func historyToken(revision int64, req historyRequest) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(revision, 10) + " " + historyFilter(req)))
}

// readHistoryToken returns the revision that a page begins after; 0 for the first page.
func readHistoryToken(req historyRequest) (int64, error) {
	token := req.GetPageToken()
	if token == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	position, filter, _ := strings.Cut(string(text), " ")
	revision, parsed := strconv.ParseInt(position, 10, 64)
	if err != nil || parsed != nil || revision <= 0 || filter != historyFilter(req) {
		return 0, rpcerr.Invalid("page_token", "must be the next_page_token of the page before, with the same request")
	}
	return revision, nil
}

// historyFilter stands for everything in a request but its page.
func historyFilter(req historyRequest) string {
	h := fnv.New64a()
	line := "-"
	if l := lineOf(req); l != nil {
		line = strconv.FormatFloat(*l, 'g', -1, 64)
	}
	// %q keeps the fields apart whatever they hold. A hash takes what it is given.
	_, _ = fmt.Fprintf(h, "%q %q %s %q %d %d %d %d", req.GetSrId(), req.GetMarketId(), line, req.GetBookmakers(),
		req.GetCapturedFrom().GetSeconds(), req.GetCapturedFrom().GetNanos(), req.GetCapturedTo().GetSeconds(), req.GetCapturedTo().GetNanos())
	return strconv.FormatUint(h.Sum64(), 36)
}
