// Package pool opens the scraper's connections to Postgres, one pool for each purpose, and interprets Postgres's errors.
//
// The pools are apart so that nothing that reads keeps anything from writing: the lease, the writer's transactions, the
// readers and the upkeep of the history never wait for each other's connections. Readers are bounded in number and in
// time as well. Connecting, and waiting for a host that has vanished, are bounded by the length of the lease, because a
// takeover opens several connections while the lease lasts.
package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How many connections there are at most for each purpose.
const (
	// leaseConns renew the lease and find out what became of a commit. Each that a vanished host has swallowed is
	// replaced by another while it is still being closed, hence more than the two that are ever in use.
	leaseConns = 4
	// writeConns are the one transaction of the writer, and the one that is rolled back meanwhile.
	writeConns = 2
	// CycleReaders is how many calls may read cycles at the same time.
	CycleReaders = 2
	// HistoryReaders is how many calls may read the history at the same time.
	HistoryReaders = 4
	// upkeepConns are the upkeep of the history, and looks at whether Postgres is there and what days are ready.
	upkeepConns = 3
)

// Set is the connections by what they are for. It is copied freely; Close closes them for every copy.
type Set struct {
	Lease, Write, Read, Upkeep *pgxpool.Pool
}

// Shared is a set in which one pool serves every purpose.
func Shared(pool *pgxpool.Pool) Set { return Set{Lease: pool, Write: pool, Read: pool, Upkeep: pool} }

// Open makes a set for the database at url, bounded by the length of the lease. Connections are opened when they are
// needed. The error never carries url, which may hold a password.
func Open(ctx context.Context, url string, lease time.Duration) (s Set, err error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The driver's error quotes the URL.
		return Set{}, errors.New("reading database-url: it is not a Postgres URL or key=value list")
	}
	h := bound(cfg.ConnConfig, lease)
	cfg.AfterConnect = func(context.Context, *pgx.Conn) error { h.connected(); return nil }
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	for _, one := range []struct {
		pool **pgxpool.Pool
		size int32
	}{{&s.Lease, leaseConns}, {&s.Write, writeConns}, {&s.Read, CycleReaders + HistoryReaders}, {&s.Upkeep, upkeepConns}} {
		sized := cfg.Copy()
		sized.MaxConns, sized.MinConns, sized.MinIdleConns = one.size, 0, 0
		// An idle connection whose host has vanished is found out by a ping, and takes no longer than a new one would.
		sized.PingTimeout = cfg.ConnConfig.ConnectTimeout
		if *one.pool, err = pgxpool.NewWithConfig(ctx, sized); err != nil {
			return s, fmt.Errorf("opening the database pool: %w", err)
		}
	}
	return s, nil
}

// each calls do for every pool with its name in metrics, once where one pool serves all.
func (s Set) each(do func(name string, pool *pgxpool.Pool)) {
	do("lease", s.Lease)
	if s.Write == s.Lease {
		return
	}
	do("write", s.Write)
	do("read", s.Read)
	do("upkeep", s.Upkeep)
}

// Close closes all connections, and waits for those that are in use.
func (s Set) Close() {
	s.each(func(_ string, pool *pgxpool.Pool) {
		if pool != nil {
			pool.Close()
		}
	})
}

// Stats are the figures of the pools by name.
func (s Set) Stats() map[string]*pgxpool.Stat {
	all := make(map[string]*pgxpool.Stat)
	s.each(func(name string, pool *pgxpool.Pool) { all[name] = pool.Stat() })
	return all
}

// DiscardIdle closes the idle connections that are for writing and for the lease. They may lead to a server that has
// vanished, or is not the primary any more.
func (s Set) DiscardIdle() {
	for _, pool := range []*pgxpool.Pool{s.Lease, s.Write} {
		for _, conn := range pool.AcquireAllIdle(context.Background()) {
			Discard(conn)
		}
	}
}

// Discard closes a connection without a message to the server, which may have vanished, and makes room for another.
func Discard(conn *pgxpool.Conn) { _ = conn.Hijack().PgConn().Conn().Close() }
