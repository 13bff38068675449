package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
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
	if err := w.lease.check(); err != nil {
		return err
	}
	ctx, span := w.transactionSpan(ctx, to)
	defer func() { endSpan(span, err) }()
	ctx, cancel := w.lease.during(ctx)
	defer cancel()
	watch := stopwatch(time.Now())
	//failpoint:store.before_begin
	tx, err := w.store.pools.Write.BeginTx(ctx, pgx.TxOptions{BeginQuery: w.beginning()})
	if err != nil {
		return w.unless(fmt.Errorf("beginning a transaction: %w", err))
	}
	// Also after ctx has ended, and without effect after the commit.
	defer w.rollback(ctx, tx)

	//failpoint:store.after_begin
	if err := write(ctx, tx); err != nil {
		return w.failed(ctx, err)
	}
	sent := time.Now()
	//failpoint:store.before_fence
	row, err := advance(ctx, dbsqlc.New(tx))
	if err != nil {
		return w.failed(ctx, fmt.Errorf("advancing the revision: %w", err))
	}
	w.lease.heard(sent, row.Clock)
	if epoch := w.Epoch(); row.Epoch != epoch {
		return w.denied(ctx, fmt.Errorf("%w: epoch %s became %s", errRewound, epoch, row.Epoch))
	}
	//failpoint:store.after_fence
	watch.lap(&t.flush)

	w.lease.believe(func(b *belief) { b.attempted = to })
	err = w.commitOrSettle(ctx, tx, to)
	if err != nil {
		w.lease.believe(func(b *belief) { b.attempted = b.committed })
	}
	watch.lap(&t.commit)
	if err == nil {
		t.committedAt = time.Time(watch)
		w.lease.renewed(sent)
	}
	return err
}

// failed is what a statement's error means: the end of the term if it denies what the writer believes.
func (w *Writer) failed(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return w.denied(ctx, fmt.Errorf("the fence at revision %d: %w", w.head, errForeign))
	case denies(err):
		return w.denied(ctx, err)
	}
	return w.unless(err)
}

// rollback ends a transaction that was not committed. Its error would only repeat what ended the transaction.
func (w *Writer) rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.store.attempt())
	defer cancel()
	_ = tx.Rollback(ctx)
}

// commitOrSettle commits, and finds out what happened when the answer does not tell. It goes on after ctx has ended.
func (w *Writer) commitOrSettle(ctx context.Context, tx pgx.Tx, to int64) error {
	committing, cancel := context.WithDeadline(context.WithoutCancel(ctx), w.lease.until())
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
	limit := strconv.FormatInt(max(1, w.lease.length.Milliseconds()/2), 10)
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
	ctx, cancel := w.lease.during(context.Background())
	defer cancel()
	for {
		if err := w.lease.check(); err != nil {
			return err
		}
		//failpoint:store.commit_unknown
		s, err := w.lockState(ctx)
		if err != nil {
			w.store.log.Debug("the table cannot be read yet", "error", err)
			select {
			case <-w.lease.lost:
			case <-time.After(resolvePause):
			}
			continue
		}
		now := w.lease.believed()
		switch reason := s.contradiction(w.lease, now, now); {
		case reason != nil:
			return w.lease.lose(reason)
		case s.revision == to && to > w.head:
			return nil
		case s.revision == w.head:
			return errNotCommitted
		default:
			return w.lease.lose(fmt.Errorf("%w: at revision %d after a commit from %d to %d", errForeign, s.revision, w.head, to))
		}
	}
}

// lockState reads the feed's state once no transaction is deciding about it, the doubtful one included.
func (w *Writer) lockState(ctx context.Context) (s said, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.store.attempt())
	defer cancel()
	err = pgx.BeginFunc(ctx, w.store.pools.Lease, func(tx pgx.Tx) (err error) {
		q := dbsqlc.New(tx)
		if err := q.LockFeedState(ctx); err != nil {
			return fmt.Errorf("locking the feed's state: %w", err)
		}
		s, err = readSaid(ctx, q)
		return err
	})
	if err != nil {
		return said{}, fmt.Errorf("looking at the table: %w", err)
	}
	return s, nil
}
