package pool_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// TestAway goes through the ways in which a database is away, and those in which it is not.
func TestAway(t *testing.T) {
	t.Parallel()
	is := []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, pgconn.ErrConnClosed, &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, fmt.Errorf("reading: %w", &net.DNSError{Err: "no such host"}),
	}
	for _, code := range []string{"08000", "08006", "53100", "53200", "53300", "57P01", "57P02", "57P03", "57P05", "25006", "40001", "40P01", "55P03", "58030"} {
		is = append(is, fmt.Errorf("reading: %w", &pgconn.PgError{Code: code, Severity: "ERROR"}))
	}
	for _, err := range is {
		if got := pool.Away(err); !errors.Is(got, pool.ErrAway) || !errors.Is(got, err) {
			t.Errorf("%v is not away: %v", err, got)
		}
	}
	for _, err := range []error{
		nil, errors.New("anything"), pgx.ErrNoRows, &pgconn.PgError{Code: "57014"}, &pgconn.PgError{Code: "42P01"}, &pgconn.PgError{Code: "22P02"},
		&pgconn.PgError{Code: "28P01", Severity: "FATAL"}, &pgconn.PgError{Code: "3D000", Severity: "FATAL"},
	} {
		if got := pool.Away(err); errors.Is(got, pool.ErrAway) {
			t.Errorf("%v is away", err)
		}
	}
}

// TestPasses goes through errors against which waiting helps, and those against which it does not.
func TestPasses(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"57P03": true, "53300": true, "08006": true, "25006": true, "55P03": true,
		"0A000": false, "22P02": false, "28P01": false, "3D000": false, "3F000": false, "42P01": false, "42501": false,
	} {
		if got := pool.Passes(fmt.Errorf("acquiring: %w", &pgconn.PgError{Code: code})); got != want {
			t.Errorf("SQLSTATE %s passes: %v, want %v", code, got, want)
		}
	}
	if pool.Passes(fmt.Errorf("%w: no row", pool.ErrSchema)) || !pool.Passes(io.EOF) {
		t.Error("a schema that does not fit passes, or a connection that ended does not")
	}
}
