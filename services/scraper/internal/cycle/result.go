package cycle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// result sums the cycle up for its end. failure is why it did not run to its end, nil when it did.
func (r *run) result(failure error) store.Cycle {
	c := store.Cycle{
		ID: r.handle.CycleID, StartedAt: r.started, Took: time.Since(r.began),
		Events: int64(len(r.targets)), Bookmakers: r.stats.bookmakers(r.bookmakers()),
	}
	var snapshots int64
	for _, b := range c.Bookmakers {
		snapshots += b.Changed + b.Confirmed
	}
	c.Snapshots = snapshots
	c.MarketsChanged = r.stats.markets()
	c.Status, c.Reason = judge(c.Bookmakers, failure)
	return c
}

// judge decides a cycle's status: FAILED when it did not run to its end, PARTIAL when a bookmaker or a tournament
// failed, else SUCCEEDED. The reason names everything that kept it from succeeding.
func judge(bookmakers []store.BookmakerResult, failure error) (store.CycleStatus, string) {
	if failure != nil {
		return store.Failed, failure.Error()
	}
	var reasons []string
	for _, b := range bookmakers {
		if reason := shortfall(b); reason != "" {
			reasons = append(reasons, string(b.Bookmaker)+": "+reason)
		}
	}
	if len(reasons) > 0 {
		return store.Partial, strings.Join(reasons, "; ")
	}
	return store.Succeeded, ""
}

// shortfall says what a bookmaker did not deliver; empty when nothing worth mentioning. A snapshot that was refused is
// missing, whoever refused it and why.
func shortfall(b store.BookmakerResult) string {
	wanted := b.Requested + b.Skipped
	// Turned away, failed, skipped, or refused as a whole; an answer without any price was stored and says nothing.
	missing := wanted - b.Fetched + b.SnapshotsRejected + int64(b.Lost[odds.NoPrices])
	switch {
	case b.DiscoveryError != "":
		return "discovery failed: " + b.DiscoveryError
	case b.TournamentsFailed > 0 || b.Rejections[odds.ShortList] > 0:
		return listShortfall(b)
	case wanted > 0 && missing >= wanted:
		return fmt.Sprintf("none of %d events could be read%s", wanted, because(b.Lost))
	case float64(missing) > failedShare*float64(wanted):
		return fmt.Sprintf("%d of %d events could not be read%s", missing, wanted, because(b.Lost))
	default:
		return ""
	}
}

// listShortfall says what a bookmaker's lists lack. A short list belongs to a tournament, or to all of them when only the site's
// total shows it.
func listShortfall(b store.BookmakerResult) string {
	short := int64(b.Rejections[odds.ShortList])
	var parts []string
	if failed := b.TournamentsFailed - short; failed > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d tournaments did not answer", failed, b.Tournaments))
	}
	switch {
	case short > 0 && b.TournamentsFailed == 0:
		parts = append(parts, "the list of tournaments lacks some that have events (SHORT_LIST)")
	case short > 0:
		const fewer = "%d of %d tournaments list fewer events than the site says there are (SHORT_LIST)"
		parts = append(parts, fmt.Sprintf(fewer, short, b.Tournaments))
	}
	return strings.Join(parts, ", ")
}

// because names the reasons of whole refusals, the most frequent first; empty without any.
func because(lost odds.Rejections) string {
	var reasons []string
	for _, reason := range slices.SortedFunc(maps.Keys(lost), func(a, b odds.Reason) int {
		return cmp.Or(cmp.Compare(lost[b], lost[a]), cmp.Compare(a, b))
	}) {
		reasons = append(reasons, fmt.Sprintf("%s %d", reason, lost[reason]))
	}
	if len(reasons) == 0 {
		return ""
	}
	return " (" + strings.Join(reasons, ", ") + ")"
}
