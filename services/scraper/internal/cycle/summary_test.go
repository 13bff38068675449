package cycle

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// TestSummaryIsOneLine compares the line that a cycle leaves with everything that was counted.
func TestSummaryIsOneLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &run{log: slog.New(slog.NewJSONHandler(&out, nil)).With("cycle_id", "id")}
	began := time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC)
	r.logSummary(Summary{
		Cycle: store.Cycle{
			ID: "id", Status: store.Partial, Reason: "bet9ja: late", StartedAt: began, FinishedAt: began.Add(-30 * time.Hour), Took: 70 * time.Second,
			Revision: 77, Events: 5, Snapshots: 9, MarketsChanged: 40, EvictedEvents: 2,
			Bookmakers: []store.BookmakerResult{{
				Bookmaker: odds.Bet9ja, Listed: 6, Requested: 5, Fetched: 4, Changed: 3, Confirmed: 1, Blocked: 7, Failed: 8, Skipped: 9,
				Tournaments: 20, TournamentsFailed: 2, LatencyP50MS: 120.4, LatencyP95MS: 250.6,
				Rejections: odds.Rejections{odds.BadLine: 2, odds.NoMarkets: 1}, DetailsRejected: 1, SnapshotsRejected: 10, Withdrawn: 11,
			}},
		},
		Bound: 68 * time.Second, Batches: 3, Absent: 4,
		Storage: Phases{time.Millisecond, 2 * time.Millisecond, 3 * time.Millisecond, 4 * time.Millisecond},
	})
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("not one line: %v\n%s", err, out.String())
	}
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "cycle ended", "cycle_id": "id", "status": "PARTIAL", "reason": "bet9ja: late", "revision": 77.,
		"took": 70e9, "bound": 68e9, "events": 5., "snapshots": 9., "markets_changed": 40., "evicted": 2., "absent": 4., "batches": 3.,
		"storage_ms": map[string]any{"lookups": 1., "processing": 2., "flush": 3., "commit": 4.},
		"bet9ja": map[string]any{
			"listed": 6., "asked": 5., "fetched": 4., "changed": 3., "confirmed": 1., "refused": 3., "blocked": 7., "failed": 8.,
			"withdrawn": 11., "details_refused": 1., "snapshots_refused": 10., "skipped": 9., "tournaments_failed": 2., "p50_ms": 120., "p95_ms": 250.,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

// TestBound has two bookmakers: one whose latency counts, and one whose spacing does.
func TestBound(t *testing.T) {
	t.Parallel()
	calls := &fetch.Stats{}
	count := func(b odds.Bookmaker, n int, latency time.Duration, retry int) {
		for _, a := range slices.Repeat([]fetch.Attempt{{Bookmaker: b, Result: fetch.Answered, Latency: latency, Retry: retry}}, n) {
			calls.Observed(a)
		}
	}
	i := Instruments{Calls: calls, Limits: map[odds.Bookmaker]limit.Config{
		odds.BetPawa: {Slots: 10}, odds.Bet9ja: {Slots: 10, Spacing: 25 * time.Millisecond},
	}}
	count(odds.BetPawa, 1000, 10*time.Second, 0) // of an earlier cycle
	before := i.calls()
	count(odds.BetPawa, 100, 200*time.Millisecond, 0)
	count(odds.BetPawa, 50, 200*time.Millisecond, 1) // retries are no calls that have to be made
	if got, want := i.bound(before), 2*time.Second; got != want {
		t.Errorf("100 calls of 200ms with 10 slots: got %v, want %v", got, want)
	}
	count(odds.Bet9ja, 200, 100*time.Millisecond, 0)
	if got, want := i.bound(before), 5*time.Second; got != want {
		t.Errorf("200 calls with 25ms between them: got %v, want %v", got, want)
	}
	if got := (Instruments{}).bound(nil); got != 0 {
		t.Errorf("of nothing counted: got %v", got)
	}
}
