// Package store is the scraper's storage in Postgres and its single writer: it diffs what was captured against what
// is committed, writes only what changed, one transaction a batch, and publishes to the log after the commit.
//
// It is not for deciding what to fetch or when (the cycle engine does), nor for serving the log (the feed does).
//
// Of two captures of a snapshot the newer is the one with the higher term, then the one whose request has the higher
// number (odds.Snapshot.Request): no clock orders them. The number is kept in memory alone. A writer takes captures
// that were requested in its own term, and every commit of an earlier term came before that term began; so what an
// earlier term committed is older than any capture of this one, and needs no number.
//
// What is stamped, and what a cycle's end evicts, goes by the package clock, never by one clock alone:
//
//  1. No stamp is written that lies in the future. A capture's is corrected when its batch is planned; a committed one
//     that turns out to lie in the future is corrected with the next capture of its snapshot.
//  2. A cycle during which clocks differed evicts nothing, and says so.
//  3. The cutoff does not go back with small steps, up to clock.Tolerance. One that turns out to lie further ahead than
//     the clocks allow is corrected, also after a restart.
//
// Any number of instances may read; one writes, the holder of the lease in the table feed_state. Postgres is the
// truth: the live rows are the same keys as the log, and the log can be rebuilt from them byte by byte.
//
// Nothing that reads keeps anything from writing: the lease, the writer's transactions, the readers and the upkeep of
// the history have connections of their own. Readers are bounded in number and in time, and the upkeep, which waits
// for locks, runs beside the writer and never within a commit or a takeover.
//
// What a term keeps to:
//
//  1. A term belongs to one holder and one epoch. Every commit proves holder, term, epoch and the exact revision in its
//     own transaction. Every renewal proves holder, term, epoch and the running cycles, and a revision between what was
//     published before it was sent and what a write in flight may have committed when its answer came.
//  2. A state that the database denies is given up. Whatever shows it, a fence, a renewal, a constraint, rows that a
//     statement should have found and did not, ends the term at once, in Writer.denied or lease.renewOnce; nothing is
//     tried again within the term. The next term reads everything anew.
//  3. Where the database lacks something that was published, the history goes on under another epoch. It gets it from the
//     writer that noticed, as the last thing of its term; if that did not work, from the next term of its process, or
//     when a cache turns out to be ahead. A promoted standby and a restored dump have another epoch by themselves
//     (feed_identity).
//  4. No call outlasts what it is for: writes end with the lease, calls for the lease itself after a third of it, so that
//     another connection can be tried while it lasts. A connection that did not answer is not used again.
//  5. A taker judges another's lease by its own monotonic clock from when it saw it renewed (sighting), the holder its own
//     from before the renewal was sent, so neither depends on the database's clock being right. Only a lease that was
//     never seen before is judged by that clock.
//
// Names in feed_state.holder are of one process, so a term whose number repeats after a failover is not mistaken.
package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// Store is a scraper's database. It is safe for concurrent use.
type Store struct {
	pools   pool.Set
	cfg     Config
	holder  string // of this process alone
	log     *slog.Logger
	past    past
	cycles  *pool.Readers // of cycles
	history *pool.Readers // of the history and of its sizes, which may wait for its locks
	upkeep  upkeep.Counters
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
	return &Store{
		pools: p, cfg: cfg, log: log,
		cycles:  pool.NewReaders(p.Read, cycles, cfg.ReadWait, cfg.ReadTimeout),
		history: pool.NewReaders(p.Read, history, cfg.ReadWait, cfg.ReadTimeout),
		holder:  cfg.Holder + "#" + strings.ToLower(rand.Text()[:8]),
	}
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
