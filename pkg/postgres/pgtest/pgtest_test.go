package pgtest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// migrate makes a table with one row; a second run on the same database would fail.
func migrate(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE markets (id int PRIMARY KEY); INSERT INTO markets VALUES (3743)")
	return err
}

func TestNewGivesEveryTestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for i := range 6 {
		t.Run(fmt.Sprint("clone", i), func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t, migrate)
			if _, err := pool.Exec(t.Context(), "INSERT INTO markets VALUES (1)"); err != nil {
				t.Fatalf("inserting what every other clone inserts too: %v", err)
			}
			var rows int
			if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM markets").Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if rows != 2 {
				t.Errorf("got %d rows, want the migrated one and this test's own", rows)
			}
		})
	}
}

func TestNewWithoutMigrationIsEmpty(t *testing.T) {
	t.Parallel()
	var tables int
	err := pgtest.New(t, nil).QueryRow(t.Context(),
		"SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("got %d tables and error %v, want none", tables, err)
	}
}

func TestURLDropsTheDatabaseAtTheEnd(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("inner", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), pgtest.URL(t, migrate))
		if err != nil {
			t.Fatal(err)
		}
		// Left open on purpose: the drop has to cut it.
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		name = conn.Config().Database
	})
	if t.Failed() || name == "" {
		t.SkipNow()
	}
	var left int
	err := pgtest.New(t, nil).QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("database %s: got %d left and error %v, want it gone", name, left, err)
	}
}

// outcome is a testing.TB that remembers how it was ended.
type outcome struct {
	*testing.T
	skipped, failed bool
}

func (o *outcome) Skipf(string, ...any)  { o.skipped = true; panic(o) }
func (o *outcome) Fatalf(string, ...any) { o.failed = true; panic(o) }

// outcomeOf runs f and returns how it ended its testing.TB.
func outcomeOf(t *testing.T, f func(testing.TB)) (o *outcome) {
	t.Helper()
	o = &outcome{T: t}
	defer func() {
		if r := recover(); r != nil && r != any(o) {
			panic(r)
		}
	}()
	f(o)
	return o
}

func TestClosuresAreRejected(t *testing.T) {
	t.Parallel()
	table := "markets"
	o := outcomeOf(t, func(tb testing.TB) {
		tb.Helper()
		pgtest.New(tb, func(context.Context, string) error { return fmt.Errorf("ran for %s", table) })
	})
	if o.skipped {
		t.Skip("no Postgres")
	}
	if !o.failed {
		t.Error("a closure was taken for a migration: its clones could be another's")
	}
}

func TestFailingMigrationFailsTheTest(t *testing.T) {
	t.Parallel()
	for range 2 {
		o := outcomeOf(t, func(tb testing.TB) {
			tb.Helper()
			pgtest.New(tb, failingMigration)
		})
		if o.skipped {
			t.Skip("no Postgres")
		}
		if !o.failed {
			t.Error("the test went on with a database that could not be migrated")
		}
	}
}

func failingMigration(context.Context, string) error { return context.Canceled }
