package failover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/process"
)

// cluster is a primary and its standby, each at a port that stays the same when the server there is another.
type cluster struct {
	listen  string // the addresses of both, as listen_addresses has them
	ports   [2]string
	env     []string // of the servers
	servers [2]*postgres.Server
	primary int
}

// newCluster starts a primary with the schema. The addresses are on this machine.
func newCluster(ctx context.Context, t *testing.T, listen string, env ...string) *cluster {
	t.Helper()
	c := &cluster{listen: listen, env: env}
	for i := range c.ports {
		_, port, err := net.SplitHostPort(process.FreeAddr(t))
		if err != nil {
			t.Fatal(err)
		}
		c.ports[i] = port
	}
	t.Cleanup(func() {
		for _, s := range c.servers {
			if s != nil {
				_ = s.Stop()
			}
		}
	})
	if _, err := postgres.Find(ctx); err != nil {
		t.Skipf("SKIPPED, it needs a real Postgres: %v", err)
	}
	if err := c.start(ctx, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := scraper.Migrate(ctx, c.direct(0), "", slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *cluster) start(ctx context.Context, i int, of *postgres.Server) (err error) {
	c.servers[i], err = postgres.Start(ctx, postgres.Options{
		StandbyOf: of, Env: c.env, Settings: map[string]string{"listen_addresses": c.listen, "port": c.ports[i]},
	})
	return err
}

// url is what a scraper connects to: whichever of the two can be written to, by one of their addresses.
func (c *cluster) url(host string) string {
	both := net.JoinHostPort(host, c.ports[0]) + "," + net.JoinHostPort(host, c.ports[1])
	return "postgres://postgres@" + both + "/postgres?target_session_attrs=read-write"
}

// direct leads to one server past its network.
func (c *cluster) direct(i int) string { return c.servers[i].URL("postgres") }

// standby is the number of the server that follows.
func (c *cluster) standby() int { return 1 - c.primary }

// follow starts a standby at the address that has none, and lets commits wait for it if they shall.
func (c *cluster) follow(ctx context.Context, synchronous bool) error {
	if err := c.start(ctx, c.standby(), c.servers[c.primary]); err != nil {
		return err
	}
	if err := c.await(ctx, "the standby to follow", c.primary, "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'"); err != nil {
		return err
	}
	names := "''"
	if synchronous {
		names = "'" + postgres.Standby + "'"
	}
	if err := c.execute(ctx, c.primary, "ALTER SYSTEM SET synchronous_standby_names = "+names, "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	return c.await(ctx, "the kind of replication", c.primary,
		"SELECT bool_and((sync_state = 'sync') = "+strconv.FormatBool(synchronous)+") FROM pg_stat_replication")
}

// cut stops the standby's WAL receiver: what the primary does from now on is not there.
func (c *cluster) cut(ctx context.Context) error {
	if err := c.execute(ctx, c.standby(), "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	return c.await(ctx, "the receiver to stop", c.standby(), "SELECT count(*) = 0 FROM pg_stat_wal_receiver")
}

// promote makes the standby the primary. What was the primary is gone, or cannot be reached.
func (c *cluster) promote(ctx context.Context) error {
	if err := c.execute(ctx, c.standby(), "SELECT pg_promote(true, 60)"); err != nil {
		return err
	}
	c.primary = c.standby()
	return nil
}

// failOver kills the primary and promotes the standby.
func (c *cluster) failOver(ctx context.Context) error {
	old := c.servers[c.primary]
	return errors.Join(old.Kill(), c.promote(ctx), old.Stop())
}

func (c *cluster) execute(ctx context.Context, i int, statements ...string) error {
	conn, err := pgx.Connect(ctx, c.direct(i))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// await waits until a query of a truth value says true.
func (c *cluster) await(ctx context.Context, what string, i int, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.direct(i))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for {
		var yes *bool
		if err := conn.QueryRow(ctx, sql, args...).Scan(&yes); err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if yes != nil && *yes {
			return nil
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// state is what a server says of the feed.
type state struct {
	revision int64
	lease    string
	running  int
}

func (c *cluster) state(ctx context.Context, i int) (s state, err error) {
	conn, err := pgx.Connect(ctx, c.direct(i))
	if err != nil {
		return s, fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, `SELECT revision, concat_ws(' ', term, holder, lease_until),
		(SELECT count(*) FROM cycles WHERE status = 'RUNNING') FROM feed_state`).Scan(&s.revision, &s.lease, &s.running)
	if err != nil {
		return s, fmt.Errorf("reading the feed's state: %w", err)
	}
	return s, nil
}

// pause waits, but not beyond ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
