// Package store is the scraper's storage in Postgres and its single writer: it diffs what was captured against what
// is committed, writes only what changed, one transaction a batch, and publishes to the log after the commit.
//
// It is not for deciding what to fetch or when (the cycle engine does), nor for serving the log (the feed does).
//
// Any number of instances may read; one writes, the holder of the lease in the table feed_state. Postgres is the
// truth: the live rows are the same keys as the log, and the log can be rebuilt from them byte by byte.
package store

import (
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Store is a scraper's database. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
	cfg  Config
	log  *slog.Logger
}

// New makes a store on a pool that the caller opened and closes. The writer uses up to three connections at once.
// The configuration must be valid.
func New(pool *pgxpool.Pool, cfg Config, log *slog.Logger) *Store {
	return &Store{pool: pool, cfg: cfg.withDefaults(), log: log}
}
