// Package store is the scraper's storage in Postgres and its single writer: it compares what was captured with what is
// committed, writes only what changed, one transaction a batch, and publishes to the log after the commit.
//
// The packages below it: lease decides who writes; encode compares and encodes a snapshot's content; upkeep keeps the
// partitions of the history; pool has the connections; dbsqlc is made of the queries. What to fetch and when is decided by
// the cycle engine, and the feed serves the log.
//
// Any number of instances may read; one writes, the holder of the lease in the table feed_state. Postgres is the
// truth: the live rows are the same keys as the log, and the log can be rebuilt from them byte by byte.
//
// # Transactions
//
// A write transaction takes one contiguous block of revisions and ends with a fence: an update of feed_state that finds no
// row unless holder, term and revision are what this writer believes. What it wrote is published only after the commit, and
// only while the lease is held. A commit that got no response is resolved before anything else is written: the row is
// locked on another connection, which waits for the transaction in doubt, and its revision tells.
//
// A state that the database denies is given up. Whatever shows it, a fence, a constraint, rows that a statement should have
// found and did not, ends the term at once; nothing is tried again within the term. The next term reads everything from
// scratch.
//
// # Captures
//
// Of two captures of a snapshot the newer is the one with the higher term, then the one whose request has the higher
// number (odds.Snapshot.Request): no clock orders them. The number is kept in memory alone. A writer takes captures
// that were requested in its own term, and every commit of an earlier term came before that term began; so what an
// earlier term committed is older than any capture of this one, and needs no number.
//
// # Time
//
// What is stamped, and what a cycle's end evicts, goes by the package clock, never by one clock alone:
//
//  1. No stamp is written that lies in the future. A capture's is corrected when its batch is planned; a committed one
//     that turns out to lie in the future is corrected with the next capture of its snapshot.
//  2. A cycle during which clocks differed evicts nothing, and its reason begins with CLOCK_SKEW.
//  3. The cutoff does not go back with small steps; see eviction.go.
package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// Store is a scraper's database. It is safe for concurrent use.
type Store struct {
	pools     pool.Set
	candidate *lease.Candidate
	cfg       Config
	log       *slog.Logger
	cycles    *pool.Readers // of cycles
	history   *pool.Readers // of the history and of its sizes, which may wait for its locks
	upkeep    upkeep.Counters
}

// New makes a store on one pool for everything, which the caller opened and closes: for tests, which look at the
// database through it as well. The writer uses up to three connections at once, the upkeep of the history one; half of
// the pool is left to readers. The configuration must be valid.
func New(shared *pgxpool.Pool, cfg Config, log *slog.Logger) *Store {
	readers := max(2, int(shared.Config().MaxConns)/2)
	return newStore(pool.Shared(shared), readers/2, readers-readers/2, cfg, log)
}

// Open makes a store on connections of its own to the database at url; Close closes them. Postgres is not asked yet.
// The error never carries url, which may hold a password. The configuration must be valid.
func Open(ctx context.Context, url string, cfg Config, log *slog.Logger) (*Store, error) {
	opened, err := pool.Open(ctx, url, cfg.withDefaults().LeaseFor)
	if err != nil {
		return nil, err
	}
	return newStore(opened, pool.CycleReaders, pool.HistoryReaders, cfg, log), nil
}

func newStore(p pool.Set, cycles, history int, cfg Config, log *slog.Logger) *Store {
	cfg = cfg.withDefaults()
	s := &Store{
		pools: p, cfg: cfg, log: log,
		cycles:  pool.NewReaders(p.Read, cycles, cfg.ReadWait, cfg.ReadTimeout),
		history: pool.NewReaders(p.Read, history, cfg.ReadWait, cfg.ReadTimeout),
	}
	s.candidate = lease.NewCandidate(p, cfg.Holder, cfg.LeaseFor, s.observeDatabase, log)
	return s
}

// Close closes the connections of a store that Open made, and waits for those that are in use.
func (s *Store) Close() { s.pools.Close() }

// PoolStats are the figures of the pools by name.
func (s *Store) PoolStats() map[string]*pgxpool.Stat { return s.pools.Stats() }

// pingWithin bounds Ping, so that who asks a Postgres that hangs again and again holds no connections.
const pingWithin = 3 * time.Second

// Ping asks Postgres whether it is there.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingWithin)
	defer cancel()
	if err := s.pools.Upkeep.Ping(ctx); err != nil {
		return fmt.Errorf("asking the database: %w", err)
	}
	return nil
}

// HistoryReaders are the places for calls that read the history, which may wait for its locks; see the package history.
func (s *Store) HistoryReaders() *pool.Readers { return s.history }

// Upkeep returns what the upkeep of the history has done.
func (s *Store) Upkeep() upkeep.Counts { return s.upkeep.Counts() }

// Sizes measures the tables. It returns pool.ErrBusy, pool.ErrReadTimeout or pool.ErrAway when that cannot be done now.
func (s *Store) Sizes(ctx context.Context) (upkeep.Sizes, error) {
	return upkeep.Measure(ctx, s.history)
}

// DaysAhead returns for how many days after today the history has partitions. It waits for no lock and for no reader.
func (s *Store) DaysAhead(ctx context.Context) (int, error) {
	return upkeep.DaysAhead(ctx, s.pools.Upkeep)
}
