package failover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/test/cluster"
)

// servers are a primary and its standby, each at a port that stays the same when the server there is another.
type servers struct {
	listen  string // the addresses of both, as listen_addresses has them
	ports   [2]string
	env     []string // of the servers
	each    [2]*postgres.Server
	primary int
}

// newServers starts a primary with the schema. The addresses are on this machine.
func newServers(ctx context.Context, t *testing.T, listen string, env ...string) *servers {
	t.Helper()
	s := &servers{listen: listen, env: env}
	for i := range s.ports {
		_, port, err := net.SplitHostPort(cluster.FreeAddr(t))
		if err != nil {
			t.Fatal(err)
		}
		s.ports[i] = port
	}
	t.Cleanup(func() {
		for _, server := range s.each {
			if server != nil {
				_ = server.Stop()
			}
		}
	})
	if _, err := postgres.Find(ctx); err != nil {
		t.Skipf("SKIPPED, it needs a real Postgres: %v", err)
	}
	if err := s.start(ctx, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Migrate(ctx, s.direct(0)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *servers) start(ctx context.Context, i int, of *postgres.Server) (err error) {
	s.each[i], err = postgres.Start(ctx, postgres.Options{
		StandbyOf: of, Env: s.env, Settings: map[string]string{"listen_addresses": s.listen, "port": s.ports[i]},
	})
	return err
}

// url is what a scraper connects to: whichever of the two can be written to, by one of their addresses.
func (s *servers) url(host string) string {
	both := net.JoinHostPort(host, s.ports[0]) + "," + net.JoinHostPort(host, s.ports[1])
	return "postgres://postgres@" + both + "/postgres?target_session_attrs=read-write"
}

// direct leads to one server past its network.
func (s *servers) direct(i int) string { return s.each[i].URL("postgres") }

// standby is the number of the server that follows.
func (s *servers) standby() int { return 1 - s.primary }

// follow starts a standby at the address that has none, and lets commits wait for it if they shall.
func (s *servers) follow(ctx context.Context, synchronous bool) error {
	if err := s.start(ctx, s.standby(), s.each[s.primary]); err != nil {
		return err
	}
	if err := s.await(ctx, "the standby to follow", s.primary, "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'"); err != nil {
		return err
	}
	names := "''"
	if synchronous {
		names = "'" + postgres.Standby + "'"
	}
	if err := s.execute(ctx, s.primary, "ALTER SYSTEM SET synchronous_standby_names = "+names, "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	return s.await(ctx, "the kind of replication", s.primary,
		"SELECT bool_and((sync_state = 'sync') = "+strconv.FormatBool(synchronous)+") FROM pg_stat_replication")
}

// cut stops the standby's WAL receiver: what the primary does from now on is not there.
func (s *servers) cut(ctx context.Context) error {
	if err := s.execute(ctx, s.standby(), "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	return s.await(ctx, "the receiver to stop", s.standby(), "SELECT count(*) = 0 FROM pg_stat_wal_receiver")
}

// promote makes the standby the primary. What was the primary is gone, or cannot be reached.
func (s *servers) promote(ctx context.Context) error {
	if err := s.execute(ctx, s.standby(), "SELECT pg_promote(true, 60)"); err != nil {
		return err
	}
	s.primary = s.standby()
	return nil
}

// failOver kills the primary and promotes the standby.
func (s *servers) failOver(ctx context.Context) error {
	old := s.each[s.primary]
	return errors.Join(old.Kill(), s.promote(ctx), old.Stop())
}

func (s *servers) execute(ctx context.Context, i int, statements ...string) error {
	conn, err := pgx.Connect(ctx, s.direct(i))
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
func (s *servers) await(ctx context.Context, what string, i int, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.direct(i))
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
		cluster.Pause(ctx, 10*time.Millisecond)
	}
}

// state is what a server holds of the feed.
type state struct {
	revision int64
	lease    string
	running  int
}

func (s *servers) state(ctx context.Context, i int) (now state, err error) {
	conn, err := pgx.Connect(ctx, s.direct(i))
	if err != nil {
		return now, fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, `SELECT revision, concat_ws(' ', term, holder, lease_until),
		(SELECT count(*) FROM cycles WHERE status = 'RUNNING') FROM feed_state`).Scan(&now.revision, &now.lease, &now.running)
	if err != nil {
		return now, fmt.Errorf("reading the feed's state: %w", err)
	}
	return now, nil
}
