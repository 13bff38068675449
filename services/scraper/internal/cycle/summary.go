package cycle

import (
	"log/slog"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// summary adds to an ended cycle what the database does not keep of it.
func (r *run) summary(c store.Cycle) Summary {
	s := Summary{
		Cycle: c, Bound: r.Instruments.bound(r.before), Batches: r.batches, Absent: r.absent, Storage: r.stats.storage(),
		Short: make(map[odds.Bookmaker]bool),
	}
	s.Took = time.Since(r.began)
	for _, b := range c.Bookmakers {
		s.Short[b.Bookmaker] = shortfall(b) != ""
	}
	return s
}

// logSummary writes the one line that a cycle leaves in the log, with another where clocks differ.
func (r *run) logSummary(s Summary) {
	attrs := []any{
		"status", s.Status, "reason", s.Reason, "revision", s.Revision, "took", s.Took.Round(time.Millisecond),
		"bound", s.Bound.Round(time.Millisecond), "events", s.Events, "snapshots", s.Snapshots, "markets_changed", s.MarketsChanged,
		"evicted", s.EvictedEvents, "absent", s.Absent, "batches", s.Batches,
		slog.Group("storage_ms", "lookups", s.Storage.Lookups.Milliseconds(), "processing", s.Storage.Processing.Milliseconds(),
			"flush", s.Storage.Flush.Milliseconds(), "commit", s.Storage.Commit.Milliseconds()),
	}
	for _, b := range s.Bookmakers {
		attrs = append(attrs, slog.Group(string(b.Bookmaker),
			"listed", b.Listed, "asked", b.Requested, "fetched", b.Fetched, "changed", b.Changed, "confirmed", b.Confirmed,
			"withdrawn", b.Withdrawn, "refused", b.Rejections.Total(), "details_refused", b.DetailsRejected,
			"snapshots_refused", b.SnapshotsRejected, "blocked", b.Blocked, "failed", b.Failed, "skipped", b.Skipped,
			"tournaments_failed", b.TournamentsFailed, "p50_ms", int(b.LatencyP50MS), "p95_ms", int(b.LatencyP95MS)))
	}
	r.log.Info("cycle ended", attrs...)
	if s.Skewed {
		clocks := make([]any, 0, 2*len(s.Clocks))
		for _, c := range s.Clocks {
			clocks = append(clocks, c.Clock, c.Seconds)
		}
		r.log.Warn("clocks differ, nothing was evicted", slog.Group("offset_seconds", clocks...))
	}
}
