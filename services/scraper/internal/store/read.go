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

// places are how many reads of a kind may be under way: each holds a token.
type places chan struct{}

// noAnswer is how much longer than its statements' timeout a read may take before Postgres counts as away: it would
// have ended a statement by itself.
const noAnswer = 2 * time.Second

// read runs queries in one read-only transaction that sees the database at one instant. It waits for a place no longer
// than the configuration says (ErrBusy), its statements end after the configured time (ErrReadTimeout), and a
// Postgres that is away is said to be so (ErrAway). When ctx ends first, it returns ctx's error.
func (s *Store) read(ctx context.Context, kind places, do func(context.Context, *dbsqlc.Queries) error) error {
	if err := kind.take(ctx, s.cfg.ReadWait); err != nil {
		return err
	}
	defer kind.give()
	within, cancel := context.WithTimeout(ctx, s.cfg.ReadTimeout+noAnswer)
	defer cancel()
	limit := strconv.FormatInt(max(1, s.cfg.ReadTimeout.Milliseconds()), 10)
	once := pgx.TxOptions{BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = " + limit}
	err := pgx.BeginTxFunc(within, s.pools.read, once, func(tx pgx.Tx) error { return do(within, dbsqlc.New(tx)) })
	switch answer, answered := errors.AsType[*pgconn.PgError](err); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case answered && answer.Code == queryCanceled:
		return fmt.Errorf("%w, limit %v: %w", ErrReadTimeout, s.cfg.ReadTimeout, err)
	case within.Err() != nil:
		return fmt.Errorf("%w, no answer within %v: %w", ErrAway, s.cfg.ReadTimeout+noAnswer, err)
	default:
		return Away(err)
	}
}

// take waits for a place.
func (p places) take(ctx context.Context, wait time.Duration) error {
	select {
	case p <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case p <- struct{}{}:
		return nil
	case <-timer.C:
		return fmt.Errorf("%w: waited %v for one of %d places", ErrBusy, wait, cap(p))
	case <-ctx.Done():
		return fmt.Errorf("waiting for one of %d places to read: %w", cap(p), context.Cause(ctx))
	}
}

func (p places) give() { <-p }
