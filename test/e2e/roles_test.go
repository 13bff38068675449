package e2e

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// The roles that deploy/postgres/roles.sql makes.
const (
	ownerRole   = "oddscache_owner"
	scraperRole = "oddscache_scraper"
)

// insufficientPrivilege is Postgres' code of a right that is missing.
const insufficientPrivilege = "42501"

// roles prepares a database as operators do: roles.sql by psql, then migrate as the owner, both twice. It returns what
// makes a role's URL.
func roles(t *testing.T) func(role string) string {
	t.Helper()
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Fatalf("it comes with the server: %v", err)
	}
	server := pgtest.Server(t, postgres.Options{})
	as := func(role string) string {
		u, err := url.Parse(server.URL("oddscache"))
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set("user", role)
		u.RawQuery = query.Encode()
		return u.String()
	}
	execute(t, connect(t, server.URL("postgres")), "CREATE DATABASE oddscache")
	for range 2 {
		cmd := exec.CommandContext(t.Context(), psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", as("postgres"), "-f", "../../deploy/postgres/roles.sql")
		cmd.Env = append(cmd.Environ(), "ODDSCACHE_OWNER_PASSWORD=it's the owner", `ODDSCACHE_SCRAPER_PASSWORD=it's "the" scraper`)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("roles.sql: %v\n%s", err, out)
		}
		if err := scraper.Migrate(t.Context(), as(ownerRole), scraperRole, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatalf("migrating as the owner: %v", err)
		}
	}
	return as
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

// TestScraperRunsWithItsLeastRights lets a scraper do everything it ever does, as its own role.
func TestScraperRunsWithItsLeastRights(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts processes")
	}
	as := roles(t)
	own := connect(t, as(scraperRole))
	execute(t, own, "SELECT history_make_partition(current_date - 9)") // for retention to drop
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{
		DatabaseURL: as(scraperRole), Site: w.URL, Scraper: func(cfg *scraper.Config) { cfg.HistoryRetention = 24 * time.Hour },
	})
	p.RunCycle(t, succeeded)
	w.MoveOdds(1, 1)
	p.RunCycle(t, succeeded)
	event := football(w)[0].SrID
	if _, err := p.Scraper.RefreshEvent(t.Context(), &oddscachev1.RefreshEventRequest{SrId: event}); err != nil {
		t.Errorf("refreshing: %v", err)
	}
	p.StopScraper(t) // gives the lease back
	p.StartScraper(t)
	last := p.RunCycle(t, succeeded)
	p.Reach(t, last.GetRevision())

	history := p.History
	if resp, err := history.ListOddsHistory(t.Context(), &oddscachev1.ListOddsHistoryRequest{SrId: event, MarketId: result}); err != nil || len(resp.GetMoments()) == 0 {
		t.Errorf("history of odds: %v, %v", resp, err)
	}
	if _, err := history.ListMarginHistory(t.Context(), &oddscachev1.ListMarginHistoryRequest{SrId: event, MarketId: result}); err != nil {
		t.Errorf("history of margins: %v", err)
	}
	if resp, err := history.GetStorageStats(t.Context(), &oddscachev1.GetStorageStatsRequest{}); err != nil || len(resp.GetTables()) == 0 {
		t.Errorf("storage: %v, %v", resp, err)
	}
	if resp, err := p.Scraper.ListCycles(t.Context(), &oddscachev1.ListCyclesRequest{}); err != nil || len(resp.GetCycles()) != 3 {
		t.Errorf("cycles: %v, %v", resp, err)
	}
	var old, foreign int
	err := own.QueryRow(t.Context(), `SELECT
		count(*) FILTER (WHERE inhrelid::regclass::text < 'market_odds_history_' || to_char(current_date - 2, 'YYYYMMDD')),
		count(*) FILTER (WHERE pg_get_userbyid(relowner) <> $1)
		FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'market_odds_history'::regclass`, ownerRole).Scan(&old, &foreign)
	if err != nil || old != 0 || foreign != 0 {
		t.Errorf("%d partitions are past retention and %d are not the owner's, want none (%v)", old, foreign, err)
	}
}

// TestRolesMayDoNoMore tries what neither a broken nor a taken-over scraper may do, and what only migrate's role may.
func TestRolesMayDoNoMore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts a server of its own")
	}
	as := roles(t)
	owner, own := connect(t, as(ownerRole)), connect(t, as(scraperRole))
	today := "market_odds_history_" + time.Now().UTC().Format("20060102")
	execute(t, owner, "SELECT history_make_partition(now()::date)")
	for _, statement := range []string{
		"CREATE SCHEMA audit", "CREATE TABLE audit.secrets (a int)", "CREATE TABLE extra (a int)", "ALTER TABLE events ADD COLUMN extra int",
		"CREATE INDEX extra_index ON snapshots (captured_at)", "CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	} {
		execute(t, owner, statement)
	}
	rejected := func(conn *pgx.Conn, statement string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), statement)
		if e := new(pgconn.PgError); !errors.As(err, &e) || e.Code != insufficientPrivilege {
			t.Errorf("%s may %q: %v", conn.Config().User, statement, err)
		}
	}
	for _, statement := range []string{
		"CREATE TABLE mine (a int)", "CREATE TABLE public.mine AS SELECT * FROM events", "CREATE TEMPORARY TABLE mine (a int)", "CREATE VIEW mine AS SELECT 1",
		"CREATE SEQUENCE mine", "CREATE TYPE mine AS (a int)", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"CREATE INDEX mine ON events (kickoff)", "CREATE SCHEMA mine", "CREATE DATABASE mine", "CREATE ROLE mine", "CREATE EXTENSION dblink",
		"CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION extra()",
		"ALTER TABLE events ADD COLUMN mine int", "ALTER TABLE events DISABLE TRIGGER ALL", "ALTER TABLE market_odds_history DETACH PARTITION " + today,
		"ALTER FUNCTION feed_identity() OWNER TO oddscache_scraper", "ALTER ROLE oddscache_owner PASSWORD 'x'", "ALTER ROLE oddscache_scraper SUPERUSER",
		"ALTER SYSTEM SET fsync = off", "ALTER DATABASE oddscache RENAME TO mine", "COMMENT ON TABLE events IS 'mine'",
		"DROP TABLE events", "DROP TABLE " + today, "DROP FUNCTION feed_identity()", "DROP SCHEMA public CASCADE", "DROP ROLE oddscache_owner",
		"TRUNCATE events", "TRUNCATE " + today, "DO $$BEGIN LOCK TABLE bookmakers; END$$",
		"DELETE FROM bookmakers", "INSERT INTO bookmakers VALUES (9, 'mine')", "UPDATE tournaments SET country = ''", "DELETE FROM tournaments",
		"INSERT INTO feed_state DEFAULT VALUES", "DELETE FROM feed_state", "UPDATE market_odds_history SET line = 0", "DELETE FROM market_odds_history",
		"SELECT * FROM " + today, "SELECT * FROM audit.secrets", "CREATE TABLE audit.mine (a int)", "SELECT * FROM goose_db_version",
		"SELECT grant_scraper('public')", "GRANT SELECT ON goose_db_version TO oddscache_scraper", "SET ROLE oddscache_owner", "SET ROLE postgres",
		"SELECT pg_read_file('/etc/passwd')", "COPY events TO PROGRAM 'true'", "SELECT * FROM pg_authid", "SELECT pg_promote()",
	} {
		rejected(own, statement)
	}
	for _, statement := range []string{
		"CREATE ROLE mine", "CREATE DATABASE mine", "COPY events TO PROGRAM 'true'", "SELECT pg_read_file('/etc/passwd')", "ALTER SYSTEM SET fsync = off",
	} {
		rejected(owner, statement) // it owns the schema, not the server
	}
	for _, statement := range []string{
		"DROP FUNCTION extra()", "DROP INDEX extra_index", "ALTER TABLE events DROP COLUMN extra", "TRUNCATE extra", "DROP TABLE extra", "DROP SCHEMA audit CASCADE",
	} {
		execute(t, owner, statement)
	}
	var unsafe []string
	err := owner.QueryRow(t.Context(), `SELECT coalesce(array_agg(proname::text), '{}') FROM pg_proc
		WHERE prosecdef AND pronamespace = 'public'::regnamespace
		AND (pg_get_userbyid(proowner) <> $1 OR has_function_privilege('public', oid, 'EXECUTE') OR array_to_string(proconfig, ' ') NOT LIKE '%search_path=pg_catalog, pg_temp%')`,
		ownerRole).Scan(&unsafe)
	if err != nil || len(unsafe) > 0 {
		t.Errorf("functions with the owner's rights that anybody may call or lead astray: %s (%v)", strings.Join(unsafe, ", "), err)
	}
}
