package api

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

func cycleMessage(c store.Cycle) *oddscachev1.Cycle {
	return &oddscachev1.Cycle{
		CycleId: c.ID, Status: statusMessage(c.Status), Reason: c.Reason,
		StartedAt: instant(c.StartedAt), FinishedAt: instant(c.FinishedAt), Revision: c.Revision,
		Bookmakers: bookmakerMessages(c.Bookmakers),
		Events:     c.Events, Snapshots: c.Snapshots, MarketsChanged: c.MarketsChanged, EvictedEvents: c.EvictedEvents,
		Clocks: clockMessages(c.Clocks),
	}
}

func clockMessages(offsets []clock.Offset) []*oddscachev1.ClockOffset {
	messages := make([]*oddscachev1.ClockOffset, 0, len(offsets))
	for _, o := range offsets {
		messages = append(messages, &oddscachev1.ClockOffset{Clock: o.Clock, OffsetSeconds: o.Seconds})
	}
	return messages
}

func statusMessage(s store.CycleStatus) oddscachev1.CycleStatus {
	switch s {
	case store.Running:
		return oddscachev1.CycleStatus_CYCLE_STATUS_RUNNING
	case store.Succeeded:
		return oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED
	case store.Partial:
		return oddscachev1.CycleStatus_CYCLE_STATUS_PARTIAL
	case store.Failed:
		return oddscachev1.CycleStatus_CYCLE_STATUS_FAILED
	default:
		return oddscachev1.CycleStatus_CYCLE_STATUS_UNSPECIFIED
	}
}

func bookmakerMessages(results []store.BookmakerResult) []*oddscachev1.BookmakerResult {
	messages := make([]*oddscachev1.BookmakerResult, 0, len(results))
	for _, r := range results {
		messages = append(messages, &oddscachev1.BookmakerResult{
			Bookmaker: string(r.Bookmaker), Listed: r.Listed, Asked: r.Requested, Fetched: r.Fetched,
			Changed: r.Changed, Confirmed: r.Confirmed, Refused: int64(r.Rejections.Total()), Refusals: rejectionMessages(r.Rejections),
			Blocked: r.Blocked, Failed: r.Failed, Skipped: r.Skipped,
			Tournaments: r.Tournaments, TournamentsFailed: r.TournamentsFailed, DiscoveryError: r.DiscoveryError,
			LatencyP50Ms: r.LatencyP50MS, LatencyP95Ms: r.LatencyP95MS,
			DetailsRefused: r.DetailsRejected, SnapshotsRefused: r.SnapshotsRejected, Withdrawn: r.Withdrawn,
			Doubts: findingMessages(r.Findings),
		})
	}
	return messages
}

func findingMessages(findings []store.Finding) []*oddscachev1.Doubt {
	messages := make([]*oddscachev1.Doubt, 0, len(findings))
	for _, d := range findings {
		m := &oddscachev1.Doubt{Reason: string(d.Reason), Count: d.Count}
		for _, e := range d.Examples {
			m.Examples = append(m.Examples, &oddscachev1.DoubtedEvent{SrId: e.SrID, BookmakerEventId: e.EventID, Detail: e.Detail})
		}
		messages = append(messages, m)
	}
	return messages
}

// rejectionMessages lists rejections, most frequent first.
func rejectionMessages(rejections odds.Rejections) []*oddscachev1.Refusal {
	messages := make([]*oddscachev1.Refusal, 0, len(rejections))
	for reason, count := range rejections {
		messages = append(messages, &oddscachev1.Refusal{Reason: string(reason), Count: int64(count)})
	}
	slices.SortFunc(messages, func(a, b *oddscachev1.Refusal) int {
		return cmp.Or(cmp.Compare(b.GetCount(), a.GetCount()), cmp.Compare(a.GetReason(), b.GetReason()))
	})
	return messages
}

func stepMessage(s cycle.Step) *oddscachev1.WatchProgressResponse {
	m := &oddscachev1.WatchProgressResponse{CycleId: s.CycleID, At: instant(s.At)}
	switch {
	case s.Started != nil:
		m.Step = &oddscachev1.WatchProgressResponse_CycleStarted{CycleStarted: &oddscachev1.CycleStarted{}}
	case s.Discovered != nil:
		m.Step = &oddscachev1.WatchProgressResponse_DiscoveryCompleted{DiscoveryCompleted: &oddscachev1.DiscoveryCompleted{
			Events: int64(s.Discovered.Events), Details: int64(s.Discovered.Details),
			DiscoveryMs: milliseconds(s.Discovered.Took), Bookmakers: bookmakerMessages(s.Discovered.Bookmakers),
		}}
	case s.Fetched != nil:
		m.Step = &oddscachev1.WatchProgressResponse_EventsFetched{EventsFetched: &oddscachev1.EventsFetched{
			EventsDone: int64(s.Fetched.Done), Events: int64(s.Fetched.Events),
		}}
	case s.Stored != nil:
		m.Step = &oddscachev1.WatchProgressResponse_BatchStored{BatchStored: storedMessage(s.Stored)}
	case s.Ended != nil:
		m.Step = &oddscachev1.WatchProgressResponse_CycleEnded{CycleEnded: &oddscachev1.CycleEnded{Cycle: cycleMessage(*s.Ended)}}
	}
	return m
}

func storedMessage(s *cycle.Stored) *oddscachev1.BatchStored {
	m := &oddscachev1.BatchStored{
		Batch: int64(s.Batch), Revision: s.Result.Revision,
		StorageLookupsMs: s.Result.LookupsMS, StorageProcessingMs: s.Result.ProcessingMS,
		StorageFlushMs: s.Result.FlushMS, StorageCommitMs: s.Result.CommitMS,
		Refused: rejectionMessages(s.Rejected), MarketsChanged: int64(s.Result.MarketsChanged),
	}
	for _, n := range s.Result.Changed {
		m.Changed += int64(n)
	}
	for _, n := range s.Result.Confirmed {
		m.Confirmed += int64(n)
	}
	if s.CacheUpdate >= 0 {
		took := milliseconds(s.CacheUpdate)
		m.CacheUpdateMs = &took
	}
	return m
}

// instant is absent for the zero time.
func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
