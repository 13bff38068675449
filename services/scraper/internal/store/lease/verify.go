package lease

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// denies reports whether the error of a statement says that the database is not what the writer believes. Constraints
// between rows are among it: the writer writes only what fits the rows that it knows.
func denies(err error) bool {
	if response, ok := errors.AsType[*pgconn.PgError](err); ok {
		return response.Code == "23503" || response.Code == "23505" // a row is missing, a row is there
	}
	return errors.Is(err, ErrRewound) || errors.Is(err, ErrCycleLost) || errors.Is(err, ErrForeign)
}

// Failed is what a statement's error means in a write: the end of the term if it denies what the term believes. It returns
// the error of the write.
func (t *Term) Failed(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return t.Denied(ctx, fmt.Errorf("the fence at revision %d: %w", t.believed().committed, ErrForeign))
	case denies(err):
		return t.Denied(ctx, err)
	}
	return t.OrLost(err)
}

// Denied ends the term because a statement found the database to be otherwise than the term believes. If that is so
// because another writes, or history was lost, the feed's row shows it; otherwise cause stands. It returns the error of
// everything that follows.
func (t *Term) Denied(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.candidate.Timeout())
	defer cancel()
	s, err := readState(ctx, dbsqlc.New(t.candidate.pools.Lease))
	if err != nil {
		return t.Lose(errors.Join(cause, err))
	}
	now := t.believed()
	if reason := s.contradiction(t, now, now); reason != nil {
		cause = reason
	} else if !errors.Is(cause, ErrCycleLost) && !errors.Is(cause, ErrForeign) {
		cause = fmt.Errorf("%w: %w", ErrRewound, cause)
	}
	return t.Lose(cause)
}

// Verify reads the feed's state from Postgres and compares it. It returns ErrNotWriter when the lease is another's or the
// term is denied. No write may be in flight.
func (t *Term) Verify(ctx context.Context) error {
	ctx, cancel := t.During(ctx)
	defer cancel()
	s, err := readState(ctx, dbsqlc.New(t.candidate.pools.Lease))
	if err != nil {
		return t.OrLost(err)
	}
	if err := t.compare(s); err != nil {
		return err
	}
	return t.Check()
}

// Compare ends the term, and returns why, if a row that was read denies what it believes. No write may be in flight.
func (t *Term) Compare(row dbsqlc.ReadFeedStateRow) error { return t.compare(stateOf(row)) }

func (t *Term) compare(s state) error {
	now := t.believed()
	if reason := s.contradiction(t, now, now); reason != nil {
		return t.Lose(reason)
	}
	return nil
}

// Settled returns the committed revision once no transaction is deciding about it, one whose commit got no response
// included. It returns ErrNotWriter when the term is denied; any other error means that the table cannot be read yet.
func (t *Term) Settled(ctx context.Context) (revision int64, err error) {
	locking, cancel := context.WithTimeout(ctx, t.candidate.Timeout())
	defer cancel()
	var s state
	err = pgx.BeginFunc(locking, t.candidate.pools.Lease, func(tx pgx.Tx) (err error) {
		q := dbsqlc.New(tx)
		if err := q.LockFeedState(locking); err != nil {
			return fmt.Errorf("locking the feed's state: %w", err)
		}
		s, err = readState(locking, q)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("looking at the table: %w", err)
	}
	return s.revision, t.compare(s)
}

// readState reads everything but the running cycles.
func readState(ctx context.Context, q *dbsqlc.Queries) (state, error) {
	row, err := q.ReadFeedState(ctx)
	if err != nil {
		return state{}, fmt.Errorf("reading the feed's state: %w", err)
	}
	return stateOf(row), nil
}

func stateOf(row dbsqlc.ReadFeedStateRow) state {
	return state{holder: row.Holder, term: row.Term, revision: row.Revision, epoch: row.Epoch}
}
