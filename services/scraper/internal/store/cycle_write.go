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
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// BeginCycle records a running cycle. A cycle of this writer that is still recorded as running is closed as FAILED.
// It returns ErrCycle when the id is not a UUID or is taken, ErrLost, or Postgres's error.
func (w *Writer) BeginCycle(ctx context.Context, id string, startedAt time.Time) error {
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return fmt.Errorf("beginning cycle %.50q: %w: its id is not a UUID", id, ErrCycle)
	}
	if err := w.begin(ctx); err != nil {
		return err
	}
	defer w.end()
	if _, again := w.running[id]; !again {
		if err := w.closeRunning(ctx, "another cycle began before it ended"); err != nil {
			return err
		}
	}
	var t timing
	for {
		err := w.transact(ctx, w.head, &t, func(ctx context.Context, tx pgx.Tx) error {
			row, err := dbsqlc.New(tx).BeginCycle(ctx, dbsqlc.BeginCycleParams{CycleID: id, StartedAt: micros(startedAt)})
			if err == nil && (row.Status != string(Running) || !row.StartedAt.Equal(micros(startedAt))) {
				err = fmt.Errorf("%w: its id is taken", ErrCycle)
			}
			return err
		}, w.keepRevision)
		if errors.Is(err, errNotCommitted) && ctx.Err() == nil {
			// Whether it did commit cannot be seen by the revision, and does not matter: it is the same again.
			continue
		}
		if err != nil {
			return fmt.Errorf("beginning cycle %s: %w", id, err)
		}
		w.running[id] = micros(startedAt)
		return nil
	}
}

// keepRevision is the fence of a transaction that publishes nothing.
func (w *Writer) keepRevision(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
	return q.AdvanceRevision(ctx, dbsqlc.AdvanceRevisionParams{
		LeaseSeconds: w.lease.length.Seconds(), Holder: w.lease.holder, Term: w.lease.term, Expected: w.head,
	})
}

// EndCycle ends a cycle that was begun, with everything in c but FinishedAt, Revision and EvictedEvents, which it
// fills and returns. SUCCEEDED and PARTIAL evict: every event with kickoff before the cutoff, its snapshots, and the
// snapshots that no event lists. The cutoff is the database's clock minus Grace, and never goes back. It returns
// ErrCycle, ErrLost or Postgres's error; after the latter it can be called again.
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
	c, err := w.endCycle(ctx, c)
	if err != nil {
		return Cycle{}, err
	}
	w.wantUpkeep()
	return c, nil
}

// closeRunning ends cycles that nobody will end any more.
func (w *Writer) closeRunning(ctx context.Context, reason string) error {
	for _, id := range slices.Sorted(maps.Keys(w.running)) {
		_, err := w.endCycle(ctx, Cycle{ID: id, Status: Failed, StartedAt: w.running[id], Reason: reason})
		if err != nil {
			return err
		}
		w.store.log.WarnContext(ctx, "closed a cycle that was left running", "cycle_id", id, "reason", reason)
	}
	return nil
}

// endCycle commits and publishes a cycle's end.
func (w *Writer) endCycle(ctx context.Context, c Cycle) (Cycle, error) {
	c.Reason = printable(c.Reason)
	c.Bookmakers = orEmpty(slices.Clone(c.Bookmakers))
	for i := range c.Bookmakers {
		c.Bookmakers[i].DiscoveryError = printable(c.Bookmakers[i].DiscoveryError)
	}
	results, err := json.Marshal(c.Bookmakers)
	if err != nil {
		return Cycle{}, fmt.Errorf("encoding the results of cycle %s: %w", c.ID, err)
	}
	var t timing
	for {
		var end cycleEnd
		err := w.transact(ctx, w.head+1, &t, func(ctx context.Context, tx pgx.Tx) error {
			q := dbsqlc.New(tx)
			now, err := q.Clock(ctx)
			if err != nil {
				return fmt.Errorf("reading the clock: %w", err)
			}
			end = w.evict(c, micros(now))
			return w.flushCycle(ctx, q, &c, &end, results)
		}, func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
			return q.AdvanceCycleEnd(ctx, dbsqlc.AdvanceCycleEndParams{
				Floor: w.log.View().Floor, EvictKickoffBefore: end.cutoff, LeaseSeconds: w.lease.length.Seconds(),
				Holder: w.lease.holder, Term: w.lease.term, Expected: w.head,
			})
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
		c.FinishedAt, c.Revision, c.EvictedEvents = end.finishedAt, w.head, int64(len(end.events))
		return c, nil
	}
}

// evict works out what a cycle's end removes: exact keys, so that every replica removes the same.
func (w *Writer) evict(c Cycle, finishedAt time.Time) cycleEnd {
	end := cycleEnd{id: c.ID, status: c.Status, finishedAt: finishedAt}
	if !c.Status.evicts() {
		return end
	}
	cutoff := finishedAt.Add(-w.store.cfg.Grace)
	if cutoff.Before(w.cutoff) {
		cutoff = w.cutoff
	}
	end.cutoff = &cutoff
	for srID, e := range w.state.events {
		if e.Kickoff.Before(cutoff) {
			end.events = append(end.events, srID)
		}
	}
	for k := range w.state.snapshots {
		e := w.state.events[w.state.owners[k]]
		if e == nil || e.Kickoff.Before(cutoff) {
			end.snapshots = append(end.snapshots, k)
		}
	}
	slices.Sort(end.events)
	slices.SortFunc(end.snapshots, key.compare)
	return end
}

func (w *Writer) flushCycle(ctx context.Context, q *dbsqlc.Queries, c *Cycle, end *cycleEnd, results []byte) error {
	bookmakerIDs, ids := w.columns(end.snapshots)
	rows, err := q.EndCycle(ctx, dbsqlc.EndCycleParams{
		CycleID: c.ID, Status: string(c.Status), FinishedAt: end.finishedAt, Revision: w.head + 1,
		EvictKickoffBefore: end.cutoff, RemovedEvents: orEmpty(end.events), RemovedBookmakerIds: orEmpty(bookmakerIDs),
		RemovedSnapshots: orEmpty(ids), Results: results, Events: c.Events, Snapshots: c.Snapshots,
		MarketsChanged: c.MarketsChanged, Reason: c.Reason,
	})
	if err == nil && rows == 0 {
		err = fmt.Errorf("%w: it is not running in the table", ErrCycle)
	}
	if err != nil {
		return fmt.Errorf("writing the cycle: %w", err)
	}
	if len(end.events) > 0 {
		if err := q.DeleteEvents(ctx, end.events); err != nil {
			return fmt.Errorf("deleting %d events: %w", len(end.events), err)
		}
	}
	if len(ids) > 0 {
		if err := q.DeleteSnapshots(ctx, dbsqlc.DeleteSnapshotsParams{BookmakerIds: bookmakerIDs, Ids: ids}); err != nil {
			return fmt.Errorf("deleting %d snapshots: %w", len(ids), err)
		}
	}
	if err := q.DeleteOldCycles(ctx, w.store.cfg.CycleRetention.Seconds()); err != nil {
		return fmt.Errorf("deleting old cycles: %w", err)
	}
	return nil
}

// publishEnd publishes a committed cycle end: applying it is what evicts.
func (w *Writer) publishEnd(ctx context.Context, end *cycleEnd) error {
	entry, err := feedlog.NewCycleEnd(w.head+1, end.message())
	if err != nil {
		return w.lease.lose("publishing a cycle end: %w", err)
	}
	return w.publish(ctx, w.head+1, []*feedlog.Entry{entry}, func() {
		for _, srID := range end.events {
			w.state.dropEvent(srID)
		}
		for _, k := range end.snapshots {
			delete(w.state.snapshots, k)
			delete(w.collapses, k)
		}
		if end.cutoff != nil {
			w.cutoff = *end.cutoff
		}
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
