package pool

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// What is wrong with the database, as callers distinguish it.
var (
	// ErrSchema reports that the database is not what Migrate of this version makes, or that the role has no rights.
	ErrSchema = errors.New("the schema does not fit")
	// ErrAway reports that Postgres cannot be reached, or cannot do its work at the moment.
	ErrAway = errors.New("the database is away")
	// ErrBusy reports that as many calls read the database as may, and that none ended in time.
	ErrBusy = errors.New("too many reads of the database are under way")
	// ErrReadTimeout reports that a read took the database too long.
	ErrReadTimeout = errors.New("the database took too long for a read")
)

// SQLSTATEs that are looked at one by one.
const (
	queryCanceled    = "57014" // by a timeout, or by an administrator
	lockNotAvailable = "55P03" // lock_timeout
	readOnly         = "25006" // a standby, or default_transaction_read_only
)

// Away returns an error that wraps ErrAway when err means that Postgres could not be reached, broke the connection off,
// or cannot do its work at the moment; otherwise err as it is. The end of a caller's context is not looked at: it may
// have cut the connection.
func Away(err error) error {
	if err == nil || errors.Is(err, ErrAway) || !away(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

func away(err error) bool {
	if response, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch response.Code {
		case queryCanceled:
			return false
		case readOnly, lockNotAvailable:
			return true
		}
		switch class(response) {
		case "08", // connection
			"40", // serialization, deadlock, a standby's conflict with recovery
			"53", // too many connections, disk or memory full
			"57", // shutdown, starting up, idle timeouts
			"58": // the system below it
			return true
		}
		return severed(response) && class(response) != "28" && class(response) != "3D" // a login that is rejected is no outage
	}
	if _, failed := errors.AsType[*pgconn.ConnectError](err); failed {
		return true
	}
	if _, network := errors.AsType[net.Error](err); network {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err)
}

// Passes reports whether waiting helps against an error: against a Postgres that is away, but not against a database that
// is not ours.
func Passes(err error) bool {
	if response, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch class(response) {
		case "0A", "22", "28", "3D", "3F", "42": // unsupported, bad data, login, no such database or schema, no such table or right
			return false
		}
	}
	return !errors.Is(err, ErrSchema)
}

// Decided reports whether Postgres has answered a statement with an error that is final. Without such a response, and
// where Postgres ended the session instead, what it was doing may have been done.
func Decided(err error) bool {
	response, ok := errors.AsType[*pgconn.PgError](err)
	return ok && !severed(response)
}

// IsReadOnly reports whether the server is one that cannot be written to.
func IsReadOnly(err error) bool { return isState(err, readOnly) }

// IsLocked reports whether Postgres gave up waiting for a lock.
func IsLocked(err error) bool { return isState(err, lockNotAvailable) }

func isState(err error, state string) bool {
	response, ok := errors.AsType[*pgconn.PgError](err)
	return ok && response.Code == state
}

// severed reports whether Postgres ended the session instead of answering.
func severed(response *pgconn.PgError) bool {
	return class(response) == "57" || class(response) == "08" || response.Severity == "FATAL" || response.Severity == "PANIC"
}

// class is the first two characters of an SQLSTATE.
func class(response *pgconn.PgError) string { return response.Code[:min(2, len(response.Code))] }
