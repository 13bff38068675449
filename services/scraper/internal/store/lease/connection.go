package lease

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// run is how statements for the lease are run: all of one call on one connection, and so at one server. When they
// show that connections may lead nowhere, those that are idle are closed, and the next call opens another. That does
// not hold for a connection that could not be opened in time: opening it goes on, and a later call uses it.
func (c *Candidate) run(ctx context.Context, do func(*dbsqlc.Queries) error) error {
	conn, err := c.pools.Lease.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	err = do(dbsqlc.New(conn))
	if !leadsNowhere(err) {
		conn.Release()
		return err
	}
	pool.Discard(conn)
	c.pools.DiscardIdle()
	return err
}

// leadsNowhere reports whether an error says that nobody answers, or that the server is not one that can be written to.
func leadsNowhere(err error) bool {
	if _, responded := errors.AsType[*pgconn.PgError](err); responded {
		return pool.IsReadOnly(err)
	}
	return err != nil && !errors.Is(err, pgx.ErrNoRows) && !errors.Is(err, errHeld) && !errors.Is(err, pool.ErrSchema)
}
