package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Exec runs statements.
func Exec(t TB, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Lock runs a statement that takes a lock, and returns what gives it back.
func Lock(t *testing.T, pool *pgxpool.Pool, statement string) (release func()) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err == nil {
		_, err = tx.Exec(t.Context(), statement)
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	release = func() { _ = tx.Rollback(context.Background()) }
	t.Cleanup(release)
	return release
}

// Limited migrates a database for a role of its own without DDL rights, and returns a pool of that role.
func Limited(t *testing.T) (own, admin *pgxpool.Pool) {
	t.Helper()
	url := pgtest.URL(t, nil)
	admin, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	role := fmt.Sprintf("Scraper %d", time.Now().UnixNano())
	quoted := pgx.Identifier{role}.Sanitize()
	if _, err := admin.Exec(t.Context(), "CREATE ROLE "+quoted); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), "DROP OWNED BY "+quoted+"; DROP ROLE "+quoted)
		if err != nil {
			t.Errorf("dropping the role: %v", err)
		}
	})
	for range 2 { // the second time changes nothing
		if err := store.Migrate(t.Context(), url, store.MigrateOptions{ScraperRole: role}, Logger(t)); err != nil {
			t.Fatalf("Migrate: %v", err)
		}
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE "+quoted)
		return err
	}
	own, err = pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	return own, admin
}

// Partitions are the days that the history has partitions for, as 20060102.
func Partitions(t *testing.T, pool *pgxpool.Pool) (days []string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits
		WHERE inhparent = 'market_odds_history'::regclass ORDER BY 1`)
	if err == nil {
		days, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatalf("listing partitions: %v", err)
	}
	return days
}

// Days are the names of n days from the given one.
func Days(from time.Time, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = from.UTC().AddDate(0, 0, i).Format("20060102")
	}
	return names
}

// SetHistoryClock sets the clock that the database counts the history's days by.
func SetHistoryClock(t *testing.T, admin *pgxpool.Pool, at time.Time) {
	t.Helper()
	statement := fmt.Sprintf(`CREATE OR REPLACE FUNCTION history_clock() RETURNS timestamptz LANGUAGE sql VOLATILE
		AS 'SELECT timestamptz ''%s'''`, at.UTC().Format(time.RFC3339Nano))
	if _, err := admin.Exec(t.Context(), statement); err != nil {
		t.Fatalf("setting the history's clock: %v", err)
	}
}

// Clock is a clock that tests set. It is safe for concurrent use.
type Clock struct{ micros atomic.Int64 }

// Set sets the clock.
func (c *Clock) Set(t time.Time) { c.micros.Store(t.UnixMicro()) }

// Now is what the clock was set to.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.micros.Load()) }

// Open opens a store on connections of its own.
func Open(t *testing.T, url string, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, cfg, Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
