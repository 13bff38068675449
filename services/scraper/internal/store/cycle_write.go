package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// BeginCycle records a running cycle. A cycle of this writer that is still recorded as running is closed as FAILED.
// It returns ErrCycle when the id is not a UUID or is taken, lease.ErrNotWriter, or Postgres's error.
func (w *Writer) BeginCycle(ctx context.Context, id string, startedAt time.Time) error {
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return fmt.Errorf("beginning cycle %.50q: %w: its id is not a UUID", id, ErrCycle)
	}
	if err := w.begin(ctx); err != nil {
		return err
	}
	defer w.end()
	w.store.cfg.Clock.Begin()
	if _, again := w.running[id]; !again {
		if err := w.closeRunning(ctx, "another cycle began before it ended"); err != nil {
			return err
		}
	}
	var t timing
	for {
		err := w.transact(ctx, w.head, &t, func(ctx context.Context, tx pgx.Tx) error {
			q := dbsqlc.New(tx)
			if err := w.store.readClock(ctx, q); err != nil {
				return err
			}
			//failpoint:cycle.beginning
			row, err := q.BeginCycle(ctx, dbsqlc.BeginCycleParams{CycleID: id, StartedAt: encode.Micros(startedAt)})
			switch _, again := w.running[id]; {
			case err != nil:
				return err
			case again && row.Status != string(Running):
				return lease.ErrCycleLost
			case row.Status != string(Running) || !row.StartedAt.Equal(encode.Micros(startedAt)):
				return fmt.Errorf("%w: its id is taken", ErrCycle)
			}
			return nil
		}, w.keepRevision)
		if errors.Is(err, errNotCommitted) && ctx.Err() == nil {
			// Whether it did commit cannot be seen by the revision, and does not matter: it is the same again.
			continue
		}
		if err != nil {
			return fmt.Errorf("beginning cycle %s: %w", id, err)
		}
		w.running[id] = encode.Micros(startedAt)
		w.term.CycleRuns(id)
		return nil
	}
}

// keepRevision is the fence of a transaction that publishes nothing.
func (w *Writer) keepRevision(ctx context.Context, q *dbsqlc.Queries) (dbsqlc.AdvanceRevisionRow, error) {
	return q.AdvanceRevision(ctx, dbsqlc.AdvanceRevisionParams{
		LeaseSeconds: w.term.Length.Seconds(), Holder: w.term.Holder, Term: w.term.Number, Expected: w.head,
	})
}

// EndCycle ends a cycle that was begun, with everything in c but FinishedAt, Revision, EvictedEvents, Clocks and Skewed,
// which it fills and returns. SUCCEEDED and PARTIAL evict: every event with kickoff before the cutoff, its snapshots, and
// the snapshots that no event lists. Where clocks differed since BeginCycle it evicts nothing and is not SUCCEEDED, with
// ClockSkew as its reason. It returns ErrCycle, lease.ErrNotWriter or Postgres's error; after the latter it can be called
// again.
func (w *Writer) EndCycle(ctx context.Context, c Cycle) (Cycle, error) {
	if !c.Status.ended() {
		return Cycle{}, fmt.Errorf("ending cycle %s: %w: %q is not how a cycle ends", c.ID, ErrCycle, c.Status)
	}
	if err := w.begin(ctx); err != nil {
		return Cycle{}, err
	}
	defer w.end()
	startedAt, ok := w.running[c.ID]
	if !ok {
		return Cycle{}, fmt.Errorf("ending cycle %.50q: %w: it is not running", c.ID, ErrCycle)
	}
	c.StartedAt = startedAt
	c, err := w.endCycle(ctx, c, w.store.cfg.Clock.Compare)
	if err != nil {
		return Cycle{}, err
	}
	w.upkeep.Request()
	return c, nil
}

// closeRunning ends cycles that nobody will end any more.
func (w *Writer) closeRunning(ctx context.Context, reason string) error {
	for _, id := range slices.Sorted(maps.Keys(w.running)) {
		unknown := func() clock.Comparison { return clock.Comparison{} } // what they were while it ran
		_, err := w.endCycle(ctx, Cycle{ID: id, Status: Failed, StartedAt: w.running[id], Reason: reason}, unknown)
		if err != nil {
			return err
		}
		w.store.log.WarnContext(ctx, "closed a cycle that was left running", "cycle_id", id, "reason", reason)
	}
	return nil
}

// endCycle commits and publishes a cycle's end. compare tells what the clocks were, once the database's has been read.
func (w *Writer) endCycle(ctx context.Context, c Cycle, compare func() clock.Comparison) (Cycle, error) {
	c.Reason = printable(c.Reason)
	c.Bookmakers = orEmpty(slices.Clone(c.Bookmakers))
	for i := range c.Bookmakers {
		c.Bookmakers[i].DiscoveryError = printable(c.Bookmakers[i].DiscoveryError)
	}
	results, err := json.Marshal(c.Bookmakers)
	if err != nil {
		return Cycle{}, fmt.Errorf("encoding the results of cycle %s: %w", c.ID, err)
	}
	w.term.CycleEnds(c.ID)
	defer func() {
		if _, still := w.running[c.ID]; still { // it was not written
			w.term.CycleRuns(c.ID)
		}
	}()
	var t timing
	for {
		var end cycleEnd
		ended := c
		err := w.transact(ctx, w.head+1, &t, func(ctx context.Context, tx pgx.Tx) error {
			q := dbsqlc.New(tx)
			if err := w.store.readClock(ctx, q); err != nil {
				return err
			}
			ended.judge(compare())
			now := encode.Micros(w.store.cfg.Clock.Now())
			//failpoint:cycle.before_evict
			end = w.evict(ended, now)
			ended.StartedAt = began(c, now)
			return w.flushCycle(ctx, q, &ended, &end, results)
		}, func(ctx context.Context, q *dbsqlc.Queries) (dbsqlc.AdvanceRevisionRow, error) {
			row, err := q.AdvanceCycleEnd(ctx, dbsqlc.AdvanceCycleEndParams{
				Floor: w.log.View().Floor, EvictKickoffBefore: end.cutoff, LeaseSeconds: w.term.Length.Seconds(),
				Holder: w.term.Holder, Term: w.term.Number, Expected: w.head,
			})
			return dbsqlc.AdvanceRevisionRow(row), err
		})
		if errors.Is(err, errNotCommitted) && ctx.Err() == nil {
			continue
		}
		if err == nil {
			err = w.publishEnd(ctx, &end)
		}
		if err != nil {
			return Cycle{}, fmt.Errorf("ending cycle %s: %w", c.ID, err)
		}
		ended.FinishedAt, ended.Revision, ended.EvictedEvents = end.finishedAt, w.head, int64(len(end.events))
		return ended, nil
	}
}

// began is when a cycle that ends now began. How long it took is known from the monotonic clock, and more to be believed
// than what the clock said when it began.
func began(c Cycle, now time.Time) time.Time {
	began := encode.Micros(now.Add(-c.Took))
	if c.Took > 0 && c.StartedAt.Sub(began).Abs() > clock.Tolerance || c.StartedAt.After(now) {
		return began
	}
	return c.StartedAt
}

func (w *Writer) flushCycle(ctx context.Context, q *dbsqlc.Queries, c *Cycle, end *cycleEnd, results []byte) error {
	clocks, err := json.Marshal(orEmpty(c.Clocks))
	if err != nil {
		return fmt.Errorf("encoding the clocks: %w", err)
	}
	bookmakerIDs, ids := w.columns(end.snapshots)
	rows, err := q.EndCycle(ctx, dbsqlc.EndCycleParams{
		CycleID: c.ID, Status: string(c.Status), StartedAt: c.StartedAt, FinishedAt: end.finishedAt, Revision: w.head + 1,
		EvictKickoffBefore: end.cutoff, RemovedEvents: orEmpty(end.events), RemovedBookmakerIds: orEmpty(bookmakerIDs),
		RemovedSnapshots: orEmpty(ids), Results: results, Events: c.Events, Snapshots: c.Snapshots,
		MarketsChanged: c.MarketsChanged, Reason: c.Reason, Clocks: clocks,
	})
	if err == nil && rows == 0 {
		err = lease.ErrCycleLost
	}
	if err != nil {
		return fmt.Errorf("writing the cycle: %w", err)
	}
	//failpoint:cycle.before_delete
	if len(end.events) > 0 {
		rows, err := q.DeleteEvents(ctx, end.events)
		if err := every(rows, len(end.events), err); err != nil {
			return fmt.Errorf("deleting %d events: %w", len(end.events), err)
		}
	}
	if len(ids) > 0 {
		rows, err := q.DeleteSnapshots(ctx, dbsqlc.DeleteSnapshotsParams{BookmakerIds: bookmakerIDs, Ids: ids})
		if err := every(rows, len(ids), err); err != nil {
			return fmt.Errorf("deleting %d snapshots: %w", len(ids), err)
		}
	}
	if c.Skewed {
		return nil // which cycles are old is not known
	}
	//failpoint:cycle.deleted
	if err := q.DeleteOldCycles(ctx, end.finishedAt.Add(-w.store.cfg.CycleRetention)); err != nil {
		return fmt.Errorf("deleting old cycles: %w", err)
	}
	return nil
}

// publishEnd publishes a committed cycle end: applying it is what evicts.
func (w *Writer) publishEnd(ctx context.Context, end *cycleEnd) error {
	//failpoint:cycle.before_publish_end
	entry, err := feedlog.NewCycleEnd(w.head+1, end.message())
	if err != nil {
		return w.term.Lose(fmt.Errorf("publishing a cycle end: %w", err))
	}
	return w.publish(ctx, w.head+1, []*feedlog.Entry{entry}, func() {
		w.evicted(end)
		delete(w.running, end.id)
	})
}

// orEmpty makes an array of nothing instead of NULL.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
