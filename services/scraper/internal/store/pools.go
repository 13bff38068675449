package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
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
	// cycleReaders and historyReaders are how many calls may read at the same time.
	cycleReaders, historyReaders = 2, 4
	// upkeepConns are the upkeep of the history, and looks at whether Postgres is there and what days are ready.
	upkeepConns = 3
)

// pools are the connections by what they are for.
type pools struct {
	lease, write, read, upkeep *pgxpool.Pool
}

// openPools makes the pools; connections are opened when they are needed.
func openPools(ctx context.Context, url string, lease time.Duration) (p pools, err error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The driver's error quotes the URL.
		return pools{}, errors.New("reading database-url: it is not a Postgres URL or key=value list")
	}
	reached := bound(cfg.ConnConfig, lease)
	cfg.AfterConnect = func(context.Context, *pgx.Conn) error { reached.connected(); return nil }
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	for _, one := range []struct {
		pool **pgxpool.Pool
		size int32
	}{{&p.lease, leaseConns}, {&p.write, writeConns}, {&p.read, cycleReaders + historyReaders}, {&p.upkeep, upkeepConns}} {
		sized := cfg.Copy()
		sized.MaxConns, sized.MinConns, sized.MinIdleConns = one.size, 0, 0
		// An idle connection whose host has vanished is found out by a ping, and takes no longer than a new one would.
		sized.PingTimeout = cfg.ConnConfig.ConnectTimeout
		if *one.pool, err = pgxpool.NewWithConfig(ctx, sized); err != nil {
			return p, fmt.Errorf("opening the database pool: %w", err)
		}
	}
	return p, nil
}

// each calls do for every pool with its name in metrics, once where one pool serves all.
func (p pools) each(do func(name string, pool *pgxpool.Pool)) {
	do("lease", p.lease)
	if p.write == p.lease {
		return
	}
	do("write", p.write)
	do("read", p.read)
	do("upkeep", p.upkeep)
}

func (p pools) close() {
	p.each(func(_ string, pool *pgxpool.Pool) {
		if pool != nil {
			pool.Close()
		}
	})
}

// PoolStats are the figures of the pools by name.
func (s *Store) PoolStats() map[string]*pgxpool.Stat {
	all := make(map[string]*pgxpool.Stat)
	s.pools.each(func(name string, pool *pgxpool.Pool) { all[name] = pool.Stat() })
	return all
}

// bound limits connecting, and how long a host that has vanished is waited for, by the length of the lease:
//
//   - an attempt to connect, handshake included, takes a third of it at most (1 s to 5 s), at each host of the URL by
//     itself, unless the URL or PGCONNECT_TIMEOUT says otherwise (connect_timeout); a host that was not reached is not
//     tried again for a moment when another was;
//   - what was sent and is not acknowledged by the other host's kernel ends the connection after two thirds of it;
//   - so does an idle connection whose probes, from a third of it on, are not answered.
//
// A host that acknowledges and does not answer is not noticed here: statements have deadlines of their own.
func bound(c *pgx.ConnConfig, lease time.Duration) *hosts {
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, min(max(lease/3, time.Second), 5*time.Second))
	lost := max(2*lease/3, time.Second)
	h := &hosts{dialer: net.Dialer{
		Timeout: c.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: max(lease/3, time.Second), Interval: max(lease/15, time.Second), Count: 5,
		},
		Control: unacknowledged(lost),
	}}
	c.DialFunc = h.dial
	return h
}
