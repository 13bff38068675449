package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// errNotCommitted says that a commit got no answer and did not happen.
var errNotCommitted = errors.New("the transaction did not commit")

// resolvePause is how long to wait between two attempts to find out what became of a commit.
const resolvePause = 50 * time.Millisecond

// statements are what a transaction does before its fence.
type statements func(context.Context, pgx.Tx) error

// fence is a transaction's last statement; it finds no row unless feed_state is this writer's.
type fence func(context.Context, *dbsqlc.Queries) (dbsqlc.AdvanceRevisionRow, error)

// transact runs one write transaction that moves the revision to the given one: write's statements, then advance,
// which checks the fence. Only the writer's lock holder calls it. It ends with the lease at the latest.
//
// The fence stands last, so that the row it locks is locked for no longer than the commit takes, and renewing the
// lease does not wait for a long flush. An error leaves nothing behind: lease.ErrNotWriter,
// errNotCommitted, or Postgres's.
func (w *Writer) transact(ctx context.Context, to int64, t *timing, write statements, advance fence) (err error) {
	if err := w.term.Check(); err != nil {
		return err
	}
	ctx, span := w.transactionSpan(ctx, to)
	defer func() { endSpan(span, err) }()
	ctx, cancel := w.term.During(ctx)
	defer cancel()
	timer := stopwatch(time.Now())
	//failpoint:store.before_begin
	tx, err := w.store.pools.Write.BeginTx(ctx, pgx.TxOptions{BeginQuery: w.beginning()})
	if err != nil {
		return w.term.OrLost(fmt.Errorf("beginning a transaction: %w", err))
	}
	// Also after ctx has ended, and without effect after the commit.
	defer w.rollback(ctx, tx)

	//failpoint:store.after_begin
	if err := write(ctx, tx); err != nil {
		return w.term.Failed(ctx, err)
	}
	sent := time.Now()
	//failpoint:store.before_fence
	row, err := advance(ctx, dbsqlc.New(tx))
	if err != nil {
		return w.term.Failed(ctx, fmt.Errorf("advancing the revision: %w", err))
	}
	w.store.observeDatabase(sent, row.Clock)
	if epoch := w.Epoch(); row.Epoch != epoch {
		return w.term.Denied(ctx, fmt.Errorf("%w: epoch %s became %s", lease.ErrRewound, epoch, row.Epoch))
	}
	//failpoint:store.after_fence
	timer.lap(&t.flush)

	w.term.Attempt(to)
	err = w.commitOrSettle(ctx, tx, to)
	if err != nil {
		w.term.Abandon()
	}
	timer.lap(&t.commit)
	if err == nil {
		t.committedAt = time.Time(timer)
		w.term.Renewed(sent)
	}
	return err
}

// rollback ends a transaction that was not committed. Its error would only repeat what ended the transaction.
func (w *Writer) rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.store.candidate.Timeout())
	defer cancel()
	_ = tx.Rollback(ctx)
}

// commitOrSettle commits, and finds out what happened when the answer does not tell. It goes on after ctx has ended.
func (w *Writer) commitOrSettle(ctx context.Context, tx pgx.Tx, to int64) error {
	committing, cancel := context.WithDeadline(context.WithoutCancel(ctx), w.term.Until())
	//failpoint:store.before_commit
	err := tx.Commit(committing)
	//failpoint:store.after_commit
	cancel()
	if err == nil {
		return nil
	}
	return w.settle(to, err)
}

// beginning begins a transaction and limits it, in one round trip: that of a process which stalls in the middle of it
// ends by itself, so that its locks do not outlive its lease.
func (w *Writer) beginning() string {
	limit := strconv.FormatInt(max(1, w.term.Length.Milliseconds()/2), 10)
	return "BEGIN; SET LOCAL idle_in_transaction_session_timeout = " + limit + "; SET LOCAL lock_timeout = " + limit
}

// timing is where a transaction's time went.
type timing struct {
	flush, commit float64 // milliseconds
	committedAt   time.Time
}

// settle finds out what a failed commit did. An answer from Postgres is final; without one, only the table can tell.
func (w *Writer) settle(to int64, cause error) error {
	if pool.Decided(cause) || errors.Is(cause, pgx.ErrTxCommitRollback) {
		return fmt.Errorf("committing: %w", cause)
	}
	w.store.log.Warn("commit got no answer, looking at the table", "revision", to, "error", cause)
	ctx, cancel := w.term.During(context.Background())
	defer cancel()
	for {
		if err := w.term.Check(); err != nil {
			return err
		}
		//failpoint:store.commit_unknown
		revision, err := w.term.Settled(ctx)
		switch {
		case errors.Is(err, lease.ErrNotWriter):
			return err
		case err != nil:
			w.store.log.Debug("the table cannot be read yet", "error", err)
			select {
			case <-w.Lost():
			case <-time.After(resolvePause):
			}
		case revision == to && to > w.head:
			return nil
		case revision == w.head:
			return errNotCommitted
		default:
			return w.term.Lose(fmt.Errorf("%w: at revision %d after a commit from %d to %d", lease.ErrForeign, revision, w.head, to))
		}
	}
}
