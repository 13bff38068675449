package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// Apply writes what of the batch is new, in one transaction, and publishes it. What cannot be stored is rejected by
// itself, counted in the result and logged once. A batch that changes nothing writes nothing.
//
// On an error nothing was published and the same batch can be applied again: it returns lease.ErrNotWriter, or Postgres's
// error.
// A commit whose outcome is unknown is resolved before Apply returns. Cancelling ctx rolls back, up to the commit.
func (w *Writer) Apply(ctx context.Context, batch Batch) (BatchResult, error) {
	if err := w.begin(ctx); err != nil {
		return BatchResult{}, err
	}
	defer w.end()
	ctx, cancel := w.term.During(ctx)
	defer cancel()
	var t timing
	for {
		p, err := w.plan(&batch)
		if err == nil && p.to > p.from {
			//failpoint:store.planned
			err = w.write(ctx, p, &t)
		}
		if errors.Is(err, errNotCommitted) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			snapshots := len(batch.Snapshots) + len(batch.Prepared)
			return BatchResult{}, fmt.Errorf("storing %d events and %d snapshots: %w", len(batch.Events), snapshots, w.term.OrLost(err))
		}
		p.result.Revision = w.head
		p.result.FlushMS, p.result.CommitMS, p.result.CommittedAt = t.flush, t.commit, t.committedAt
		w.logRejected(ctx, &batch, &p.result)
		return p.result, nil
	}
}

// write commits a plan and publishes it.
func (w *Writer) write(ctx context.Context, p *plan, t *timing) error {
	defer p.compressing.Wait() // also when the flush ended before it needed that
	for i := range p.contents {
		// Upkeep has made it days ago, as a rule.
		if err := w.upkeep.Ensure(ctx, w.store.pools.Write, p.contents[i].state.CapturedAt); err != nil {
			return err
		}
	}
	err := w.transact(ctx, p.to, t,
		func(ctx context.Context, tx pgx.Tx) error { return w.flush(ctx, tx, p) },
		func(ctx context.Context, q *dbsqlc.Queries) (dbsqlc.AdvanceRevisionRow, error) {
			return q.AdvanceRevision(ctx, dbsqlc.AdvanceRevisionParams{
				Entries: p.to - p.from, LeaseSeconds: w.term.Length.Seconds(),
				Holder: w.term.Holder, Term: w.term.Number, Expected: p.from,
			})
		})
	if err != nil {
		// Should a partition have been dropped by hand, it is made again next time.
		w.upkeep.Forget()
		return err
	}
	return w.publish(ctx, p.to, p.entries, func() { w.commit(p) })
}

// publish makes a committed block what readers see, here and in the log. A writer whose lease ran out meanwhile does
// not: the next one has read the block from Postgres.
func (w *Writer) publish(ctx context.Context, to int64, entries []*feedlog.Entry, commit func()) error {
	if err := w.term.Check(); err != nil {
		return err
	}
	w.state.mu.Lock()
	defer w.state.mu.Unlock()
	//failpoint:store.before_publish
	if err := w.log.Append(w.head, to, entries); err != nil {
		// The log does not say any more what Postgres does; who acquires next builds it from scratch.
		return w.term.Lose(fmt.Errorf("publishing what was committed: %w", err))
	}
	//failpoint:store.published
	commit()
	w.head = to
	//failpoint:store.after_publish
	w.term.Published(to)
	w.publicationSpan(ctx, to)
	return nil
}

func (w *Writer) logRejected(ctx context.Context, batch *Batch, result *BatchResult) {
	for b, rejections := range result.Rejected {
		w.store.log.WarnContext(ctx, "refused to store", "cycle_id", batch.CycleID, "bookmaker", b, "reasons", rejections)
	}
}
