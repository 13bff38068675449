package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// Migrate makes the table bookmakers hold the registry's rows, and never gives a bookmaker another number.
func TestMigrateAddsBookmakers(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t, storetest.Migrated)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("DELETE FROM bookmakers WHERE bookmaker = 'bet9ja'")
	exec("INSERT INTO bookmakers VALUES (1000, 'a later version''s')")
	if err := storetest.Migrated(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	want := map[odds.Bookmaker]int16{"a later version's": 1000}
	for _, b := range registry.All() {
		want[b.Name] = b.Number
	}
	rows, err := conn.Query(t.Context(), "SELECT bookmaker, bookmaker_id FROM bookmakers")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[odds.Bookmaker]int16)
	var name odds.Bookmaker
	var number int16
	if _, err := pgx.ForEachRow(rows, []any{&name, &number}, func() error { got[name] = number; return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bookmakers (-registry +table):\n%s", diff)
	}

	exec("UPDATE bookmakers SET bookmaker_id = 1001 WHERE bookmaker = 'bet9ja'")
	if err := storetest.Migrated(t.Context(), url); !errors.Is(err, pool.ErrSchema) {
		t.Errorf("with another number: %v", err)
	}
}

func TestMigrateKeepsSecrets(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://user:hunter2@127.0.0.1:notaport/db", "postgres://user:hunter2@127.0.0.1:1/db?connect_timeout=1",
	} {
		err := store.Migrate(t.Context(), url, store.MigrateOptions{}, storetest.Logger(t))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Migrate at a database that is not there: %v", err)
		}
	}
}

func TestRoleWithoutDDL(t *testing.T) {
	t.Parallel()
	own, _ := storetest.Limited(t)
	_, err := own.Exec(t.Context(), "CREATE TABLE mine (a integer)")
	if rejected := new(pgconn.PgError); !errors.As(err, &rejected) || rejected.Code != "42501" {
		t.Fatalf("the scraper's role can make tables: %v", err)
	}
	for _, statement := range []string{
		"DROP TABLE events", "DELETE FROM bookmakers", "DELETE FROM feed_state", "DELETE FROM market_odds_history",
		"TRUNCATE snapshots", "SELECT grant_scraper('postgres')",
	} {
		if _, err := own.Exec(t.Context(), statement); err == nil {
			t.Errorf("the scraper's role may: %s", statement)
		}
	}
	b := storetest.On(t, own, store.Config{})
	b.MustApply(t, storetest.One(2))
	b.MustApply(t, storetest.One(3))
	b.MustCycle(t, store.Succeeded)
	b.CheckRestore(t)
	if parts := strings.Split(b.Epoch(), "."); len(parts) != 5 || parts[1] == "0" || parts[2] == "0" {
		t.Errorf("epoch %s does not name cluster and timeline", b.Epoch())
	}
}
