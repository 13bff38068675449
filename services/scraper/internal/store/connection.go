package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// onLease is how statements for the lease are run: all of one call on one connection, and so at one server. When they
// show that connections may lead nowhere, those that are idle are closed, and the next call opens another. That does
// not hold for a connection that could not be opened in time: opening it goes on, and a later call uses it.
func (s *Store) onLease(ctx context.Context, do func(*dbsqlc.Queries) error) error {
	conn, err := s.pools.lease.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	err = do(dbsqlc.New(conn))
	if !leadsNowhere(err) {
		conn.Release()
		return err
	}
	discard(conn)
	s.discardIdle()
	return err
}

// leadsNowhere reports whether an error says that nobody answers, or that the server is not one that can be written to.
func leadsNowhere(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code == "25006" // read_only_sql_transaction
	}
	return err != nil && !errors.Is(err, pgx.ErrNoRows) && !errors.Is(err, errHeld) && !errors.Is(err, ErrSchema)
}

// discardIdle closes the idle connections of the writer.
func (s *Store) discardIdle() {
	for _, pool := range []*pgxpool.Pool{s.pools.lease, s.pools.write} {
		for _, conn := range pool.AcquireAllIdle(context.Background()) {
			discard(conn)
		}
	}
}

// discard closes a connection without a word to the server, which may have vanished, and makes room for another.
func discard(conn *pgxpool.Conn) { _ = conn.Hijack().PgConn().Conn().Close() }
