package cycle

import (
	"errors"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	good := store.BookmakerResult{Bookmaker: odds.BetPawa, Requested: 100, Fetched: 99, Failed: 1, Tournaments: 5}
	for _, tc := range []struct {
		name    string
		results []store.BookmakerResult
		failure error
		status  store.CycleStatus
		reason  string
	}{
		{"all well", []store.BookmakerResult{good}, nil, store.Succeeded, ""},
		{"nothing to request", []store.BookmakerResult{{Bookmaker: odds.BetPawa}}, nil, store.Succeeded, ""},
		{"did not run to its end", []store.BookmakerResult{good}, errors.New("cancelled"), store.Failed, "cancelled"},
		{"discovery", []store.BookmakerResult{good, {Bookmaker: odds.Bet9ja, DiscoveryError: "down"}}, nil, store.Partial, "bet9ja: discovery failed: down"},
		{"a tournament", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Tournaments: 9, TournamentsFailed: 1}}, nil, store.Partial, "1 of 9 tournaments"},
		{
			"short lists",
			[]store.BookmakerResult{{Bookmaker: odds.Bet9ja, Tournaments: 9, TournamentsFailed: 3, Rejections: odds.Rejections{odds.ShortList: 2}}},
			nil, store.Partial, "1 of 9 tournaments did not answer, 2 of 9 tournaments list fewer events than the site says there are (SHORT_LIST)",
		},
		{"a short total", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Tournaments: 9, Rejections: odds.Rejections{odds.ShortList: 1}}}, nil, store.Partial, "SHORT_LIST"},
		{"nothing readable", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Requested: 3}}, nil, store.Partial, "none of 3 events"},
		{"all skipped", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Skipped: 3}}, nil, store.Partial, "none of 3 events"},
		{"too many failures", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Requested: 90, Fetched: 89, Skipped: 10}}, nil, store.Partial, "11 of 100 events"},
		{"too many refused by the store", []store.BookmakerResult{{
			Bookmaker: odds.Bet9ja, Requested: 100, Fetched: 100, SnapshotsRejected: 6, Lost: odds.Rejections{odds.BadLine: 4, odds.StaleCapture: 2},
		}}, nil, store.Partial, "6 of 100 events could not be read (BAD_LINE 4, STALE_CAPTURE 2)"},
		{"one refused in twenty", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Requested: 100, Fetched: 100, SnapshotsRejected: 5}}, nil, store.Succeeded, ""},
		{"all refused by the store", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Requested: 3, Fetched: 3, SnapshotsRejected: 3}}, nil, store.Partial, "none of 3 events"},
		{"answers without any price", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Requested: 20, Fetched: 20, Lost: odds.Rejections{odds.NoPrices: 2}}}, nil, store.Partial, "2 of 20 events could not be read (NO_PRICES 2)"},
		{"too many refused", []store.BookmakerResult{{Bookmaker: odds.Bet9ja, Requested: 100, Fetched: 50}}, nil, store.Partial, "50 of 100 events"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			status, reason := judge(tc.results, tc.failure)
			if status != tc.status || !strings.Contains(reason, tc.reason) || (tc.reason == "") != (reason == "") {
				t.Errorf("%s, %q; want %s, %q", status, reason, tc.status, tc.reason)
			}
		})
	}
}
