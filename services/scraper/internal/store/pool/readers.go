package pool

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// noResponse is how much longer than its statements' timeout a read may take before Postgres counts as away: it would
// have ended a statement by itself.
const noResponse = 2 * time.Second

// Readers lets a bounded number of calls read at the same time. Kinds of reads that may wait for different locks have
// readers of their own, so that those of one kind do not take the places of another. It is safe for concurrent use.
type Readers struct {
	pool    *pgxpool.Pool
	places  chan struct{} // each read under way holds a token
	wait    time.Duration // for a place
	timeout time.Duration // of each statement
}

// NewReaders lets most calls read over a pool. A call waits that long for a place, and each of its statements may take
// as long as timeout.
func NewReaders(pool *pgxpool.Pool, most int, wait, timeout time.Duration) *Readers {
	return &Readers{pool: pool, places: make(chan struct{}, most), wait: wait, timeout: timeout}
}

// Read runs queries in one read-only transaction that sees the database at one instant. It returns ErrBusy when it gets
// no place in time, ErrReadTimeout when a statement takes too long, and ErrAway when Postgres is away. When ctx ends
// first, it returns ctx's error.
func (r *Readers) Read(ctx context.Context, do func(context.Context, *dbsqlc.Queries) error) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.leave()
	within, cancel := context.WithTimeout(ctx, r.timeout+noResponse)
	defer cancel()
	limit := strconv.FormatInt(max(1, r.timeout.Milliseconds()), 10)
	once := pgx.TxOptions{BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = " + limit}
	err := pgx.BeginTxFunc(within, r.pool, once, func(tx pgx.Tx) error { return do(within, dbsqlc.New(tx)) })
	switch response, ok := errors.AsType[*pgconn.PgError](err); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case ok && response.Code == queryCanceled:
		return fmt.Errorf("%w, limit %v: %w", ErrReadTimeout, r.timeout, err)
	case within.Err() != nil:
		return fmt.Errorf("%w, no answer within %v: %w", ErrAway, r.timeout+noResponse, err)
	default:
		return Away(err)
	}
}

// enter waits for a place.
func (r *Readers) enter(ctx context.Context) error {
	select {
	case r.places <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(r.wait)
	defer timer.Stop()
	select {
	case r.places <- struct{}{}:
		return nil
	case <-timer.C:
		return fmt.Errorf("%w: waited %v for one of %d places", ErrBusy, r.wait, cap(r.places))
	case <-ctx.Done():
		return fmt.Errorf("waiting for one of %d places to read: %w", cap(r.places), context.Cause(ctx))
	}
}

func (r *Readers) leave() { <-r.places }
