package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// errNotCommitted says that a commit got no answer and did not happen.
var errNotCommitted = errors.New("the transaction did not commit")

// resolvePause is how long to wait between two attempts to find out what became of a commit.
const resolvePause = 50 * time.Millisecond

// statements are what a transaction does before its fence.
type statements func(context.Context, pgx.Tx) error

// fence is a transaction's last statement; it returns how many rows of feed_state it found to be this writer's.
type fence func(context.Context, *dbsqlc.Queries) (rows int64, err error)

// transact runs one write transaction that moves the revision to the given one: write's statements, then advance,
// which checks the fence and says how many rows it found. Only the writer's lock holder calls it.
//
// The fence stands last, so that the row it locks is locked for no longer than the commit takes, and renewing the
// lease does not wait for a long flush. An error leaves nothing behind: ErrLost, errNotCommitted, or Postgres's.
func (w *Writer) transact(ctx context.Context, to int64, t *timing, write statements, advance fence) (err error) {
	if err := w.lease.check(); err != nil {
		return err
	}
	ctx, span := w.transactionSpan(ctx, to)
	defer func() { endSpan(span, err) }()
	watch := stopwatch(time.Now())
	tx, err := w.store.pools.write.BeginTx(ctx, pgx.TxOptions{BeginQuery: w.beginning()})
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	// Also after ctx has ended, and without effect after the commit. Its error would only repeat what ended the
	// transaction.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()

	if err := write(ctx, tx); err != nil {
		return err
	}
	sent := time.Now()
	rows, err := advance(ctx, dbsqlc.New(tx))
	switch {
	case err != nil:
		return fmt.Errorf("advancing the revision: %w", err)
	case rows == 0:
		return w.lease.lose("the lease or the revision is another's at revision %d", w.head)
	}
	watch.lap(&t.flush)

	committing, cancel := context.WithDeadline(context.WithoutCancel(ctx), w.lease.until())
	err = tx.Commit(committing)
	cancel()
	if err != nil {
		err = w.settle(to, err)
	}
	watch.lap(&t.commit)
	if err == nil {
		t.committedAt = time.Time(watch)
		w.lease.renewed(sent)
	}
	return err
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
	answer, ok := errors.AsType[*pgconn.PgError](cause)
	if ok && !severed(answer) || errors.Is(cause, pgx.ErrTxCommitRollback) {
		return fmt.Errorf("committing: %w", cause)
	}
	w.store.log.Warn("commit got no answer, looking at the table", "revision", to, "error", cause)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for {
		if err := w.lease.check(); err != nil {
			return err
		}
		attempt, done := context.WithDeadline(ctx, w.lease.until())
		revision, term, err := w.lockState(attempt)
		done()
		switch {
		case err != nil:
			w.store.log.Debug("the table cannot be read yet", "error", err)
			select {
			case <-w.lease.lost:
			case <-time.After(resolvePause):
			}
		case term != w.lease.term:
			return w.lease.lose("term %d took it while a commit was unknown", term)
		case revision == to && to > w.head:
			return nil
		case revision == w.head:
			return errNotCommitted
		default:
			return w.lease.lose("revision is %d after a commit from %d to %d was unknown", revision, w.head, to)
		}
	}
}

// lockState reads the feed's state once no transaction is deciding about it, the doubtful one included.
func (w *Writer) lockState(ctx context.Context) (revision, term int64, err error) {
	err = pgx.BeginFunc(ctx, w.store.pools.lease, func(tx pgx.Tx) error {
		row, err := dbsqlc.New(tx).LockFeedState(ctx)
		revision, term = row.Revision, row.Term
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("reading the feed's state: %w", err)
	}
	return revision, term, nil
}

// severed reports whether Postgres ended the session instead of answering: what it was doing may have been done.
func severed(answer *pgconn.PgError) bool {
	return class(answer) == "57" || class(answer) == "08" || answer.Severity == "FATAL" || answer.Severity == "PANIC"
}

// class is the first two characters of an SQLSTATE.
func class(answer *pgconn.PgError) string { return answer.Code[:min(2, len(answer.Code))] }
