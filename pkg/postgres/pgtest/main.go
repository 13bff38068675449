package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres"
	"go.uber.org/goleak"
)

// Environment variables that steer the tests.
const (
	// envURL names a server to use instead of a private one. Its user needs the right to create databases.
	envURL = "TEST_DATABASE_URL"
	// envRequire set to 1 makes a missing Postgres a failure.
	envRequire = "REQUIRE_POSTGRES"
)

// startWithin bounds the start of the server.
const startWithin = 2 * time.Minute

// Tests are a package's tests: a *testing.M, or what runs one and cleans up after it.
type Tests interface{ Run() int }

// Main runs a package's tests, ends the server that they used, looks for goroutines that they left behind and exits.
// A package whose tests use [New] or [URL] calls it from its TestMain:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// The options are goleak's, for goroutines that are known to outlive the tests.
func Main(m Tests, options ...goleak.Option) {
	shared.open()
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: ending the server:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(options...); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest: goroutines outlive the tests:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// Server starts a server of t's own, for tests that kill it or change its settings. It is stopped when t ends. The
// test is skipped, or fails, for the same reasons as with [New]; [TEST_DATABASE_URL] does not matter to it.
func Server(t testing.TB, o postgres.Options) *postgres.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	server, err := postgres.Start(ctx, o)
	if err != nil {
		unavailable(t, err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Errorf("stopping the test's own Postgres: %v", err)
		}
	})
	return server
}

// required reports whether the environment insists on a Postgres.
func required() bool {
	yes, _ := strconv.ParseBool(os.Getenv(envRequire))
	return yes
}

// unavailable ends t for want of a server. Only a Postgres that is not there may be skipped; one that does not start
// is a failure.
func unavailable(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, postgres.ErrNotFound) && !required() {
		t.Skipf("SKIPPED, it needs a real Postgres: %v (%s=1 makes this a failure)", err, envRequire)
	}
	t.Fatalf("getting a Postgres for the tests: %v", err)
}
