// Package pgtest gives every test a Postgres database of its own: one private server for a test binary, started when
// the first test needs it, a template that is migrated once, and a clone of it per test, which takes about 20 ms. Tests
// may run in parallel, and so may test binaries.
//
// TEST_DATABASE_URL names another server to use. Without any Postgres the tests are skipped and say so; with
// REQUIRE_POSTGRES=1 they fail. It is for tests alone and mocks nothing.
package pgtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// maxConns is the size of a test's pool. The server has at least 20 connections for each test that can run at once.
const maxConns = 8

// cloneWithin bounds making and dropping a database.
const cloneWithin = time.Minute

// New returns a pool on a new database that migrate has prepared, and closes and drops both when t ends.
//
// migrate is run once for a test binary, on the template, with the template's URL; it closes what it opens. It has to
// be a named function, or nil for an empty database: it is what distinguishes templates, and closures of one literal
// could not be.
func New(t testing.TB, migrate func(ctx context.Context, url string) error) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(URL(t, migrate))
	if err != nil {
		t.Fatalf("reading the test database's URL: %v", err)
	}
	config.MaxConns = maxConns
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatalf("making the test database's pool: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL returns the URL of a new database as [New] makes it, for tests that connect by themselves. Connections that are
// still open when t ends are cut.
func URL(t testing.TB, migrate func(ctx context.Context, url string) error) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()

	cluster, err := shared.get(ctx)
	if err != nil {
		unavailable(t, err)
	}
	template, err := cluster.template(ctx, migrate)
	if err != nil {
		t.Fatalf("preparing the template database: %v", err)
	}
	name, err := cluster.clone(ctx, template)
	if err != nil {
		t.Fatalf("cloning the template database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cloneWithin)
		defer cancel()
		if err := cluster.drop(ctx, name); err != nil {
			t.Errorf("dropping the test database: %v", err)
		}
	})
	return cluster.url(name)
}
