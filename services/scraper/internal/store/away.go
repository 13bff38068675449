package store

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
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
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch answer.Code {
		case queryCanceled:
			return false
		case readOnly, lockNotAvailable:
			return true
		}
		switch class(answer) {
		case "08", // connection
			"40", // serialization, deadlock, a standby's conflict with recovery
			"53", // too many connections, disk or memory full
			"57", // shutdown, starting up, idle timeouts
			"58": // the system below it
			return true
		}
		return severed(answer) && class(answer) != "28" && class(answer) != "3D" // a login that is refused is no outage
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
